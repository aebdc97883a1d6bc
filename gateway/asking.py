"""A request on its way through a guard."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from adapters.gateway import GatewaySettings
from gateway.identity import Forbidden, Identity
from gateway.inside import Inside
from gateway.signing import Signer


@dataclass(frozen=True)
class Asking:
    """What somebody asks, and what it takes to judge it."""

    who: Identity
    place: Mapping[str, str]
    """The parts of the path that vary."""
    body: Mapping[str, Any]
    inside: Inside
    signer: Signer
    settings: GatewaySettings
    now: int

    @property
    def id(self) -> str:
        """The id in the path, in its one spelling; raises `Forbidden` if it is none."""
        try:
            return str(UUID(self.place["id"]))
        except ValueError:
            pass
        raise Forbidden("this is no id")


def mapping(value: object, what: str) -> Mapping[str, Any]:
    """Return a part of a body that is an object, or may be left out; raise `Forbidden` if not."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Forbidden(f"{what} must be an object")
    return value


Guard: TypeAlias = Callable[[Asking], Awaitable[dict[str, Any]]]
"""Returns the body that Prefect gets in the place of the one that came; raises `Forbidden`."""
