"""Getting a commit onto a main that others push to as well, without force and without loss."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from adapters.shared.checkout import Change, Checkout, Replay
from engine.errors import Refused, RunbookError, Transient

PAUSE_SECONDS = 0.2
"""Mean pause after the first lost race; it grows with each one."""


@dataclass(frozen=True)
class Move:
    """Values on their way to main."""

    base: str
    """The commit the changes were made on."""
    source: str
    """The commit that has them."""
    changes: tuple[Change, ...]


def land(
    checkout: Checkout,
    replay: Replay,
    key: str,
    plan: Callable[[Checkout], tuple[Move, str]],
    report: Callable[[str], None],
) -> str:
    """Return the commit of main that holds what `plan` wants.

    `plan` gives the move and the commit message for a main as it is now. A commit that carries
    `key` already is returned as it is. Raises `Transient` if others were first every time.
    """
    attempts = checkout.settings.push_attempts
    for attempt in range(1, attempts + 1):
        commit = checkout.landed(key)
        if commit is None:
            commit = _offer(checkout, replay, *plan(checkout))
        if commit is not None:
            _sweep(checkout, report)
            return commit
        report(f"someone else pushed first, try {attempt} of {attempts}")
        time.sleep(random.uniform(0, 2 * PAUSE_SECONDS * attempt))  # noqa: S311 - only spreads us
        checkout = checkout.refresh()
    raise Transient(
        f"{checkout.settings.branch} moved {attempts} times while we pushed",
        hint="Wait until others are done pushing, or raise git.push_attempts.",
    )


def _offer(checkout: Checkout, replay: Replay, move: Move, message: str) -> str | None:
    """Make the commit and push it; return None if someone else was first."""
    commit = checkout.commit(_tree(checkout, replay, move), checkout.main, message)
    return commit if checkout.git.push(commit, checkout.settings.branch) else None


def _tree(checkout: Checkout, replay: Replay, move: Move) -> str:
    files = sorted({change.file for change in move.changes})
    if strangers := checkout.changed_files(move.base, move.source) - set(files):
        raise Refused(
            f"{move.source[:12]} changes {', '.join(sorted(strangers))} too, which it does not say",
            hint="Only commits of this engine may be on a pending branch; look who pushed it.",
        )
    if checkout.main == move.base:
        return checkout.tree(move.source)
    base, source, target = (
        checkout.place(commit, files) for commit in (move.base, move.source, checkout.main)
    )
    replay(base, source, target, move.changes)
    return checkout.tree_with(checkout.main, target, files)


def _sweep(checkout: Checkout, report: Callable[[str], None]) -> None:
    """Delete the pending branch; failing to is only told here, and the step's probe sees it."""
    try:
        gone = checkout.pending_branch == checkout.settings.branch or checkout.drop_pending()
    except RunbookError:
        gone = False
    if not gone:
        report(f"{checkout.pending_branch} is still on the remote; it may be deleted")
