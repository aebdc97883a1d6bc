"""Which attempt of a run may still write: the newest, and only one can become the next."""

from __future__ import annotations

from engine.errors import Superseded, superseded
from engine.ledger import BESIDE, Draft, Event

_PICK_UPS = frozenset({Event.RUN_STARTED, Event.RUN_RESUMED})


def refuse_stale(draft: Draft, newest: int) -> None:
    """Raise `Superseded` unless `draft` may follow attempt `newest` of its run (0: no attempt yet)."""
    if not _is_of_a_run(draft):
        return
    if draft.event in _PICK_UPS and draft.attempt != newest + 1:
        raise Superseded(
            f"run {draft.run} is at attempt {newest}, so {draft.attempt} cannot be the next",
            hint="Another runner has picked this run up; let it work, and stop this one.",
        )
    if draft.attempt < newest:
        raise superseded(draft.run, newest, draft.attempt)


def _is_of_a_run(draft: Draft) -> bool:
    return bool(draft.run) and not (draft.event in BESIDE and draft.attempt == 0)
