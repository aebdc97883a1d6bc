"""Names of minted keys: whose they are, of which run, and of which pick-up of it.

A provider tells a secret once, in the answer to the request that made it. If that answer is lost, or
the process dies before the value is sealed, a key is left that nobody holds: an orphan. Its name says
so. The pick-up stands in the name because a process that slept may wake when another has taken over:
it must not take the key of the later pick-up, which is in force by then, for an orphan of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from adapters.shared.keys.key import Key
from engine.step import Call

PREFIX = r"^[a-z0-9][a-z0-9-]{0,62}$"
"""What the part of a name may be that the runbook chooses."""


def minted_name(prefix: str, call: Call) -> str:
    """Return the name of the key that this pick-up of the run mints: `prefix.run.attempt`."""
    return f"{prefix}.{call.run}.{call.attempt}"


def orphans(keys: Iterable[Key], prefix: str, call: Call, *, keep: str = "") -> list[Key]:
    """Return the keys that this run has minted up to this pick-up, all but the one with id `keep`."""
    pattern = re.compile(rf"{re.escape(prefix)}\.{re.escape(call.run)}\.(\d+)")
    found = ((key, pattern.fullmatch(key.name)) for key in keys if key.identity != keep)
    return [key for key, match in found if match and int(match[1]) <= call.attempt]
