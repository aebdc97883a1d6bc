"""Progress of a run, read from the ledger: a live list on a terminal, plain lines otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from engine.ledger import Entry, Event
from engine.plan import Plan
from engine.state import RunState, Status

MARKS = {
    Status.DONE: "[green]✔[/]",
    Status.FAILED: "[red]✘[/]",
    Status.STARTED: "[yellow]…[/]",
    Status.SKIPPED: "-",
    Status.UNDONE: "↩",
}

PLAIN: dict[Event, Callable[[Entry], str]] = {
    Event.RUN_STARTED: lambda e: f"run {e.run[:8]} started by {e.actor.subject}",
    Event.GATE_OPENED: lambda e: f"{e.step}: waits for approval",
    Event.GATE_APPROVED: lambda e: f"{e.step}: approved by {e.actor.subject}",
    Event.GATE_REFUSED: lambda e: f"{e.step}: answer refused: {e.details['why']}",
    Event.GATE_REJECTED: lambda e: f"{e.step}: rejected by {e.actor.subject}",
    Event.STEP_STARTED: lambda e: f"{e.step}: started",
    Event.STEP_SUCCEEDED: lambda e: f"{e.step}: done: {e.details['evidence']}",
    Event.STEP_FOUND_DONE: lambda e: f"{e.step}: found done: {e.details['evidence']}",
    Event.STEP_FAILED: lambda e: f"{e.step}: failed: {e.details['message']}",
    Event.RUN_ENDED: lambda e: f"run {e.run[:8]} is over: {e.details['outcome']}",
}


@dataclass
class Watch:
    """What has been shown so far."""

    console: Console
    live: Live | None = None
    shown: int = field(default=0)

    def show(self, plan: Plan, state: RunState, entries: list[Entry]) -> None:
        """Show what is new."""
        if self.live is not None:
            self.live.update(steps_table(plan, state))
            return
        for entry in entries[self.shown :]:
            if entry.event in PLAIN:
                self.console.print(escape(f"  {PLAIN[entry.event](entry)}"), soft_wrap=True)
        self.shown = len(entries)


def steps_table(plan: Plan, state: RunState) -> Table:
    """Return the step list of a run."""
    table = Table("", "Step", "State", "Evidence", title=escape(plan.title), expand=True)
    for step in plan.steps:
        held = state.step(step.id)
        waits = state.opening is not None and state.opening.step == step.id
        status = "waits for approval" if waits else held.status.value
        table.add_row(
            MARKS.get(held.status, "·"),
            escape(step.name),
            status,
            escape(held.error or held.evidence),
        )
    return table


def trail_table(entries: list[Entry]) -> Table:
    """Return the audit trail of a run."""
    table = Table("#", "When (UTC)", "Step", "Event", "Who", "What", title="Audit trail")
    for entry in entries:
        who = f"{entry.actor.subject} ({entry.actor.verified})"
        what = next(
            (
                str(entry.details[key])
                for key in ("evidence", "message", "why", "comment", "outcome", "title")
                if entry.details.get(key)
            ),
            "",
        )
        table.add_row(
            str(entry.sequence),
            entry.at[11:19],
            escape(entry.step),
            entry.event.value,
            escape(who),
            escape(what),
        )
    return table
