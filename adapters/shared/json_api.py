"""Requests whose answer is one JSON object, or nothing; what goes wrong is told without the body."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx
from pydantic import SecretStr

from adapters.shared import http
from engine.errors import OutcomeUnknown, Refused, Transient

_MEANING = {
    401: "does not accept our credential",
    403: "does not let our credential do this",
    404: "knows no such thing",
}


class JsonApi:
    """An open connection to one API; `hints` say what to do, by the status of a refusal."""

    def __init__(self, opened: httpx.Client, what: str, hints: Mapping[int, str]) -> None:
        self._http = opened
        self._what = what
        self._hints = hints

    def ask(self, method: str, path: str, *wanted: int, **options: Any) -> dict[str, Any]:
        """Return the object of an answer whose status is one of `wanted`; `{}` for an empty body.

        Raises `Refused` for any other status below 500, and as `adapters.shared.http.send` does.
        """
        answer = self.fetch(method, path, *wanted, **options)
        if isinstance(answer, dict):
            return answer
        raise self._unusable(method, path)

    def fetch(self, method: str, path: str, *wanted: int, **options: Any) -> Any:
        """Return what the answer holds, an object or a list; else as `ask`."""
        response = http.send(self._http, method, path, what=self._what, **options)
        status = response.status_code
        if status not in wanted:
            meaning = _MEANING.get(status, "rejects the request")
            raise Refused(
                f"{self._what} {meaning}: {method} {path} gave {status}",
                hint=self._hints.get(status, ""),
            )
        if not response.content:
            return {}
        try:
            return json.loads(response.content)
        except ValueError:
            pass
        raise self._unusable(method, path)

    def _unusable(self, method: str, path: str) -> Transient | OutcomeUnknown:
        said = f"{self._what} answered {method} {path} with something that is no JSON we know"
        return Transient(said) if method in http.SAFE_METHODS else OutcomeUnknown(said)


def header_text(value: SecretStr, what: str) -> str:
    """Return a secret that may stand in a header; raise `Refused` for one that may not.

    Below us an unsendable header is logged with its value, so it must not get that far.
    """
    text = value.get_secret_value()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise Refused(f"{what} holds characters that cannot stand in a header")
    return text
