"""Everything that can go wrong, in words a person on call can act on.

Above the adapters only these errors exist. The message says what is so and what was wanted;
the hint says the next move. Neither may hold a secret: both are shown, stored and kept.
"""

from __future__ import annotations


class RunbookError(Exception):
    """Something the reader can act on."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        """What is so, in one sentence, lower case and without a full stop."""
        self.hint = hint
        """The next move, as a full sentence; empty where there is none."""

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


class Refused(RunbookError):
    """The answer is no, and asking again will not change it."""


class Transient(RunbookError):
    """No answer this time; asking again later may bring one."""

    def __init__(self, message: str, *, hint: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after
        """Seconds the other side asked us to wait, where it did."""


class NotConverged(RunbookError):
    """The step ran to its end and a second look still does not find its goal."""


class OutcomeUnknown(RunbookError):
    """The step may or may not have happened, and no look can tell."""


class Unanswered(OutcomeUnknown):
    """Nobody answered in time, so the other side may be at it still."""


class Fenced(RunbookError):
    """What this process was to have to itself it has not any more; it may not act."""


class Superseded(Fenced):
    """Another process has picked the run up; this one has no word in it any more, to anybody."""


def superseded(run: str, newest: int, attempt: int) -> Superseded:
    """Return what ends a process that works at `attempt` of a run, when `newest` has begun."""
    return Superseded(
        f"run {run} is at attempt {newest}, and this is attempt {attempt}",
        hint="Another runner has picked this run up; let it work, and stop this one.",
    )


class Overtaken(RunbookError):
    """Somebody or something else closed the gate first; the ledger had to choose."""


class Locked(RunbookError):
    """Another live run holds what this one needs."""


class LedgerDown(RunbookError):
    """The ledger did not take the entry, so nothing may happen."""


class ChainBroken(RunbookError):
    """The ledger is not what was once written."""
