"""The way to Prefect: `flows.door`, opened only where it is known which server is meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from cli.credential import gateway_of, token_for
from engine.errors import RunbookError


def door() -> ModuleType:
    """Return `flows.door`; raise `Refused` where nothing says which Prefect server is meant.

    Where somebody has signed in at the gateway before that server, all is asked in their name.
    """
    from flows import door as opened

    token = token_for(gateway_of(opened.address()))
    if token is not None:
        opened.present(token)
    return opened


@dataclass(frozen=True)
class Seen:
    """Where Prefect sees a run, as far as it could be asked."""

    words: str
    is_final: bool = False


def open_eyes() -> Callable[[str], Seen]:
    """Return a way to ask Prefect where runs stand; if it does not answer, it is asked only once."""
    try:
        opened = door()
        opened.server_version()
    except RunbookError as error:
        blind = Seen(f"not known: {error.message}")
        return lambda _: blind
    return lambda run: _see(opened, run)


def _see(opened: ModuleType, run: str) -> Seen:
    try:
        standing = opened.standing(run)
    except RunbookError as error:
        return Seen(f"not known: {error.message}")
    return Seen(standing.name, standing.is_final)
