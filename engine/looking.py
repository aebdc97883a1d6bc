"""What a gate's form tells of a step without performing it: what is there now, and what it will do."""

from __future__ import annotations

from typing import Any

from engine.errors import ChainBroken, Fenced, LedgerDown, RunbookError
from engine.job import Job, prepared
from engine.step import Done, NotYet, Once, Repeatable, Unclear
from engine.surprise import surprise


def look(job: Job) -> Done[Any] | NotYet | Unclear | None:
    """Probe without performing; None where there is no probe.

    What keeps it from looking is told as what it finds, masked, or by its kind alone where nobody
    foresaw it. Raises what the ledger raises.
    """
    declared = job.declared
    if isinstance(declared.probe, Repeatable | Once):
        return None
    try:
        params, call = prepared(job)
        found: Done[Any] | NotYet | Unclear = declared.probe(params, call)
    except (Fenced, LedgerDown, ChainBroken):
        raise
    except RunbookError as error:
        return NotYet(job.desk.redact(f"could not look: {error.message}"))
    except Exception as error:  # noqa: BLE001 - its text may hold a secret, and Prefect keeps it
        return NotYet(f"could not look: {surprise('the look', error)}")
    return found


def describe(job: Job) -> str:
    """Say in Markdown what the step will do."""
    declared = job.declared
    try:
        params, _ = prepared(job)
        said = declared.describe(params) if declared.describe else declared.summary
    except RunbookError as error:
        said = f"{declared.summary} ({error.message})"
    except Exception as error:  # noqa: BLE001 - as above
        said = f"{declared.summary} ({surprise('its description', error)})"
    return job.desk.redact(said)
