"""The clock of all gates: every 30 seconds, one pass over those that wait, and then gone again."""

from __future__ import annotations

from datetime import UTC, datetime

from prefect import flow

from adapters.platform import open_platform
from engine.watching import watch
from flows.core_files import forbid_core_files
from flows.masking import masked
from flows.telling import tell

NAME = "watch-gates"


@flow(
    name=NAME,
    description="Remind of gates that wait, end those that expired, and tell whom they name.",
    persist_result=False,
    log_prints=False,
    retries=0,
)
def watch_gates() -> None:
    """Write what is due about every gate that waits, and tell people."""
    forbid_core_files()
    masked("the watch", _watch)


def _watch() -> None:
    platform = open_platform()
    for entry in watch(platform.journal, datetime.now(UTC)):
        tell(platform, entry)
