"""What an answer of Prefect shows: a veil takes out what is not for whoever asked.

A veil sees an answer whole, so only short ones have any; one that is not as it is expected is shown
to nobody.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from starlette.types import Message, Send

SEALED = "sealed_value"
"""The field of a gate's answer that holds armour: whoever has it could give it to another gate."""

Veil: TypeAlias = Callable[[Any], Any]
"""Returns what is shown of an answer, read from its JSON."""


def answers(told: Any) -> Any:
    """Return one answer to a gate, or the list of several, without sealed values."""
    if isinstance(told, list):
        return [{**kept, "value": _without_armour(kept["value"])} for kept in told]
    return _unsealed(told)


def settings(told: Any) -> Any:
    """Return Prefect's settings without headers and addresses that may hold credentials.

    Prefect masks what it knows as secret; a worker's token stands in plain headers, and the password
    of Redis in an address.
    """
    client = {**told.get("client", {}), "custom_headers": {}}
    shown: Any = _without_addresses({**told, "client": client})
    return shown


VEILS: Mapping[str, Veil] = {veil.__name__: veil for veil in (answers, settings)}


class Veiled:
    """Passes an answer on once it is whole, through a veil."""

    def __init__(self, send: Send, veil: Veil) -> None:
        """Send what this veil leaves."""
        self._send, self._veil = send, veil
        self._start: Message = {}
        self._parts: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        """Take a message of the answer."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._parts.append(message.get("body", b""))
        if message.get("more_body", False):
            return
        status, body = self._shown(b"".join(self._parts))
        kept = [each for each in self._start["headers"] if each[0].lower() != b"content-length"]
        length = (b"content-length", str(len(body)).encode())
        await self._send({**self._start, "status": status, "headers": [*kept, length]})
        await self._send({"type": "http.response.body", "body": body})

    def _shown(self, body: bytes) -> tuple[int, bytes]:
        status = self._start["status"]
        if status >= 300:
            return status, body
        try:
            return status, json.dumps(self._veil(json.loads(body))).encode()
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return 502, b'{"detail":"this answer is not as expected, so it is not shown"}'


def _without_armour(value: str) -> str:
    return json.dumps(_unsealed(json.loads(value)))


def _unsealed(value: Any) -> Any:
    return {**value, SEALED: ""} if isinstance(value, dict) and value.get(SEALED) else value


def _without_addresses(value: Any) -> Any:
    """Return settings without addresses that name somebody or ask something."""
    if isinstance(value, dict):
        return {name: _without_addresses(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_without_addresses(each) for each in value]
    return "" if isinstance(value, str) and _may_hold_credentials(value) else value


def _may_hold_credentials(text: str) -> bool:
    if "://" not in text:
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return True
    return "@" in parts.netloc or bool(parts.query)
