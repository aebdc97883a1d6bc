"""Heads that were kept elsewhere, and the chain confronted with them.

A chain shows by itself every change inside it. That its tail was cut, or that all of it was
written anew, only a head from outside shows: in a commit, in a signed note, on a sheet of paper.
A witness may lie, too. What contradicts is therefore told with what it would mean either way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.errors import ChainBroken
from engine.ledger import GENESIS, Entry, Link, verify


@dataclass(frozen=True)
class Witness:
    """A head that somebody else kept."""

    hash: str
    source: str
    """Where it was kept, in words that follow "by": `commit 1f0c2d3e of main`."""
    sequence: int = 0
    """Which entry it is the hash of; 0 where that is not told."""
    forger: str = ""
    """Who else could have put it there: `whoever may write artifacts in Prefect`; empty for nobody."""


@dataclass(frozen=True)
class Verified:
    """What a chain that is sound, and that no witness contradicts, comes to."""

    length: int
    head: str
    vouched: int = 0
    """The last entry that a witness vouches for; 0 for none."""


def confront(entries: Iterable[Entry | Link], witnesses: Sequence[Witness] = ()) -> Verified:
    """Check every entry in order and every witness; raise `ChainBroken` at the first that fails."""
    met: dict[str, int] = {}
    wanted = {witness.hash for witness in witnesses}
    length = [0]
    head = verify(_met(entries, wanted, met, length))
    against = [witness for witness in witnesses if not _holds(witness, met)]
    if against:
        first = min(against, key=lambda w: (w.sequence == 0, w.sequence))
        told = _misplaced(first, met) or _missing(first, length[0], sorted(met.values()))
        raise ChainBroken(told, hint=_advice(first, len(against), len(witnesses)))
    return Verified(length[0], head, max(met.values(), default=0))


def _met(
    entries: Iterable[Entry | Link], wanted: set[str], met: dict[str, int], length: list[int]
) -> Iterator[Entry | Link]:
    for entry in entries:
        length[0] += 1
        if entry.hash in wanted:
            met[entry.hash] = entry.sequence
        yield entry


def _holds(witness: Witness, met: Mapping[str, int]) -> bool:
    if witness.hash == GENESIS:
        return witness.sequence == 0
    place = met.get(witness.hash)
    return place is not None and witness.sequence in (0, place)


def _misplaced(witness: Witness, met: Mapping[str, int]) -> str:
    """Say that a head stands elsewhere in the chain than the witness has it, if so."""
    place = met.get(witness.hash)
    if place is None:
        return ""
    return (
        f"{_named(witness)} is that of entry {place} and was told to be that of entry "
        f"{witness.sequence}: the one who told it is wrong, since a hash covers its place"
    )


def _missing(witness: Witness, length: int, met: Sequence[int]) -> str:
    """Say what a missing head tells, and what the others vouch for; `met` are their places."""
    place = witness.sequence
    certain = max((other for other in met if not place or other < place), default=0)
    since = f"after entry {certain}" if certain else "and nothing vouches for any of it"
    later = next((other for other in met if place and other > place), 0)
    if place > length:
        what = f"was entry {place}, and the ledger ends with entry {length}: it was cut {since}"
    elif later:
        since = f"after entry {certain}" if certain else "from the first on"
        what = (
            f"was entry {place}, and that is another one now, though the head of entry {later} is "
            f"in the ledger: it was written anew {since} before that head was kept, or one of the "
            "two is no head of this ledger"
        )
    elif place:
        what = f"was entry {place}, and that is another one now: it was written anew {since}"
    else:
        what = f"was published once and is not in the ledger: it was cut or written anew {since}"
    return f"{_named(witness)} {what}"


def _named(witness: Witness) -> str:
    return f"the head {witness.hash[:16]} kept by {witness.source}"


def _advice(witness: Witness, against: int, asked: int) -> str:
    doubt = f"Or the head is forged: {witness.forger} could. " if witness.forger else ""
    return (
        f"{against} of {asked} heads kept elsewhere contradict. {doubt}"
        "Compare the ledger with a backup or export."
    )
