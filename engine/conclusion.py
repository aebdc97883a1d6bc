"""What a look at a secret can come to, with no ledger to ask: a small set of cases."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Case(StrEnum):
    """The conclusions there are."""

    SETTLED = "settled"
    PENDING = "pending"
    """A value waits on a branch, and nothing else has it."""
    VAULT_AHEAD = "vault ahead"
    """A value waits on a branch, and the vault has it already."""
    VAULT_BEHIND = "vault behind"
    VAULT_NEWER = "vault newer"
    CLUSTER_BEHIND = "cluster behind"
    PODS_BEHIND = "pods behind"
    OLD_KEY = "old key"
    """All is new, and the key before it is still active."""
    CUT_OVER = "cut over"
    """The provider accepts a value that waits on a branch, and no more the one of main."""
    SEVERAL_PENDING = "several pending"
    KEYS_UNCLEAR = "keys unclear"
    OTHER = "other"
    """A place holds a value that nothing else explains."""
    UNREADABLE = "unreadable"


UNCLEAR = frozenset({Case.SEVERAL_PENDING, Case.KEYS_UNCLEAR, Case.OTHER, Case.UNREADABLE})
"""Cases in which nothing is advised but to look."""


@dataclass(frozen=True)
class Conclusion:
    """What was found, and the next safe move."""

    case: Case
    words: str
    """What is so, in one sentence without a full stop."""
    move: str
    """What to do next; empty where there is nothing."""
    revoke: str = ""
    """Id of the key that may be ended, where that is beyond doubt."""
    pending: str = ""
    """Fingerprint of the one value that waits, where starting again with it is the move."""
    leftovers: tuple[str, ...] = ()
    """Pending branches whose value is on main already; they may be deleted."""
    strangers: tuple[str, ...] = ()
    """Active keys that fit no value seen: orphans of a run, or keys of something else."""
    is_away: bool = False
    """Whether a place did not answer, so that a later look may say more."""

    @property
    def is_ambiguous(self) -> bool:
        """Tell whether a person has to find out more before anything is done."""
        return self.case in UNCLEAR
