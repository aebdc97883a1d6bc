"""What Prefect runs every day of itself: no runbook, no gate, and nothing is changed.

Each flow ends in a state whose message says what was found; it is *Failed* where somebody has to
look. No value and no address of a target is in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.states import Completed, Failed
from prefect.utilities.urls import url_for

from adapters.drift import compare_stores
from adapters.ledger.store import utc_now
from adapters.notify import send
from adapters.platform import Platform, open_platform
from adapters.reminding import (
    Noticed,
    certificate_reminders,
    remind_each,
    remind_together,
    rotation_reminders,
    tell_faults,
)
from engine.drift import Compared, summary
from engine.errors import RunbookError
from engine.reminders import Reminder, notice
from flows.core_files import forbid_core_files
from flows.door import form_address
from flows.gate_words import plain

LOOK = "Look"
"""Name of the state that somebody has to look at."""
Remind = Callable[
    [Platform, str, Sequence[Reminder], Callable[[Reminder], str]], tuple[Reminder, ...]
]
"""How reminders are sent: each as a message of its own, or all in one."""


@flow(name="check-dual-write", persist_result=False, log_prints=False, retries=0)
def check_dual_write() -> State[Any]:
    """Compare SOPS and Vaultwarden in every secret; changes nothing."""
    return _guarded(_check_dual_write)


@flow(name="remind-rotation-due", persist_result=False, log_prints=False, retries=0)
def remind_rotation_due() -> State[Any]:
    """Tell people once which values get too old; changes nothing."""
    return _guarded(_remind_rotation_due)


@flow(name="remind-certificate-renewals", persist_result=False, log_prints=False, retries=0)
def remind_certificate_renewals() -> State[Any]:
    """Tell people once on each rung which certificates end; changes nothing."""
    return _guarded(_remind_certificate_renewals)


def _guarded(act: Callable[[Platform], State[Any]]) -> State[Any]:
    """Return the state of `act`; of what it breaks with, only words of ours go into Prefect."""
    forbid_core_files()
    try:
        return act(open_platform())
    except RunbookError as error:
        told = str(error)
    except Exception as error:  # noqa: BLE001 - the text of a stranger's error may hold a value
        told = f"it broke with {type(error).__name__}; this is a fault of the engine"
    get_run_logger().error("%s", told)
    return Failed(message=told)


def _check_dual_write(platform: Platform) -> State[Any]:
    rows = compare_stores(platform)
    amiss = [row for row in rows if not row.is_fine]
    told = summary(rows)
    get_run_logger().info("%s", told)
    create_markdown_artifact(key="check-dual-write", markdown=_table(amiss, told))
    if not amiss:
        return Completed(message=told)
    return Failed(name=LOOK, message=told + _tell(platform, told))


def _tell(platform: Platform, told: str) -> str:
    """Tell people of drift, if there is anybody to tell; return what kept it from them."""
    if platform.settings.notify.targets_file is None:
        return ""
    link = url_for("flow-run", obj_id=flow_run.id) or ""
    try:
        send(platform.settings.notify, "SOPS and Vaultwarden do not agree", told, link)
    except RunbookError as error:
        return f"; {error.message}"
    return ""


def _remind_rotation_due(platform: Platform) -> State[Any]:
    now = utc_now()
    return _told(platform, rotation_reminders(platform, now), remind_together, now)


def _remind_certificate_renewals(platform: Platform) -> State[Any]:
    now = utc_now()
    return _told(platform, certificate_reminders(platform, now), remind_each, now)


def _told(platform: Platform, noticed: Noticed, remind: Remind, now: datetime) -> State[Any]:
    """Send what was noticed, and tell people of the faults that were found.

    What keeps one from people keeps none of the others back, and hides no fault.
    """
    runner, page = str(flow_run.id), url_for("flow-run", obj_id=flow_run.id) or ""
    addresses, unlinked = _addressed(_link(platform), noticed.reminders, now)
    noticed = replace(noticed, notices=(*noticed.notices, *unlinked))
    sent: tuple[Reminder, ...] = ()
    kept: list[RunbookError] = []
    try:
        sent = remind(platform, runner, noticed.reminders, addresses.__getitem__)
    except RunbookError as error:
        kept.append(error)
    try:
        tell_faults(platform, runner, noticed.notices, page)
    except RunbookError as error:
        kept.append(error)
    if not kept:
        return _ended(noticed, sent)
    told = dict.fromkeys([*(each.message for each in kept), *_said(sent), *noticed.faults])
    raise RunbookError("; ".join(told), hint=kept[0].hint)


def _addressed(
    link: Callable[[Reminder], str], reminders: Sequence[Reminder], now: datetime
) -> tuple[dict[Reminder, str], list[Reminder]]:
    """Return where each reminder leads, and what to say of those whose link cannot be made."""
    addresses = dict.fromkeys(reminders, "")
    unlinked: list[Reminder] = []
    for each in reminders:
        try:
            addresses[each] = link(each)
        except RunbookError as error:
            words = f"its reminder has no link, as {error.message}"
            unlinked.append(notice(each.about, each.name, words, now, daily=False))
    return addresses, unlinked


def _said(sent: Sequence[Reminder]) -> list[str]:
    return [f"sent: {each.name} {each.rung}" for each in sent]


def _ended(noticed: Noticed, sent: tuple[Reminder, ...]) -> State[Any]:
    told = "; ".join([*(_said(sent) or ["nothing was to be sent"]), *noticed.faults])
    get_run_logger().info("%s", told)
    return Failed(name=LOOK, message=told) if noticed.faults else Completed(message=told)


def _link(platform: Platform) -> Callable[[Reminder], str]:
    """Return where a reminder leads: the form of its runbook, with what it is about filled in.

    Where a run renews it already, it leads to that run.
    """

    def link(reminder: Reminder) -> str:
        if reminder.run:
            return url_for("flow-run", obj_id=UUID(reminder.run)) or ""
        if not reminder.runbook:
            return ""
        inputs = platform.runbook(reminder.runbook).inputs
        secret = reminder.name if reminder.about == "secret" else reminder.into
        filled = {name: secret for name, spec in inputs.items() if spec.type == "secret" and secret}
        if reminder.about in inputs and reminder.about not in filled:
            filled[reminder.about] = reminder.name
        return form_address(reminder.runbook, filled)

    return link


def _table(rows: list[Compared], told: str) -> str:
    lines = ["# SOPS and Vaultwarden", "", told, ""]
    if rows:
        lines += ["| Secret or place | State | What is known |", "|---|---|---|"]
    for row in rows:
        lines.append(f"| {plain(row.secret or row.place)} | {row.state} | {plain(row.note)} |")
    return "\n".join(lines)
