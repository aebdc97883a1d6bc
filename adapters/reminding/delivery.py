"""Reminders, each sent once: what was sent stands in the ledger, and is asked for there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from adapters.ledger import SqlJournal
from adapters.notify import send
from adapters.platform import Platform
from engine.errors import Refused, RunbookError, Transient
from engine.reminders import Reminder, unsent

LEASE = "reminders:{about}"
"""One for each kind: reminders of one keep none of the other back."""
SECONDS = 900.0
"""Longer than sending takes, so that nobody else sends the same meanwhile."""

Link = Callable[[Reminder], str]
"""Where the form is that starts the renewal; empty for nowhere."""
Message = tuple[str, str, str]
"""Title, text, and what it leads to."""


def remind_each(
    platform: Platform, runner: str, reminders: Sequence[Reminder], link: Link
) -> tuple[Reminder, ...]:
    """Send every reminder that was not sent yet as a message of its own; return those.

    A reminder is recorded once every target took it. One that was sent and not recorded is sent
    again: better twice than never. One that did not reach every target keeps none of the others
    back; at the end `Refused` or `Transient` names them all. Raises `LedgerDown` at once.
    """
    sent: list[Reminder] = []
    kept: list[tuple[Reminder, RunbookError]] = []
    if not reminders:
        return ()
    with _alone(platform, runner, reminders[0].about) as journal:
        for each in unsent(reminders, journal.entries("")):
            if (why := _sent(platform, each, link)) is None:
                journal.append(each.draft())
                sent.append(each)
            else:
                kept.append((each, why))
    if kept:
        raise _kept_back(kept, sent)
    return tuple(sent)


def remind_together(
    platform: Platform, runner: str, reminders: Sequence[Reminder], link: Link
) -> tuple[Reminder, ...]:
    """Send those that were not sent yet in one message, so that many of a day are no flood."""

    def message(waiting: Sequence[Reminder]) -> Message:
        lines = (f"{each.title}. {each.body} {link(each)}".strip() for each in waiting)
        return _titled(waiting, "rotations are due"), "\n".join(lines), ""

    return _together(platform, runner, reminders, message)


def tell_faults(
    platform: Platform, runner: str, faults: Sequence[Reminder], page: str
) -> tuple[Reminder, ...]:
    """Tell people in one message what has to be looked at; what was told is not told again.

    Below it stands `page`. Where nobody is named to be told, that is no error: the state of the flow
    says the same.
    """

    def message(waiting: Sequence[Reminder]) -> Message:
        lines = (each.body for each in waiting)
        return _titled(waiting, "things have to be looked at"), "\n".join(lines), page

    if platform.settings.notify.targets_file is None:
        return ()
    return _together(platform, runner, faults, message)


def _titled(waiting: Sequence[Reminder], many: str) -> str:
    return waiting[0].title if len(waiting) == 1 else f"{len(waiting)} {many}"


def _together(
    platform: Platform,
    runner: str,
    reminders: Sequence[Reminder],
    message: Callable[[Sequence[Reminder]], Message],
) -> tuple[Reminder, ...]:
    if not reminders:
        return ()
    with _alone(platform, runner, reminders[0].about) as journal:
        waiting = unsent(reminders, journal.entries(""))
        if waiting:
            send(platform.settings.notify, *message(waiting))
        for each in waiting:
            journal.append(each.draft())
    return waiting


def _sent(platform: Platform, each: Reminder, link: Link) -> RunbookError | None:
    """Send one to every target; return what kept it from any of them."""
    try:
        send(platform.settings.notify, each.title, each.body, link(each))
    except RunbookError as error:
        return error
    return None


def _kept_back(
    kept: Sequence[tuple[Reminder, RunbookError]], sent: Sequence[Reminder]
) -> RunbookError:
    """Return one error for all; what several have in common is said once."""
    names: dict[str, list[str]] = {}
    for each, why in kept:
        names.setdefault(why.message, []).append(f"{each.name} {each.rung}")
    told = [f"{', '.join(those)} did not reach every target: {why}" for why, those in names.items()]
    told += [f"sent: {each.name} {each.rung}" for each in sent]
    kind = Refused if all(isinstance(why, Refused) for _, why in kept) else Transient
    return kind("; ".join(told), hint=kept[0][1].hint)


@contextmanager
def _alone(platform: Platform, runner: str, about: str) -> Iterator[SqlJournal]:
    """Yield the ledger while nobody else sends the same kind; raise `Transient` if somebody does."""
    lease = LEASE.format(about=about)
    with platform.journal as journal:
        number = journal.lease(lease, runner, seconds=SECONDS)
        if number is None:
            raise Transient(
                f"another run tells people about each {about}: {journal.lease_holder(lease)}",
                hint="It looks at the same as this one; what it leaves out is sent the next day.",
            )
        try:
            yield journal
        finally:
            journal.give_back(lease, runner, number)
