"""Where one secret stands in every store, the cluster and at its provider: one look, read only.

It composes what other adapters offer, as the registry does. Values are compared and fingerprinted
here and go no further: what leaves is names, fingerprints, marks and reasons, or a sealed value.
"""

from adapters.standing.looking import (
    all_rotations,
    can_look,
    rotation_names,
    rotations_of,
    runbooks_for,
    standings,
)
from adapters.standing.records import is_ledger_there
from adapters.standing.sealing import seal_pending

__all__ = [
    "all_rotations",
    "can_look",
    "is_ledger_there",
    "rotation_names",
    "rotations_of",
    "runbooks_for",
    "seal_pending",
    "standings",
]
