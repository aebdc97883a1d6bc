"""What people are told about an entry of the ledger: one line, and a few more."""

from __future__ import annotations

from dataclasses import dataclass

from engine.ledger import Entry, Event


@dataclass(frozen=True)
class Announcement:
    """A text for people who look elsewhere."""

    title: str
    text: str


def announcement(entry: Entry, started: Entry) -> Announcement:
    """Return what to say about an entry of a run that began with `started`."""
    title = f"{_what(entry)}: {started.details.get('title', started.run)}"
    lines = [f"Step {entry.step} of run {entry.run}, started by {started.actor.subject}."]
    told = entry.details
    if told.get("to"):
        lines.append(f"For {' or '.join(told['to'])}.")
    if entry.event is Event.GATE_REMINDED:
        lines.append(f"It expires at {told['expires']}.")
    if entry.event is Event.GLASS_BROKEN:
        lines.append(f"{entry.actor.subject} ({entry.actor.verified}) says: {told['comment']}")
        lines += [f"Passed over: {over}." for over in told["over"]]
        lines.append(f"Somebody else must review it until {told['review_until']}.")
    lines.append(f"runbook status {entry.run[:8]}")
    return Announcement(title, "\n".join(lines))


def _what(entry: Entry) -> str:
    match entry.event:
        case Event.GATE_REMINDED:
            return "A gate waits and will expire"
        case Event.GATE_EXPIRED:
            return "A gate expired"
        case Event.GATE_ESCALATED:
            return "A gate expired and nothing followed"
        case Event.GLASS_BROKEN:
            return "The glass was broken"
        case _:
            return entry.event.value
