"""A run from move to move: ask the engine for the next one, make it, and ask again until there is none.

Nothing here knows Prefect. Who makes the moves is the crew: a Prefect flow run, or a rehearsal.
"""

from __future__ import annotations

from typing import Protocol, assert_never

from engine.job import Job
from engine.progress import AskPerson, End, Perform, TakeBack, next_move
from engine.state import Outcome, RunState
from flows.voyage import Voyage


class Crew(Protocol):
    """What differs between the places in which a run can go on."""

    def make(self, voyage: Voyage, job: Job, *, interrupted: bool) -> None:
        """Perform the step, or take it back where `job.back` says so; the ledger knows how it went."""
        ...

    def ask(self, voyage: Voyage, state: RunState, move: AskPerson) -> None:
        """Pass the gate, or leave by an exception until somebody has answered."""
        ...

    def keep_record(self, voyage: Voyage, *, over: bool = False) -> None:
        """Show where the run stands, or that it is over, for those who look from outside."""
        ...


def sail(voyage: Voyage, crew: Crew) -> Outcome:
    """Make every move there is, and return how the run ended; raises what the crew raises."""
    while True:
        state = voyage.state()
        move = next_move(voyage.plan, state, voyage.desk.registry, voyage.present())
        match move:
            case Perform(step, interrupted):
                crew.keep_record(voyage)
                crew.make(voyage, voyage.job(step), interrupted=interrupted)
            case TakeBack(step):
                crew.keep_record(voyage)
                crew.make(voyage, voyage.job(step, back=True), interrupted=False)
            case AskPerson():
                crew.ask(voyage, state, move)
            case End(outcome):
                if state.outcome is None:
                    voyage.end(state, outcome)
                crew.keep_record(voyage, over=True)
                return outcome
            case _:
                assert_never(move)
