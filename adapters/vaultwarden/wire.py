"""Answers of the server as values: checked for shape, and never quoted, as they may hold secrets."""

from __future__ import annotations

from typing import Any, TypeAlias

import httpx

from engine.errors import Refused

WHAT = "vaultwarden"
Record: TypeAlias = dict[str, Any]


def record_of(response: httpx.Response, what: str) -> Record:
    """Return the JSON object in an answer; raise `Refused` if there is none."""
    found = _json(response)
    if not isinstance(found, dict):
        raise Refused(
            f"what answered the request to {what} did not answer like vaultwarden",
            hint="Check vaultwarden.url; a proxy or a login page may stand before the server.",
        )
    return found


def message_of(response: httpx.Response) -> str:
    """Return the words of a refusal, to be compared with known ones and never shown."""
    found = _json(response)
    said = found.get("message") if isinstance(found, dict) else None
    return said if isinstance(said, str) else ""


def text(record: Record, name: str) -> str:
    """Return a text that must be there."""
    value = record.get(name)
    if not isinstance(value, str) or not value:
        raise Refused(
            f"an answer of vaultwarden has no usable {name!r}",
            hint="This server speaks another version of the protocol; report its version.",
        )
    return value


def optional_text(record: Record, name: str) -> str | None:
    """Return a text that may be missing, null or empty; None then."""
    value = record.get(name)
    return value if isinstance(value, str) and value else None


def records(record: Record, name: str) -> tuple[Record, ...]:
    """Return a list of objects, empty where there is none."""
    value = record.get(name)
    return (
        tuple(item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()
    )


def texts(record: Record, name: str) -> tuple[str, ...]:
    """Return a list of texts, empty where there is none."""
    value = record.get(name)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:  # it holds the whole document
        return None
