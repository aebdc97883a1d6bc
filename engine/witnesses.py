"""Heads that were kept elsewhere, and the chain confronted with them.

A chain shows by itself every change inside it. That its tail was cut, or that all of it was
written anew, only a head from outside shows: in a commit, in a signed note, on a sheet of paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from engine.errors import ChainBroken
from engine.ledger import GENESIS, Entry, verify


@dataclass(frozen=True)
class Witness:
    """A head that somebody else kept."""

    hash: str
    source: str
    """Where it was kept, in words that follow "by": `commit 1f0c2d3e of main`."""
    sequence: int = 0
    """Which entry it is the hash of; 0 where that is not told."""


@dataclass(frozen=True)
class Verified:
    """What a chain that is sound, and that no witness contradicts, comes to."""

    length: int
    head: str


def confront(entries: Iterable[Entry], witnesses: Sequence[Witness] = ()) -> Verified:
    """Check every entry in order and every witness; raise `ChainBroken` at the first that fails."""
    met: dict[str, int] = {}
    wanted = {witness.hash for witness in witnesses}
    length = [0]
    head = verify(_met(entries, wanted, met, length))
    missing = [w for w in witnesses if w.hash not in met and w.hash != GENESIS]
    if missing:
        first = min(missing, key=lambda w: (w.sequence == 0, w.sequence))
        raise _contradicted(first, length[0], max(met.values(), default=0))
    return Verified(length[0], head)


def _met(
    entries: Iterable[Entry], wanted: set[str], met: dict[str, int], length: list[int]
) -> Iterator[Entry]:
    for entry in entries:
        length[0] += 1
        if entry.hash in wanted:
            met[entry.hash] = entry.sequence
        yield entry


def _contradicted(witness: Witness, length: int, certain: int) -> ChainBroken:
    """Say what the first missing head tells, and up to where the others vouch for the chain."""
    head = f"the head {witness.hash[:16]} kept by {witness.source}"
    if witness.sequence > length:
        what = f"was entry {witness.sequence}, and the ledger ends with entry {length}: it was cut"
    elif witness.sequence:
        what = f"was entry {witness.sequence}, and that is another one now: it was written anew"
    else:
        what = "was published once and is not in the ledger: it was cut or written anew"
    since = f"after entry {certain}" if certain else "and nothing vouches for any of it"
    return ChainBroken(f"{head} {what} {since}", hint="Compare the ledger with a backup or export.")
