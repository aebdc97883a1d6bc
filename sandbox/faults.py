"""Failures on purpose: what goes wrong at which double, on which request, how often."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import count
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["status", "drop", "lost_reply", "delay", "half_body"]
DoubleName = Literal[
    "vaultwarden",
    "kubernetes",
    "anthropic",
    "openrouter",
    "forgejo",
    "stripe",
    "exoscale",
    "console",
    "app",
    "authentik",
    "odoo",
    "matrix",
]


class Fault(BaseModel):
    """One failure to inject.

    - `status`: answer `status` (with `Retry-After` when `retry_after` is given), without effect.
    - `drop`: close the connection before any effect, with no reply.
    - `lost_reply`: let the effect happen, then close the connection with no reply.
    - `delay`: wait `seconds`, then answer as usual.
    - `half_body`: let the effect happen, promise the whole body, send half of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    double: DoubleName
    kind: Kind
    method: str = "*"
    path: str = "*"
    """A glob over the path without its query; `*` also crosses slashes."""
    times: Annotated[int, Field(ge=1)] | None = 1
    """How many matching requests fail; none means until it is removed."""
    after: Annotated[int, Field(ge=0)] = 0
    """How many matching requests are let through first."""
    status: Annotated[int, Field(ge=400, le=599)] = 503
    retry_after: int | None = None
    """Seconds, for the `Retry-After` header."""
    seconds: Annotated[float, Field(ge=0)] = 0.0

    def matches(self, double: str, method: str, path: str) -> bool:
        """Tell whether a request is one that this fault is about."""
        return (
            double == self.double
            and fnmatchcase(method, self.method.upper())
            and fnmatchcase(path, self.path)
        )


@dataclass
class _Armed:
    fault: Fault
    seen: int = 0
    hits: int = 0

    def is_spent(self) -> bool:
        return self.fault.times is not None and self.hits >= self.fault.times


class Faults:
    """The faults now armed in a world; safe to change while the doubles run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: dict[str, _Armed] = {}
        self._numbers = count(1)

    def add(self, double: DoubleName, kind: Kind, **details: Any) -> str:
        """Arm a fault, with the fields of `Fault` as details, and return its id."""
        return self.arm(Fault(double=double, kind=kind, **details))

    def arm(self, fault: Fault) -> str:
        """Arm a fault and return its id."""
        with self._lock:
            name = f"fault-{next(self._numbers)}"
            self._armed[name] = _Armed(fault)
        return name

    def remove(self, name: str) -> bool:
        """Disarm one fault; tell whether it was there."""
        with self._lock:
            return self._armed.pop(name, None) is not None

    def clear(self) -> None:
        """Disarm all faults."""
        with self._lock:
            self._armed.clear()

    def hits(self, name: str) -> int:
        """Return how often a fault has struck."""
        with self._lock:
            return self._armed[name].hits

    def listing(self) -> list[dict[str, Any]]:
        """Return every fault with its id and how often it has struck, spent ones too."""
        with self._lock:
            return [
                {"id": name, "hits": armed.hits, **armed.fault.model_dump()}
                for name, armed in self._armed.items()
            ]

    def take(self, double: str, method: str, path: str) -> Fault | None:
        """Return the fault that strikes this request, if any, and count it."""
        with self._lock:
            for armed in self._armed.values():
                if armed.is_spent() or not armed.fault.matches(double, method, path):
                    continue
                armed.seen += 1
                if armed.seen > armed.fault.after:
                    armed.hits += 1
                    return armed.fault
        return None
