"""Which secrets a live run works on, and the fingerprints it has spoken of."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.platform import Platform
from adapters.standing.records import is_ledger_there
from engine.fold import fold

HELD = "secret:"
"""Begins what a run holds of a secret."""


def known_marks(platform: Platform) -> Mapping[str, frozenset[str]]:
    """Return, by secret, the fingerprints of the live run that holds it; raise `LedgerDown`.

    Nothing where there is no ledger: then no run explains anything.
    """
    if not is_ledger_there(platform.settings.ledger):
        return {}
    with platform.journal as journal:
        holders = {
            resource.removeprefix(HELD): run
            for resource, run in journal.holders().items()
            if resource.startswith(HELD)
        }
        states = {secret: fold(run, journal.entries(run)) for secret, run in holders.items()}
    return {
        secret: frozenset(
            str(step.outputs["fingerprint"])
            for step in state.steps.values()
            if step.outputs.get("fingerprint")
        )
        for secret, state in states.items()
    }


def joined(
    one: Mapping[str, frozenset[str]], other: Mapping[str, frozenset[str]]
) -> Mapping[str, frozenset[str]]:
    """Return what is known by either."""
    nothing: frozenset[str] = frozenset()
    return {
        secret: one.get(secret, nothing) | other.get(secret, nothing)
        for secret in one.keys() | other.keys()
    }
