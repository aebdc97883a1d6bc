"""What somebody could read who has left, and whether each of it has become worthless to them.

No commit takes back what was read: history stays readable to whoever could read it once. So each
value they could read is rotated, or a person answers for it that it stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from pydantic import Field

from engine.errors import Refused
from engine.journal import resource_of
from engine.ledger import Actor, Draft, Entry, Event
from engine.plan import Plan, PlannedStep
from engine.state import Outcome, RunState, Status
from engine.step import Frozen

COMPLETED = Outcome.COMPLETED.value
FINDS, SETTLES = "exposure.find", "exposure.settled"
"""The steps that make the list, and that wait until it is settled."""


class Exposed(Frozen):
    """One value that somebody could read; it says where the value stands, and not what it is."""

    place: str = Field(description='File and path, as in `file#["redis"]["password"]`.')
    secret: str = Field("", description="Name in the catalogue; empty where it has none.")
    runbook: str = Field("", description="What rotates it; empty where it is done by hand.")
    since: str = Field("", description="The commit since which it is in force.")
    mark: str = Field("", description="Keyed fingerprint of the value; empty if main has none now.")

    @property
    def title(self) -> str:
        """Return what people call it."""
        return self.secret or self.place


class Fate(StrEnum):
    """What has become of an exposed value."""

    DONE = "done"
    """Main holds another value there, the old one nowhere, and the run that saw to it is completed."""
    WAIVED = "waived"
    RUNNING = "running"
    """A run works on the secret."""
    OPEN = "open"


@dataclass(frozen=True)
class Judged:
    """One exposed value, and what has become of it."""

    exposed: Exposed
    fate: Fate
    note: str = ""

    @property
    def is_settled(self) -> bool:
        """Tell whether nothing is left to be done."""
        return self.fate in (Fate.DONE, Fate.WAIVED)


def step_of(plan: Plan, uses: str) -> PlannedStep:
    """Return the step of a run that makes or settles its list; raise `Refused` if it has none."""
    for step in plan.steps:
        if step.uses == uses:
            return step
    raise Refused(
        f"{plan.runbook} has no list of exposed values", hint="Runs of offboard-staff have one."
    )


def listed(plan: Plan, state: RunState) -> tuple[Exposed, ...]:
    """Return the list of a run; raise `Refused` if it has none, or none yet."""
    held = state.step(step_of(plan, FINDS).id)
    if held.status is not Status.DONE:
        raise Refused(f"{plan.runbook} has not come to its list yet", hint="See `runbook status`.")
    return tuple(Exposed.model_validate(each) for each in held.outputs["items"])


def waiver(run: str, who: Actor, exposed: Iterable[Exposed], reason: str) -> Draft:
    """Return the entry by which somebody answers for it that values stay as they are."""
    places = list(dict.fromkeys(each.place for each in exposed))
    return Draft(
        run, Event.EXPOSURE_WAIVED, who, details={"places": places, "reason": reason.strip()}
    )


def waivers(entries: Iterable[Entry], run: str) -> dict[str, Entry]:
    """Return the waivers of one run by place; the first of a place counts."""
    found: dict[str, Entry] = {}
    for entry in entries:
        if entry.event is Event.EXPOSURE_WAIVED and entry.run == run:
            for place in entry.details["places"]:
                found.setdefault(place, entry)
    return found


def outcomes_since(entries: Iterable[Entry], run: str) -> dict[str, str]:
    """Return how the newest ended run of each secret ended, of those started after `run` was.

    One that was at work already counts too, unless it completed: then the value it was to replace may
    still be accepted. `entries` are all of `run.started` and `run.ended`, in order.
    """
    secrets: dict[str, tuple[str, ...]] = {}
    found: dict[str, str] = {}
    later: set[str] = set()
    is_after = False
    for entry in entries:
        if entry.event is Event.RUN_STARTED:
            is_after = is_after or entry.run == run
            both = (entry.details.get("secret", ""), entry.details.get("identifier", ""))
            secrets[entry.run] = tuple(str(each) for each in both if each)
            if is_after:
                later.add(entry.run)
        elif entry.event is Event.RUN_ENDED and is_after:
            ended = str(entry.details["outcome"])
            if entry.run in later or ended != COMPLETED:
                found |= dict.fromkeys(secrets.get(entry.run, ()), ended)
    return found


@dataclass(frozen=True)
class Seen:
    """What is looked at to tell what has become of exposed values."""

    marks: Mapping[str, str]
    """Fingerprints of what main holds now, by place."""
    stands: Mapping[str, tuple[str, ...]]
    """By place, all places of main at which the value that was listed there stands now."""
    waived: Mapping[str, Entry]
    """By place."""
    holders: Mapping[str, str]
    """Live runs by what they hold, such as `secret:redis-password`."""
    outcomes: Mapping[str, str]
    """How the newest ended run of each secret ended; see `outcomes_since`."""


def judge(exposed: Iterable[Exposed], seen: Seen) -> tuple[Judged, ...]:
    """Return what has become of each."""
    return tuple(_judged(each, seen) for each in exposed)


def _judged(each: Exposed, seen: Seen) -> Judged:
    entry = seen.waived.get(each.place)
    if entry is not None:
        why = f"by {entry.actor.subject}: {entry.details['reason']}"
        return Judged(each, Fate.WAIVED, why)
    holder = seen.holders.get(resource_of(each.secret)) if each.secret else None
    if holder is not None:
        return Judged(each, Fate.RUNNING, f"run {holder} works on it")
    if each.mark and seen.marks.get(each.place) == each.mark:
        how = f"rotate it with {each.runbook}" if each.runbook else "by hand"
        return Judged(each, Fate.OPEN, how)
    objection = _objection(each, seen)
    return Judged(each, Fate.OPEN if objection else Fate.DONE, objection or "main holds it no more")


def _objection(each: Exposed, seen: Seen) -> str:
    """Return why a value that is not at its place any more does not count as replaced."""
    outcome = seen.outcomes.get(each.secret, "") if each.secret else ""
    if not each.mark and each.since:
        return "what it is cannot be told here; look whether it is still accepted"
    if elsewhere := seen.stands.get(each.place):
        return f"it was not replaced but moved: it stands at {elsewhere[0]}"
    if not each.mark or (each.place not in seen.marks and outcome != COMPLETED):
        return "main has it no more; look whether it is still accepted"
    if any(each.place in places for places in seen.stands.values()):
        return "what stands there instead could be read as well; look whether it is still accepted"
    if outcome not in ("", COMPLETED):
        return f"its newest run ended {outcome}: the old value may live on"
    return ""
