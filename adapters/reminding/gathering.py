"""The reminders of now, and what kept some ends from being known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from adapters.certificates import read_certificates
from adapters.drift import read_ages
from adapters.platform import Platform
from adapters.reminding.renewing import used_certificates
from adapters.standing import rotation_names
from engine import ages, certificates
from engine.reminders import Reminder


@dataclass(frozen=True)
class Noticed:
    """Reminders of one moment, sent or not."""

    reminders: tuple[Reminder, ...]
    faults: tuple[str, ...]
    """What is wrong or cannot be known, a sentence each; a person has to look."""


def rotation_reminders(platform: Platform, now: datetime) -> Noticed:
    """Return what is to be said about values that get too old."""
    known = ages.as_of(read_ages(platform), now)
    entries = platform.catalogue.secrets
    near = [age for age in known if ages.reminder(age, "", "", now) is not None]
    runbooks = rotation_names(platform) if near else {}
    said = (
        ages.reminder(age, entries[age.secret].title, runbooks[age.secret], now) for age in near
    )
    faults = (f"{age.secret}: {age.unknown}" for age in known if age.unknown)
    return _noticed(said, faults)


def certificate_reminders(platform: Platform, now: datetime) -> Noticed:
    """Return what is to be said about certificates that end, and what is wrong with any."""
    looks = read_certificates(platform)
    used = used_certificates(platform, looks)
    said = (
        certificates.reminder(
            each.look.name, each.look.entry, each.seen, now, into=each.into, run=each.run
        )
        for each in used
    )
    faults = [f"{look.name}: {look.unknown}" for look in looks if look.unknown]
    for each in used:
        told = [*certificates.findings(each.look.entry, each.seen, now)]
        told += ["it has expired"] if each.seen.ends <= now else []
        faults += [f"{each.look.name}: {words}" for words in told]
    return _noticed(said, faults)


def _noticed(said: Iterable[Reminder | None], faults: Iterable[str]) -> Noticed:
    return Noticed(tuple(each for each in said if each is not None), tuple(faults))
