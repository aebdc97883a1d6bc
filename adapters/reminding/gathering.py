"""The reminders of now, and what kept some ends from being known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from adapters.certificates import read_certificates
from adapters.drift import read_ages
from adapters.platform import Platform
from adapters.reminding.renewing import Used, used_certificates
from adapters.standing import rotation_names
from engine import ages, certificates
from engine.reminders import Reminder, notice


@dataclass(frozen=True)
class Noticed:
    """What is to be said at one moment, whether it was said before or not."""

    reminders: tuple[Reminder, ...]
    notices: tuple[Reminder, ...]
    """What is wrong or cannot be known, one for each fault; a person has to look."""

    @property
    def faults(self) -> tuple[str, ...]:
        """Return what is wrong, a sentence each."""
        return tuple(each.body for each in self.notices)


def rotation_reminders(platform: Platform, now: datetime) -> Noticed:
    """Return what is to be said about values that get too old."""
    known = ages.as_of(read_ages(platform), now)
    entries = platform.catalogue.secrets
    near = [age for age in known if ages.reminder(age, "", "", now) is not None]
    runbooks = rotation_names(platform) if near else {}
    said = (
        ages.reminder(age, entries[age.secret].title, runbooks[age.secret], now) for age in near
    )
    notices = (
        notice("secret", age.secret, age.unknown, now, daily=True) for age in known if age.unknown
    )
    return _noticed(said, notices)


def certificate_reminders(platform: Platform, now: datetime) -> Noticed:
    """Return what is to be said about certificates that end, and what is wrong with any."""
    looks = read_certificates(platform)
    used = used_certificates(platform, looks)
    said = (
        certificates.reminder(
            each.look.name,
            each.look.entry,
            each.seen,
            now,
            into=each.into,
            run=each.run,
            stopped=each.stopped.told if each.stopped else "",
        )
        for each in used
    )
    unread = (
        notice("certificate", look.name, look.unknown, now, daily=True)
        for look in looks
        if look.unknown
    )
    wrong = (one for each in used for one in _wrong(each, now))
    return _noticed(said, dict.fromkeys((*unread, *wrong)))


def _wrong(used: Used, now: datetime) -> Iterator[Reminder]:
    """Yield what is wrong with one certificate; daily where another may end unseen."""
    told = [*certificates.findings(used.look.entry, used.seen, now)]
    told += ["it has expired"] if used.seen.ends <= now else []
    told += [used.stopped.told] if used.stopped else []
    for words in told:
        yield notice("certificate", used.look.name, words, now, daily=bool(used.seen.doubt))


def _noticed(said: Iterable[Reminder | None], notices: Iterable[Reminder]) -> Noticed:
    return Noticed(tuple(each for each in said if each is not None), tuple(notices))
