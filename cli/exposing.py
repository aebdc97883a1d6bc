"""The list of what a leaver could read: found in the ledger, judged now, and answered for."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.exposure import inputs_of, judged_now, rotations
from adapters.platform import Platform
from cli.recorder import person, refuse, unbelieved
from cli.runs import Told, find_run, read_run
from cli.screen import say
from cli.text import SHORT
from engine.errors import Refused
from engine.exposure import FINDS, SETTLES, Fate, Judged, listed, step_of, waiver
from engine.policy import objection

SHORTEST_REASON = 10


def judged_of(platform: Platform, beginning: str) -> tuple[Judged, ...]:
    """Return every value of a run with what has become of it; raise `Refused` if it has no list."""
    told = _told(platform, beginning)
    return judged_now(platform, told.run, listed(told.plan, told.state))


def waive_values(
    platform: Platform, beginning: str, numbers: Sequence[int], reason: str, by: str
) -> None:
    """Record that values stay; raise `Refused`, recorded, if this person may not say so."""
    told = _told(platform, beginning)
    exposed = listed(told.plan, told.state)
    if strange := [number for number in numbers if not 1 <= number <= len(exposed)]:
        raise Refused(
            f"the list has {len(exposed)} values, and no number {strange[0]}",
            hint=f"See `runbook exposure show {told.run[:SHORT]}`.",
        )
    who = person(platform, by)
    step = step_of(told.plan, SETTLES)
    against = unbelieved(platform, who) or objection(
        step.gate or told.plan.gate, who, told.state.initiator
    )
    if not against and len(reason.strip()) < SHORTEST_REASON:
        against = f"the reason is shorter than {SHORTEST_REASON} letters"
    if against:
        error = Refused(against, hint="Somebody else may answer for it, with a reason.")
        raise refuse(platform, who, {"what": "waive", "about": told.run}, error)
    chosen = [exposed[number - 1] for number in dict.fromkeys(numbers)]
    with platform.journal as journal:
        entry = journal.append(waiver(told.run, who, chosen, reason))
    say(f"{len(chosen)} waived by {who.subject}: entry {entry.sequence}")


def open_rotations(platform: Platform, beginning: str, by: str) -> None:
    """Start what is open and has a runbook, once for each secret or certificate."""
    from cli.server import door

    told = _told(platform, beginning)
    who = person(platform, by)
    judged = judged_now(platform, told.run, listed(told.plan, told.state))
    wanted = rotations(platform, (each.exposed for each in judged if each.fate is Fate.OPEN))
    for name, each in wanted.items():
        filled = {**inputs_of(platform, each, told.plan.about), "requested_by": who.subject}
        key = f"{told.run}/{step_of(told.plan, FINDS).id}/{name}/by-hand"
        run = door().start(each.runbook, filled, key)
        say(f"{name}: {run}")
    if not wanted:
        say("nothing is open that has a runbook")


def _told(platform: Platform, beginning: str) -> Told:
    told = read_run(platform, find_run(platform, beginning))
    if told is not None:
        return told
    raise Refused(f"the ledger has no run {beginning}", hint="`runbook status` lists runs.")
