"""The signed words that the ledger keeps, proven once more, long after the runs that believed them.

A chain shows that nothing was changed since; the signatures show that the people did it. Whoever
may write the ledger, and could even write all of it anew, has no key to sign with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from joserfc.jwk import KeySet

from engine.decision import BREAK_GLASS, NOTE
from engine.errors import ChainBroken, Refused
from engine.evidence import APPROVAL, INITIATION, MOVE, SKEW, WAYS, gate_key, read_word, said_of
from engine.ledger import CLAIMED, Actor, Entry, Event

DECIDED: Mapping[Event, str] = {
    Event.GATE_APPROVED: "approve",
    Event.GLASS_BROKEN: BREAK_GLASS,
    Event.GATE_REJECTED: "reject",
    Event.GATE_SKIPPED: "skip",
    Event.GATE_NOTED: NOTE,
}
"""What an answer said that became this event; a failure's entry says it itself."""
ANSWERED = frozenset({*DECIDED, Event.FAILURE_DECIDED})
"""Events that an answer at a gate brought about."""
YES = frozenset({Event.GATE_APPROVED, Event.GLASS_BROKEN})
"""Answers that reach somewhere."""
SIGNED = frozenset({*ANSWERED, Event.RUN_STARTED, Event.RUN_RESUMED})
"""Events that have a signed word wherever their actor was vouched for."""
UNSIGNED = frozenset({
    Event.RUN_PREAPPROVED, Event.GATE_PREAPPROVED, Event.GLASS_REVIEWED, Event.EXPOSURE_WAIVED,
    Event.RUN_ENDED,
})  # fmt: skip
"""What people say beside a gate; the command line writes it, and nobody signs it."""
TOLD = frozenset({
    *SIGNED, *UNSIGNED, Event.GATE_OPENED, Event.GATE_REFUSED, Event.GATE_EXPIRED,
})  # fmt: skip
"""Events that tell of people at a run, and of what they were asked."""


@dataclass(frozen=True)
class Vouched:
    """How many words hold, and how many hold up nothing but the ledger itself."""

    signed: int
    claimed: int
    """Decisions and starts that rest on a name that was typed."""
    unsigned: int = 0
    """Words beside a gate of people who were verified then, which nothing proves now."""


@dataclass
class _Book:
    """What was read so far."""

    keys: KeySet
    asked: dict[tuple[str, int], Entry] = field(default_factory=dict)
    """The opening of each gate, by run and number."""
    used: dict[str, int] = field(default_factory=dict)
    """The entry that has each token, by the token's id."""


def prove_again(entries: Iterable[Entry], keys: KeySet) -> Vouched:
    """Check every signed word among the entries, which are those of `TOLD`, in order.

    The person, the run, the gate, the plan, the text that was shown, the decision, the comment, the
    reach and the item of each must be those that were signed, each word is there once, and nobody is
    called verified without one but beside a gate. Raises `ChainBroken` that names the first entry for
    which this is not so.
    """
    book, signed, claimed, unsigned = _Book(keys), 0, 0, 0
    for entry in entries:
        if entry.event is Event.GATE_OPENED:
            book.asked[entry.run, entry.details["opening"]] = entry
        words = list(_words(entry))
        for word in words:
            why = _against(book, entry, word)
            if why:
                raise _broken(entry, why)
        bare = [actor for actor in _wordless(entry) if actor.verified in WAYS]
        if bare and entry.event not in UNSIGNED:
            raise _broken(entry, f"{bare[0].subject} is called verified, and nothing is signed")
        signed += len(words)
        unsigned += len(bare)
        claimed += entry.event in SIGNED | UNSIGNED and entry.actor.verified == CLAIMED
    return Vouched(signed, claimed, unsigned)


@dataclass(frozen=True)
class _Word:
    """Somebody whom an entry calls vouched for, and what it keeps of the signature."""

    actor: Actor
    told: Mapping[str, Any]
    kind: str
    move: object = None
    """What was done to the run, where the word is of that kind."""


def _words(entry: Entry) -> Iterator[_Word]:
    details = entry.details
    if "token" in details:
        kind = _KINDS.get(entry.event, APPROVAL)
        yield _Word(entry.actor, details, kind, details.get("cause"))
    for who, told in _movers(entry):
        if "token" in told:
            yield _Word(who, told, MOVE, told.get("move", "cancel"))


