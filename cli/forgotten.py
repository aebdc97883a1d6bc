"""A run that Prefect has forgotten: deleted there, or lost with its database, and still live here.

Only a flow run ends its run in the ledger, and this one has none any more: without a person's word
it would hold its secret for ever.
"""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from adapters.platform import Platform
from cli.recorder import person, refuse, unbelieved
from cli.runs import Told
from cli.screen import is_asked, say
from engine.errors import Refused
from engine.ledger import Actor, Draft, Entry, Event, timestamp
from engine.state import Outcome


def end_forgotten(
    platform: Platform, told: Told, by: str = "", comment: str = "", *, is_sure: bool = False
) -> Entry:
    """End the run in the ledger as it lies there, and return the entry.

    What it held is free from then on, its sealed values are gone, and a process of it that is still
    at work writes nothing more. Raises `Refused` without a reason, and for somebody who may not
    decide about it; the refusal is recorded.
    """
    who = person(platform, by)
    against = _against(platform, told, who, comment)
    if against:
        hint = "Say in --comment how things stand, as somebody of those groups."
        raise refuse(
            platform, who, {"what": "stop", "about": told.run}, Refused(against, hint=hint)
        )
    if not is_sure:
        _ask(told)
    draft = Draft(
        run=told.run,
        event=Event.RUN_ENDED,
        actor=who,
        attempt=told.state.attempt + 1,
        plan=told.state.plan,
        details={
            "outcome": Outcome.STOPPED.value,
            "because": comment,
            "found": f"Prefect knew no such run at {timestamp(datetime.now(UTC))}",
        },
    )
    with platform.journal as journal:
        entry = journal.append(draft, end=True)
    say(f"{told.run} is stopped as it lies there, and what it held is free")
    if told.plan.secret:
        say(f"where its secret stands: runbook recover {told.plan.secret}")
    return entry


def _against(platform: Platform, told: Told, who: Actor, comment: str) -> str:
    groups = told.plan.gate.groups
    if why := unbelieved(platform, who):
        return why
    if not set(groups) & set(who.groups):
        return f"{who.subject} is in none of the groups {', '.join(groups)}"
    return "" if comment.strip() else "a run is not ended without a word about why"


def _ask(told: Told) -> None:
    done = [name for name, step in told.state.steps.items() if step.touched]
    say(f"Prefect does not know run {told.run} any more; the ledger has it as going on.")
    say(f"begun or done: {', '.join(done) or 'nothing'}")
    say("Values that lie sealed with it are lost when it ends.")
    if is_asked() and not typer.confirm("\nEnd it as it lies there?"):
        raise typer.Abort
