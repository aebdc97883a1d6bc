"""What people do at the command line beside a run, put into the ledger."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from adapters.platform import Platform
from cli.credential import gateway_of, known_at
from cli.people import named, refuse_another
from engine.errors import Refused, RunbookError
from engine.ledger import CLAIMED, Actor, Draft, Entry, Event, identity, timestamp
from engine.redaction import Redactor

VIA = "cli"
PREFECT = "PREFECT_API_URL"
AGAIN = timedelta(hours=1)
"""For how long the same refusal of the same person is not recorded a second time."""


def person(platform: Platform, by: str = "") -> Actor:
    """Return who sits at the keyboard.

    Whom the gateway knows, where somebody has signed in there; else the name given, or the login
    name, as a claim. Raises `Refused` if the gateway knows somebody else.
    """
    known = known_at(gateway_of(os.environ[PREFECT])) if os.environ.get(PREFECT) else {}
    if known:
        subject = str(known["subject"])
        refuse_another(subject, by)
        return Actor(subject, str(known["verified"]), tuple(known["groups"]), VIA)
    name = named(by)
    return Actor(name, groups=platform.people.groups_of(name), via=VIA)


def unbelieved(platform: Platform, who: Actor) -> str:
    """Say why the word of this person does not count; empty if it does."""
    if who.verified == CLAIMED and not platform.settings.engine.accept_claimed:
        return f"{who.subject} is claimed, and this engine takes verified people alone"
    return ""


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


@contextmanager
def attempt(
    platform: Platform, by: str, told: Mapping[str, str], typed: Iterable[SecretStr] = ()
) -> Iterator[None]:
    """Let what is refused inside leave an entry: who wanted what, and why not.

    `told` says what; `typed` is what the person wrote and the entry must not say. A ledger that is
    not there does not hide the refusal.
    """
    try:
        yield
    except Refused as error:
        refused = error
    else:
        return
    with suppress(RunbookError):
        why = Redactor(typed)(refused.message)
        _record_once(platform, _asking(platform, by), {**told, "why": why})
    raise refused


def _asking(platform: Platform, by: str) -> Actor:
    """Return who sits there; who says to be another than the gateway knows is the one it knows."""
    try:
        return person(platform, by)
    except Refused:
        return person(platform)


def _record_once(platform: Platform, actor: Actor, details: Mapping[str, str]) -> None:
    since = timestamp(datetime.now(UTC) - AGAIN)
    for entry in platform.journal.of(Event.ATTEMPT_REFUSED):
        is_same = identity(entry.actor.subject) == identity(actor.subject)
        if is_same and entry.details == details and entry.at > since:
            return
    record(platform, Event.ATTEMPT_REFUSED, actor, details)