def _wordless(entry: Entry) -> Iterator[Actor]:
    """Yield whom the entry names and has no signed word of."""
    if "token" not in entry.details:
        yield entry.actor
    for who, told in _movers(entry):
        if "token" not in told:
            yield who


def _movers(entry: Entry) -> Iterator[tuple[Actor, Mapping[str, Any]]]:
    """Yield who else moved the run before the entry was written, with what it says of each."""
    for name in ("cancelled", "retried"):
        told = entry.details.get(name)
        if told:
            yield Actor(told["subject"], verified=told["verified"]), told


def _against(book: _Book, entry: Entry, word: _Word) -> str:
    """Return what speaks against a signed word; empty if it holds."""
    try:
        claims = read_word(str(word.told["token"]), book.keys, word.kind)
    except Refused as error:
        return error.message
    before = book.used.setdefault(str(claims.get("jti")), entry.sequence)
    if before != entry.sequence:
        return f"its signature is that of entry {before}, and counts once"
    is_own = word.told is entry.details
    actor = word.actor
    wanted = {"sub": actor.subject, "way": actor.verified, "jti": word.told.get("token_id")}
    wanted |= {"groups": list(actor.groups)} if is_own else {}
    wanted |= _bound(book, entry, word)
    for name, value in wanted.items():
        if claims.get(name) != value:
            return f"what was signed has another {_NAMES.get(name, name)}"
    if entry.event in ANSWERED and not _is_said(claims, entry):
        return "what was signed has another comment, reach or item"
    return _untimely(claims, entry)


def _bound(book: _Book, entry: Entry, word: _Word) -> dict[str, Any]:
    """Return what a word of this kind must have been signed for; a start is bound in Prefect."""
    if word.kind == INITIATION:
        return {}
    if word.kind == MOVE:
        return {"run": entry.run, "move": word.move}
    return {"run": entry.run, **_asked(book, entry)}


_KINDS = {Event.RUN_STARTED: INITIATION, Event.RUN_RESUMED: MOVE}
_NAMES = {"sub": "person", "way": "way of knowing the person", "jti": "number", "shown": "text"}


def _asked(book: _Book, entry: Entry) -> dict[str, Any]:
    """Return what an answer at this gate must have been signed for."""
    number = entry.details["opening"]
    opening = book.asked.get((entry.run, number))
    if opening is None:
        return {"gate": None}
    kind = opening.details["kind"]
    told = {
        "gate": gate_key(opening.step, kind, number),
        "plan": opening.plan,
        "shown": opening.details.get("shown"),
    }
    if entry.event in ANSWERED:
        told["decision"] = DECIDED.get(entry.event, entry.details.get("decision"))
    return told


def _is_said(claims: Mapping[str, Any], entry: Entry) -> bool:
    """Tell whether comment and reach, or item and state, are those that were signed.

    Who names no reach says yes to this step alone, and the ledger writes its name.
    """
    if "said" not in claims:  # a word from before it said so
        return True
    told = entry.details
    comment, reach = told["comment"], told.get("through", "")
    if entry.event is Event.GATE_NOTED:
        return bool(claims["said"] == said_of(comment, told["item"], told["state"]))
    is_alone = entry.event in YES and reach == entry.step
    reaches = {reach, ""} if is_alone else {reach}
    return claims["said"] in {said_of(comment, each) for each in reaches}


def _untimely(claims: Mapping[str, Any], entry: Entry) -> str:
    """Return why a word cannot have been given when the entry has it."""
    given, written = claims.get("iat"), datetime.fromisoformat(entry.at).timestamp()
    if not isinstance(given, int) or given > written + SKEW.total_seconds():
        return "it was signed later than it was written"
    return ""


def _broken(entry: Entry, why: str) -> ChainBroken:
    who = entry.actor.subject
    return ChainBroken(
        f"entry {entry.sequence} ({entry.event.value} by {who}) is not vouched for: {why}",
        hint="Compare the ledger with a backup or export. Where the gateway's key was renewed, its "
        "older public keys must be among those that are known.",
    )
