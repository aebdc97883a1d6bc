"""How the two stores stand to each other: what a look at both of them comes to, secret by secret.

SOPS is the truth. A difference is told and never mended here: which value counts is for a person
to say, since either store may be the one that was changed by mistake.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How the stores stand to each other in one secret."""

    EQUAL = "equal"
    SOPS_NEWER = "sops-newer"
    """They differ, and SOPS changed last: Vaultwarden was forgotten."""
    VAULTWARDEN_NEWER = "vaultwarden-newer"
    """They differ, and Vaultwarden changed last: the cluster runs on what people do not see."""
    MISSING_IN_SOPS = "missing-in-sops"
    MISSING_IN_VAULTWARDEN = "missing-in-vaultwarden"
    MISSING_IN_BOTH = "missing-in-both"
    DUPLICATE_ITEM = "duplicate-item"
    """Several items bear the name, so there is no saying which is meant."""
    UNREGISTERED = "unregistered"
    """A store has it and the catalogue does not."""
    BY_CHOICE = "by-choice"
    """A store has it and the other does not, as the catalogue says with a reason."""
    IN_PROGRESS = "rotation-in-progress"
    """They differ, and a live run knows every value that was seen."""
    UNKNOWN = "unknown"
    """A look failed; neither equal nor different."""


FINE = frozenset({State.EQUAL, State.BY_CHOICE, State.IN_PROGRESS})
"""States that nobody has to do anything about."""


@dataclass(frozen=True)
class Held:
    """What one store holds of one secret."""

    fingerprint: str = ""
    """Empty where the store has nothing."""
    changed: str = ""
    """When it came there, as the ledger spells time; empty where that was not looked up."""
    is_exact: bool = True
    """Whether it came there then, and not then at the latest."""
    copies: int = 1
    """How many places of that name there are."""
    unknown: str = ""
    """Why the look failed, in one sentence."""


@dataclass(frozen=True)
class Compared:
    """One secret, or one place the catalogue does not know, and how it stands."""

    secret: str
    """Name in the catalogue; empty for what is unregistered or alone by choice."""
    state: State
    place: str = ""
    """Where it is, for what has no name."""
    note: str = ""
    """Why, in one sentence without a value."""

    @property
    def is_fine(self) -> bool:
        """Whether nobody has to do anything."""
        return self.state in FINE


def differ(sops: Held, vault: Held) -> bool:
    """Tell whether both stores hold a value, plainly, and not the same."""
    is_plain = not sops.unknown and not vault.unknown and vault.copies == 1
    both = bool(sops.fingerprint and vault.fingerprint)
    return is_plain and both and sops.fingerprint != vault.fingerprint


def judge(sops: Held, vault: Held, known: frozenset[str] = frozenset()) -> tuple[State, str]:
    """Return how one secret stands, and a sentence about it.

    `known` are the fingerprints a live run of this secret has spoken of: a difference is its doing
    only if every value seen is one of them.
    """
    if vault.copies > 1:
        return State.DUPLICATE_ITEM, f"{vault.copies} items bear its name"
    if sops.unknown or vault.unknown:
        return State.UNKNOWN, sops.unknown or vault.unknown
    if sops.fingerprint == vault.fingerprint:
        return (State.EQUAL, "") if sops.fingerprint else (State.MISSING_IN_BOTH, "")
    if {sops.fingerprint, vault.fingerprint} - {""} <= known:
        return State.IN_PROGRESS, ""
    if not sops.fingerprint:
        return State.MISSING_IN_SOPS, ""
    if not vault.fingerprint:
        return State.MISSING_IN_VAULTWARDEN, ""
    return _later(sops, vault)


def _later(sops: Held, vault: Held) -> tuple[State, str]:
    """Tell which of two that differ changed last."""
    if not sops.changed or not vault.changed:
        return State.UNKNOWN, "they differ, and which changed last cannot be told"
    since = f"SOPS changed at {sops.changed[:19]}Z{'' if sops.is_exact else ' at the latest'}"
    told = f"{since}, Vaultwarden at {vault.changed[:19]}Z"
    if sops.changed < vault.changed:
        return State.VAULTWARDEN_NEWER, told
    if not sops.is_exact:
        return State.UNKNOWN, f"they differ, and which changed last cannot be told: {told}"
    return State.SOPS_NEWER, told


def summary(rows: Iterable[Compared]) -> str:
    """Return one line that counts the states, the most frequent first."""
    states = [row.state for row in rows]
    counts = sorted({(-states.count(state), state.value) for state in states})
    return ", ".join(f"{-count} {state}" for count, state in counts) or "nothing to compare"
