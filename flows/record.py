"""The run record: one Prefect artifact a run, updated as it goes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from prefect.artifacts import create_markdown_artifact

from engine.ledger import DECISIONS, Entry
from engine.plan import Plan
from engine.state import RunState
from flows.gate_words import MARKS, plain
from flows.voyage import Voyage

KEY = "run-"
"""What the key of a record begins with; the id of the run follows."""
# At the very end, where nothing that people typed can stand.
_HEAD = re.compile(r"\nLedger head: entry ([1-9][0-9]{0,17}), `([0-9a-f]{64})`\.\Z")


def publish_record(voyage: Voyage) -> None:
    """Write the run's record anew: every step with state, who, when and evidence."""
    entries = voyage.desk.journal.entries(voyage.run)
    create_markdown_artifact(
        key=KEY + voyage.run,
        markdown=record(voyage.plan, voyage.state(), entries),
        description=f"{voyage.plan.title}: who did what, and where it stands.",
    )


def record(plan: Plan, state: RunState, entries: Sequence[Entry]) -> str:
    """Return the record in Markdown."""
    head = entries[-1] if entries else None
    people = _people(entries)
    lines = [
        f"# {plan.title}",
        _summary(state),
        "",
        "| | Step | State | Who | When (UTC) | Evidence |",
        "|---|---|---|---|---|---|",
    ]
    for step in plan.steps:
        held = state.step(step.id)
        who = ", ".join(people.get(step.id, ()))
        note = held.error or held.evidence
        lines.append(
            f"| {MARKS[held.status]} | {step.name} | {held.status.value} | {plain(who)} "
            f"| {_moment(held.ended_at or held.started_at)} | {plain(note)} |"
        )
    if head is not None:
        lines += ["", f"Ledger head: entry {head.sequence}, `{head.hash}`."]
    return "\n".join(lines)


def head_in(markdown: str) -> tuple[int, str] | None:
    """Return the place and hash of the head that a record ends with; None where it has none."""
    found = _HEAD.search(markdown)
    return (int(found[1]), found[2]) if found else None


def _summary(state: RunState) -> str:
    ended = f"**{state.outcome.value}**" if state.outcome else "going on"
    by = f"{plain(state.initiator.subject)} ({state.initiator.verified})"
    return f"State: {ended}. Started by {by}. Plan `{state.plan[:19]}`."


def _people(entries: Sequence[Entry]) -> dict[str, dict[str, None]]:
    """Return who decided something about each step, in the order in which they first did."""
    found: dict[str, dict[str, None]] = {}
    for entry in entries:
        if entry.event in DECISIONS:
            found.setdefault(entry.step, {})[entry.actor.subject] = None
    return found


def _moment(at: str) -> str:
    return at[:19].replace("T", " ")
