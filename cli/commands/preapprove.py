"""`runbook preapprove`: a yes to a run that will be started later, for example by a schedule."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

import typer

from adapters.platform import Platform, open_platform
from cli.filters import moment_of
from cli.options import By, Comment, Inputs, Name, new_app
from cli.recorder import person, refuse, unbelieved
from cli.screen import say
from cli.typed import typed_inputs
from engine.errors import Refused
from engine.ledger import Actor, Draft, Entry, Event, timestamp
from engine.plan import Plan
from engine.preapproval import refusal

app = new_app()


@app.command()
def preapprove(
    name: Name,
    until: Annotated[
        str, typer.Option("--until", metavar="MOMENT", help="Until when the yes may be used.")
    ],
    through: Annotated[
        str, typer.Option("--through", metavar="STEP", help="The last step the yes covers.")
    ],
    *,
    inputs: Inputs = None,
    by: By = "",
    comment: Comment = "",
) -> None:
    """Say yes to one run before it is started.

    For a run of exactly this plan, with these inputs; used once, and not after its end. Strict
    gates, and those that ask a person for something, are asked all the same.
    """
    platform = open_platform()
    plan = platform.plan(name, typed_inputs(platform.runbook(name), inputs))
    end = datetime.fromisoformat(moment_of(until, "--until"))
    who = person(platform, by)
    against = unbelieved(platform, who) or refusal(plan, who, through, end, datetime.now(UTC))
    if against:
        error = Refused(against, hint=f"See the gates with `runbook plan {name}`.")
        raise refuse(platform, who, {"what": "preapprove", "about": name}, error)
    entry = _record(
        platform, plan, who, {"through": through, "until": timestamp(end), "comment": comment}
    )
    say(f"entry {entry.sequence}: {name} may go on through {through} until {timestamp(end)}")


def _record(platform: Platform, plan: Plan, who: Actor, told: Mapping[str, str]) -> Entry:
    draft = Draft(
        run="",
        event=Event.RUN_PREAPPROVED,
        actor=who,
        plan=plan.digest,
        details={"runbook": plan.runbook, "plan": plan.text(), **told},
    )
    with platform.journal as journal:
        return journal.append(draft)
