"""Ending somebody's access to one system: look at what is left of it, end it, look again.

The goal is a state and not a deed: an account that a colleague has shut already counts, and one
that has come back does not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pydantic import Field

from adapters.shared.convergence import converge
from engine.step import (
    Call,
    Done,
    Effect,
    Frozen,
    Irreversible,
    NotYet,
    Preflight,
    Step,
)

SECONDS = 20.0
"""How long what was ended may still be told as there."""


class Account(Frozen):
    """Whose access it is about."""

    exists: bool = Field(
        default=True,
        description="Whether they have an account there; if false, there must be none.",
    )


class Ended(Frozen):
    """What has become of it."""

    account: str = Field(description="The account, as the system names it; empty if there is none.")


A = TypeVar("A", bound=Account)


@dataclass(frozen=True)
class Left:
    """What somebody still has in one system."""

    account: str
    """Empty where there is no account."""
    words: tuple[str, ...]
    """A few words for each, such as `2 sessions`; none where all access is at its end."""


def ending_step(  # noqa: PLR0917 - a step has that many parts
    name: str,
    summary: str,
    params: type[A],
    look: Callable[[A], Left],
    end: Callable[[A, Callable[[str], None]], None],
    describe: Callable[[A], str],
) -> Step[A, Ended]:
    """Return the step that ends an account with all that hangs on it.

    `look` raises `Refused` where an account is not there that should be, or the other way round.
    `end` may find part of it done already, and is told where to report.
    """
    return Step(
        name=name,
        summary=summary,
        params=params,
        outputs=Ended,
        effect=Effect.REVOKE,
        probe=lambda given, _: _found(name, look(given)),
        run=lambda given, call: _run(name, look, end, given, call),
        undo=Irreversible("sessions and tokens that were ended cannot be brought back"),
        preflight=Preflight(params, lambda given: _told(name, look(given))),
        describe=describe,
    )


def counted(number: int, what: str) -> tuple[str, ...]:
    """Return `2 sessions` as the only word, or nothing for none."""
    return (f"{number} {what}{'' if number == 1 else 's'}",) if number else ()


def _run(
    name: str,
    look: Callable[[A], Left],
    end: Callable[[A, Callable[[str], None]], None],
    given: A,
    call: Call,
) -> Done[Ended]:
    end(given, call.report)
    return converge(
        lambda: _found(name, look(given)),
        seconds=SECONDS,
        report=call.report,
        hint="Something may give them access anew, such as a sync from elsewhere.",
    )


def _found(name: str, left: Left) -> Done[Ended] | NotYet:
    system = name.partition(".")[0]
    if left.words:
        return NotYet(f"{left.account} still has at {system}: {', '.join(left.words)}")
    told = f"{left.account} has no access left" if left.account else "there is no account"
    return Done(Ended(account=left.account), f"{told} at {system}")


def _told(name: str, left: Left) -> str:
    system = name.partition(".")[0]
    if not left.account:
        return f"there is no account at {system}, as was said"
    words = ", ".join(left.words) or "nothing any more"
    return f"{left.account} is known at {system} and has {words}, and our account may end that"
