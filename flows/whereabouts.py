"""What the trail says about a pick-up of a run: where it runs, and from which commit."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from adapters.platform import Platform
from adapters.shared.origin import origin
from engine.errors import Fenced, LedgerDown, RunbookError
from engine.ledger import Actor, Draft, Event


def whereabouts(platform: Platform) -> dict[str, Any]:
    """Return the worker's host and process, and the commit of the folder of runbooks."""
    return {
        "worker": f"{socket.gethostname()} {os.getpid()}",
        "source": origin(platform.settings.runbooks),
    }


@dataclass
class Wish:
    """A start that is not in the ledger yet."""

    actor: Actor
    """Who wants it, as far as that is known by now; whoever learns more of it says so here."""


@contextmanager
def refusals_recorded(platform: Platform, run: str, runbook: str, actor: Actor) -> Iterator[Wish]:
    """Let a run that could not even start leave an entry: who wanted what, and why not.

    `actor` is who says that they want it, and is named until somebody is proven.
    """
    wish = Wish(actor)
    try:
        yield wish
    except (LedgerDown, Fenced):
        raise
    except RunbookError as error:
        refused = error
    else:
        return
    with suppress(RunbookError):
        if not platform.journal.entries(run):
            told = {"what": "start", "runbook": runbook, "about": run, "why": refused.message}
            platform.journal.append(
                Draft(run="", event=Event.ATTEMPT_REFUSED, actor=wish.actor, details=told)
            )
    raise refused
