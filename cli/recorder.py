"""What people do at the command line beside a run, put into the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.platform import Platform
from cli.people import named
from engine.errors import Refused
from engine.ledger import Actor, Draft, Entry, Event

VIA = "cli"


def person(platform: Platform, by: str = "") -> Actor:
    """Return who sits at the keyboard: the name given, else the login name, as a claim."""
    name = named(by)
    return Actor(name, groups=platform.people.groups_of(name), via=VIA)


def record(
    platform: Platform, event: Event, actor: Actor, told: Mapping[str, Any], *, run: str = ""
) -> Entry:
    """Put what `actor` did into the ledger; raise `LedgerDown` if it does not take it."""
    draft = Draft(run=run, event=event, actor=actor, details=told)
    with platform.journal as journal:
        return journal.append(draft)


def refuse(platform: Platform, actor: Actor, told: Mapping[str, str], error: Refused) -> Refused:
    """Record that `actor` was not let, and return the error to be raised."""
    record(platform, Event.ATTEMPT_REFUSED, actor, {**told, "why": error.message})
    return error
