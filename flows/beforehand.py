"""A run that starts relies on an approval from before, where there is one for this very plan."""

from __future__ import annotations

from datetime import UTC, datetime

from engine.errors import Overtaken
from engine.ledger import Draft, Event
from engine.preapproval import EVENTS, choose, taken_up
from flows.voyage import Voyage


def rely_on_preapproval(voyage: Voyage) -> None:
    """Take an approval up, once; record it where one was meant for this plan and does not count."""
    journal, plan = voyage.desk.journal, voyage.plan
    state = voyage.state()
    takes_claims = voyage.platform.settings.engine.accept_claimed
    choice = choose(journal.of(*EVENTS), plan, datetime.now(UTC), takes_claims=takes_claims)
    why = choice.why
    if choice.entry is not None:
        try:
            journal.append(taken_up(choice.entry, plan, state))
        except Overtaken as error:
            why = error.message
    if why:
        told = {"what": "rely on an approval beforehand", "about": voyage.run, "why": why}
        journal.append(
            Draft(run="", event=Event.ATTEMPT_REFUSED, actor=state.initiator, details=told)
        )
