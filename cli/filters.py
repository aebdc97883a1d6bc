"""Which entries of the ledger somebody wants to see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import typer

from engine.ledger import Entry, Event, identity, timestamp


@dataclass(frozen=True)
class Wanted:
    """What an entry has to fit; what is empty fits everything."""

    run: str = ""
    runbook: str = ""
    secret: str = ""
    person: str = ""
    event: str = ""
    """One event, or the part before the dot for all of its kind."""
    since: str = ""
    until: str = ""

    def told(self) -> dict[str, str]:
        """Return what was asked for, as the ledger records it."""
        return {name: value for name, value in vars(self).items() if value}


def select(entries: Iterable[Entry], wanted: Wanted) -> Iterator[Entry]:
    """Yield the entries that fit, in order; give all of them, so that runs are known."""
    about: dict[str, tuple[str, str]] = {}
    for entry in entries:
        if entry.event is Event.RUN_STARTED:
            details = entry.details
            about[entry.run] = (str(details.get("runbook", "")), str(details.get("secret", "")))
        if _fits(entry, wanted, *about.get(entry.run, ("", ""))):
            yield entry


def _fits(entry: Entry, wanted: Wanted, runbook: str, secret: str) -> bool:
    return (
        wanted.run in ("", entry.run)
        and wanted.runbook in ("", runbook)
        and wanted.secret in ("", secret)
        and (not wanted.person or identity(wanted.person) == identity(entry.actor.subject))
        and wanted.event in ("", entry.event.value, entry.event.value.partition(".")[0])
        and (not wanted.since or entry.at >= wanted.since)
        and (not wanted.until or entry.at < wanted.until)
    )


def moment_of(text: str, option: str) -> str:
    """Return a moment as the ledger spells it; a date is its first moment, without a zone UTC."""
    if not text:
        return ""
    try:
        moment = datetime.fromisoformat(text)
        told = timestamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):  # the first and last hours of time overflow in UTC
        pass
    else:
        return told
    raise typer.BadParameter(
        f"{text} is no moment; write 2026-11-23 or 2026-11-23T04:00+01:00", param_hint=option
    )


def known_event(text: str) -> str:
    """Return an event, or the part before the dot; a usage error for one that never happens."""
    known = {event.value for event in Event}
    if text and text not in known | {event.partition(".")[0] for event in known}:
        raise typer.BadParameter(
            f"nothing is called {text}; there are {', '.join(sorted(known))}", param_hint="--event"
        )
    return text
