"""Ending at once all that lets one person in, for somebody who leaves.

The identity provider is asked at a sign-in and not again, so an account that is shut there opens
this gateway for as long as what was given out before is good.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import Refused
from engine.ledger import identity
from gateway import tokens
from gateway.device import DEVICE
from gateway.doors import SESSION
from gateway.store import Store


@dataclass(frozen=True)
class Ended:
    """What one person had."""

    tokens: int
    sessions: int
    """Of browsers."""
    codes: int
    """Command lines that were let in and had not fetched their token."""

    def __str__(self) -> str:
        counts = ((self.tokens, "token"), (self.sessions, "browser session"))
        told = [f"{number} {what}{'' if number == 1 else 's'}" for number, what in counts]
        waiting = f", and {self.codes} on the way to a command line" if self.codes else ""
        return f"{' and '.join(told)}{waiting}"


def end_all(store: Store, subject: str) -> Ended:
    """End all tokens and sessions of a person, however their name is spelled; tell how many.

    What lets a command line in goes first, so that no token comes of it meanwhile.
    Raises `Refused` for a name that is empty.
    """
    wanted = identity(subject)
    if not wanted:
        raise Refused("it is not said whose tokens and sessions are to end", hint="Name a person.")

    def end(kind: str) -> int:
        theirs = (
            hashed
            for hashed, held in store.all(kind).items()
            if identity(str(held.told.get("subject", ""))) == wanted
        )
        return sum(store.forget(kind, hashed) for hashed in theirs)

    sessions, codes = end(SESSION), end(DEVICE)
    return Ended(end(tokens.KIND), sessions, codes)
