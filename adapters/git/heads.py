"""Heads of the ledger that rotation commits carry in their trailers."""

from __future__ import annotations

import re

from adapters.shared import trailers
from adapters.shared.checkout import GitSettings, open_checkout
from engine.witnesses import Witness

_FORGER = "whoever may push to"
_HEAD = re.compile(r"[0-9a-f]{64}")
_FORMAT = f"%H%x00%(trailers:key={trailers.LEDGER_HEAD},valueonly,separator=%x00)%x1e"


def published_heads(settings: GitSettings) -> tuple[Witness, ...]:
    """Return a witness for each commit of the main branch that names a head, the oldest first.

    Raises `Refused` if no remote is set or it does not let us in, `Transient` if it is away.
    """
    with open_checkout(settings, "verify") as checkout:
        raw = checkout.git.local("log", "--reverse", f"--format={_FORMAT}", checkout.main, "--")
    records = (record.strip().split("\0") for record in raw.decode(errors="replace").split("\x1e"))
    return tuple(
        Witness(
            head,
            f"commit {commit[:12]} of {settings.branch}",
            forger=f"{_FORGER} {settings.branch}",
        )
        for commit, *heads in records
        for head in heads
        if _HEAD.fullmatch(head)
    )
