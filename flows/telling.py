"""People told about an entry, in three ways: a notice, a Prefect event, and the run's log.

The entry is written first and is what counts. A notice that does not arrive stops nothing.
"""

from __future__ import annotations

import logging

from prefect.events import emit_event
from prefect.logging import get_run_logger

from adapters.notify import send
from adapters.platform import Platform
from engine.announcing import announcement
from engine.errors import RunbookError
from engine.ledger import Entry
from engine.state import RunState


def tell(platform: Platform, entry: Entry) -> None:
    """Tell people about `entry`, once, as far as they can be reached."""
    started = platform.journal.entries(entry.run)[0]
    told = announcement(entry, started)
    log, about = get_run_logger(), RunState(entry.run, entry.attempt)
    words = f"{told.title} (entry {entry.sequence} of the ledger)"
    log.log(logging.WARNING, about.line(words, entry.step))
    emit_event(
        event=f"runbook.{entry.event.value}",
        resource={
            "prefect.resource.id": f"prefect.flow-run.{entry.run}",
            "runbook.step": entry.step,
        },
        payload={"title": told.title, "text": told.text, "sequence": entry.sequence},
    )
    if platform.settings.notify.targets_file is None:
        return
    try:
        send(platform.settings.notify, told.title, told.text)
    except RunbookError as error:
        log.log(logging.ERROR, about.line(f"a notice did not arrive: {error.message}", entry.step))
