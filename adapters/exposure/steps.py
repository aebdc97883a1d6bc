"""`exposure.find`, `exposure.open_rotations` and `exposure.settled`: what a leaver could read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from pydantic import Field

from adapters.exposure.opening import inputs_of, rotations
from adapters.exposure.reading import exposed_to
from adapters.exposure.tracking import judged_now, unfinished
from adapters.platform import Platform
from adapters.shared.recipients import Recipients
from engine.errors import NotConverged, Refused
from engine.exposure import Exposed
from engine.step import (
    AnyStep,
    Call,
    Done,
    Effect,
    Frozen,
    Irreversible,
    NotYet,
    Probe,
    Repeatable,
    Step,
    Untouched,
)

MOST_SHOWN = 12

Known = Callable[[], Platform]
"""Returns the platform; asked when a step is used, as it holds the steps itself."""


class Find(Frozen):
    """Parameters of `exposure.find`."""

    recipients: Recipients = Field(
        default=(),
        description="All age recipients of the leaver; a list, or a text with spaces or commas "
        "between them. Without any there is nothing they could read.",
    )


class Items(Frozen):
    """What somebody could read."""

    items: tuple[Exposed, ...] = Field(description="Every value, by its place; no value is in it.")


class Opened(Frozen):
    """Which rotations were opened."""

    runs: dict[str, str] = Field(description="Secret, or certificate, to the run that renews it.")
    by_hand: tuple[str, ...] = Field(description="Places that no runbook rotates.")
    not_opened: tuple[str, ...] = Field(
        default=(), description="Secrets whose rotation could not be started here, and why."
    )


class Settled(Frozen):
    """How it ended."""

    done: int = Field(description="How many values were replaced.")
    waived: int = Field(description="For how many a person answers that they stay.")


def steps(known: Known) -> tuple[AnyStep, ...]:
    """Return what this adapter offers; nothing is opened yet."""
    return (
        Step(
            name="exposure.find",
            summary="List every value that somebody could read, from the history of git.",
            params=Find,
            outputs=Items,
            effect=Effect.OBSERVE,
            probe=Repeatable("reading changes nothing"),
            run=lambda params, call: _find(known(), params, call),
            undo=Untouched("reading changes nothing"),
        ),
        Step(
            name="exposure.open_rotations",
            summary="Start the rotation of every value on the list that has a runbook.",
            params=Items,
            outputs=Opened,
            effect=Effect.REVOKE,
            probe=Repeatable(
                "each rotation is opened under a key and once, however often it is asked"
            ),
            run=lambda params, call: _open(known(), params, call),
            undo=Irreversible("a rotation that was opened has to be ended by its own people"),
            describe=_describe,
        ),
        Step(
            name="exposure.settled",
            summary="See that every value on the list is replaced, or waived by somebody.",
            params=Items,
            outputs=Settled,
            effect=Effect.VERIFY,
            probe=lambda params, call: _look(known(), params, call),
            run=lambda params, call: _require(known(), params, call),
            undo=Untouched("looking changes nothing"),
            describe=_describe_settled,
        ),
    )


def _find(platform: Platform, params: Find, call: Call) -> Done[Items]:
    if not params.recipients:
        return Done(Items(items=()), "no age key is said to be theirs, so they could read no value")
    found = exposed_to(platform, params.recipients, unfinished(platform, call.run))
    named = sum(bool(each.runbook) for each in found)
    return Done(
        Items(items=found),
        f"{len(found)} values could be read by {' and '.join(params.recipients)}; {named} have a runbook",
    )


def _open(platform: Platform, params: Items, call: Call) -> Done[Opened]:
    runs: dict[str, str] = {}
    failed: list[str] = []
    for name, each in rotations(platform, params.items).items():
        try:
            inputs = {**inputs_of(platform, each, call.about), "requested_by": call.started_by}
            runs[name] = call.open_run(each.runbook, inputs, f"{call.key}/{name}")
        except Refused as error:
            failed.append(f"{name}: {error.message}")
        else:
            call.report(f"{name}: run {runs[name]} is opened")
    by_hand = tuple(each.place for each in params.items if not each.runbook)
    told = ", ".join(f"{secret} in run {run}" for secret, run in runs.items()) or "none"
    more = f"; not opened: {'; '.join(failed)}" if failed else ""
    return Done(
        Opened(runs=runs, by_hand=by_hand, not_opened=tuple(failed)),
        f"rotations opened: {told}; {len(by_hand)} by hand{more}",
    )


def _look(platform: Platform, params: Items, call: Call) -> Probe[Settled]:
    judged = judged_now(platform, call.run, params.items)
    left = [each for each in judged if not each.is_settled]
    counts = Counter(each.fate.value for each in judged)
    if left:
        named = ", ".join(f"{each.exposed.title} ({each.fate.value})" for each in left[:MOST_SHOWN])
        more = f" and {len(left) - MOST_SHOWN} more" if len(left) > MOST_SHOWN else ""
        return NotYet(f"{len(left)} of {len(judged)} values are not settled: {named}{more}")
    outputs = Settled(done=counts["done"], waived=counts["waived"])
    return Done(outputs, f"{outputs.done} values were replaced, and {outputs.waived} are waived")


def _require(platform: Platform, params: Items, call: Call) -> Done[Settled]:
    found = _look(platform, params, call)
    if isinstance(found, Done):
        return found
    raise NotConverged(
        found.finding if isinstance(found, NotYet) else "it cannot be told",
        hint=f"`runbook exposure show {call.run[:8]}` lists them; rotate or waive each, then retry.",
    )


def _describe(params: Items) -> str:
    rows = [
        f"- {each.title}: {each.runbook or 'by hand'}" for each in params.items[: 4 * MOST_SHOWN]
    ]
    left = len(params.items) - len(rows)
    return "\n".join(
        [
            f"Opens a rotation for each of {len(params.items)} values that has a runbook:",
            "",
            *rows,
            *([f"- and {left} more"] if left else []),
        ]
    )


def _describe_settled(params: Items) -> str:
    return (
        f"Looks whether each of {len(params.items)} values that could be read is replaced on main, "
        "or waived by somebody (`runbook exposure`). Say yes when all are; it may take days."
    )
