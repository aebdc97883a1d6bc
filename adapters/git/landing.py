"""Carrying pending values onto main, whatever others have pushed there meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from adapters.shared.checkout import Change, Checkout, Replay
from adapters.shared.landing import push_until_landed
from engine.errors import Refused, RunbookError


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

    def build(seen: Checkout) -> str:
        move, message = plan(seen)
        return seen.commit(_tree(seen, replay, move), seen.main, message)

    checkout, commit = push_until_landed(checkout, key, build, report)
    _sweep(checkout, report)
    return commit


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
