"""What an answer must be to count, judged without ever quoting it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import httpx
from pydantic import AfterValidator, Field

from engine.step import Frozen

_TOO_MANY, _SERVER_ERROR, _LEAST = 429, 500, 100


def _judged(status: int) -> int:
    if status == _TOO_MANY or not _LEAST <= status < _SERVER_ERROR:
        message = f"{status} proves nothing: expect a status from 100 to 499 other than 429"
        raise ValueError(message)
    return status


Status = Annotated[int, AfterValidator(_judged)]


class Expect(Frozen):
    """What the answer must be."""

    status: Status | tuple[Status, ...] = Field(
        default=200, description="Status of the answer, or several that will do."
    )
    contains: str | None = Field(default=None, description="Text that the body must contain.")
    body: dict[str, Any] | None = Field(
        default=None,
        alias="json",
        description="JSON object that the body must hold, perhaps among more.",
    )

    def shortfall(self, response: httpx.Response) -> str:
        """Say what is wrong with the answer, without a word of its body; empty where nothing is."""
        if response.status_code not in self._statuses():
            wanted = " or ".join(str(each) for each in self._statuses())
            return f"expected status {wanted} and got {response.status_code}"
        if self.contains is not None and self.contains not in response.text:
            return f"status {response.status_code}, but the body lacks the expected text"
        if self.body is not None and not holds(_parsed(response), self.body):
            return f"status {response.status_code}, but the body lacks the expected JSON"
        return ""

    def _statuses(self) -> tuple[int, ...]:
        return self.status if isinstance(self.status, tuple) else (self.status,)


def holds(found: object, wanted: object) -> bool:
    """Tell whether `found` is `wanted`, where objects may hold more keys than wanted."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(
            name in found and holds(found[name], value) for name, value in wanted.items()
        )
    if isinstance(wanted, Sequence) and not isinstance(wanted, str):
        return (
            isinstance(found, list)
            and len(found) == len(wanted)
            and all(holds(one, other) for one, other in zip(found, wanted, strict=True))
        )
    return type(found) is type(wanted) and found == wanted


def _parsed(response: httpx.Response) -> object:
    try:
        return json.loads(response.content)
    except ValueError:
        return None
