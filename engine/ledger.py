"""The ledger: one chain of entries that is both the audit trail and the resumable state.

Each entry carries the hash of the one before it, and its own hash over canonical bytes, so an
edit, an insertion, a removal or a new order breaks the chain at that place. A chain cannot show
by itself that its tail was cut or that all of it was written anew: that takes a head kept
elsewhere, which `verify` accepts as `known_heads`.

Canonical bytes are the entry without its own hash as JSON (RFC 8259) in UTF-8: keys sorted by
code point, no white space, no escapes but those JSON demands, integers only, preceded by the
line `runbook-ledger/1`. `docs/ledger.md` gives the format with worked examples.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple, Never

from engine.errors import ChainBroken

FORMAT = b"runbook-ledger/1\n"
GENESIS = "0" * 64
"""What stands before the first entry."""


class Event(StrEnum):
    """What an entry says happened."""

    RUN_STARTED = "run.started"
    RUN_RESUMED = "run.resumed"
    RUN_ENDED = "run.ended"
    PLAN_CHANGED = "plan.changed"
    GATE_OPENED = "gate.opened"
    GATE_APPROVED = "gate.approved"
    GATE_REJECTED = "gate.rejected"
    GATE_SKIPPED = "gate.skipped"
    GATE_NOTED = "gate.noted"
    """Somebody said where one item of a checklist stands; the gate is asked again."""
    GATE_REFUSED = "gate.refused"
    """Somebody tried to decide and was not entitled to, or not like that."""
    GATE_EXPIRED = "gate.expired"
    GATE_REMINDED = "gate.reminded"
    GATE_ESCALATED = "gate.escalated"
    GATE_PREAPPROVED = "gate.preapproved"
    """The run took up a yes that was given before it was started."""
    GLASS_BROKEN = "glass.broken"
    """One person opened a gate against the policy, and said why."""
    GLASS_REVIEWED = "glass.reviewed"
    FAILURE_DECIDED = "failure.decided"
    STEP_STARTED = "step.started"
    STEP_FOUND_DONE = "step.found_done"
    STEP_SUCCEEDED = "step.succeeded"
    STEP_FAILED = "step.failed"
    UNDO_STARTED = "undo.started"
    UNDO_SUCCEEDED = "undo.succeeded"
    UNDO_FAILED = "undo.failed"
    RUN_PREAPPROVED = "run.preapproved"
    ATTEMPT_REFUSED = "attempt.refused"
    """Somebody tried something beside a gate and was not let."""
    TRAIL_READ = "trail.read"
    TRAIL_ANCHORED = "trail.anchored"
    TRAIL_EXPORTED = "trail.exported"
    REMINDER_SENT = "reminder.sent"
    """People were told that a certificate or a value nears its end, or that something is wrong."""
    EXPOSURE_WAIVED = "exposure.waived"
    """Somebody answers for it that a value stays which a leaver could read."""


BESIDE = frozenset({
    Event.GLASS_REVIEWED, Event.RUN_PREAPPROVED, Event.ATTEMPT_REFUSED, Event.TRAIL_READ,
    Event.TRAIL_ANCHORED, Event.TRAIL_EXPORTED, Event.REMINDER_SENT, Event.EXPOSURE_WAIVED,
})  # fmt: skip
"""What happens beside a run: it belongs to no pick-up, and moves no run."""

DECISIONS = (
    Event.GATE_APPROVED, Event.GATE_PREAPPROVED, Event.GLASS_BROKEN, Event.GATE_SKIPPED,
    Event.GATE_REJECTED, Event.GATE_NOTED, Event.FAILURE_DECIDED,
)  # fmt: skip
"""Events by which a person moves a step."""


CLAIMED = "claimed"
"""How an actor is verified whose name was merely typed."""


@dataclass(frozen=True)
class Actor:
    """Who did it, and how we know."""

    subject: str
    verified: str = CLAIMED
    """`engine` for the engine, `schedule` for none, `claimed` if typed, else how it was proven."""
    groups: tuple[str, ...] = ()
    via: str = ""
    """The door: `ui`, `cli`, `schedule`."""


def identity(subject: str) -> str:
    """Return what two spellings of one person's name have in common."""
    return subject.strip().casefold()


ENGINE = Actor(subject="engine", verified="engine")
SCHEDULE = Actor(subject="schedule", verified="schedule", via="schedule")
"""Whoever started a run that a deployment's schedule started: nobody."""


@dataclass(frozen=True)
class Draft:
    """An entry before it has a place in the chain."""

    run: str
    event: Event
    actor: Actor = ENGINE
    step: str = ""
    attempt: int = 0
    """Which pick-up of the run wrote this; the store refuses one that is not the newest."""
    plan: str = ""
    """Digest of the plan in force."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """JSON without floats and without secrets; its shape follows from `event`."""


@dataclass(frozen=True)
class Entry:
    """One row of the ledger."""

    sequence: int
    """Counted from 1 without a gap."""
    at: str
    """UTC, RFC 3339 with microseconds and `Z`."""
    run: str
    step: str
    attempt: int
    event: Event
    actor: Actor
    plan: str
    details: Mapping[str, Any]
    previous: str
    hash: str


class Link(NamedTuple):
    """An entry as the chain sees it, in the spelling it was found in: that is what is hashed."""

    sequence: int
    previous: str
    hash: str
    text: str
    """Canonical JSON of the entry without its hash; whoever makes a link has made sure of that."""


_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)

_PLAIN = (str, int, type(None))


def _refuse(number: str) -> Never:
    raise ValueError(f"{number} is no integer")


_DECODER = json.JSONDecoder(parse_float=_refuse, parse_constant=_refuse)


def canonical(value: object) -> bytes:
    """Return the one JSON spelling of `value`.

    Raises `ValueError` if it holds a float, a name that is no string, or half a surrogate pair,
    and `TypeError` if it holds something JSON does not know.
    """
    _forbid_ambiguity(value)
    return _ENCODER.encode(value).encode()


def _forbid_ambiguity(value: object) -> None:
    if isinstance(value, float):
        raise ValueError("a ledger entry holds no floats: their spelling differs between languages")  # noqa: TRY004
    children: Iterable[object] = ()
    if isinstance(value, dict):
        if not all(isinstance(name, str) for name in value):
            raise ValueError("a ledger entry names things by strings: JSON knows no other names")
        children = value.values()
    elif isinstance(value, (list, tuple)):
        children = value
    for child in children:
        if not isinstance(child, _PLAIN):
            _forbid_ambiguity(child)


def parsed(text: str) -> Any:
    """Return what canonical JSON says.

    Raises `ValueError` or `RecursionError` for the same in another spelling, and for what is no
    JSON: a name given twice, a number written as a float, white space, an escape too many.
    """
    value = _DECODER.decode(text)
    # Only floats and names that are no strings have no canonical spelling; neither comes out here.
    if _ENCODER.encode(value) != text:
        raise ValueError("a ledger holds JSON in its canonical spelling only")
    return value


def quoted(text: str) -> str:
    """Spell a text as canonical JSON does; raise `TypeError` for what is none."""
    if not isinstance(text, str):
        raise TypeError("only a text is spelled as one")
    return _ENCODER.encode(text)


def fields_of(entry: Entry) -> dict[str, Any]:
    """Return the entry as JSON would hold it, ready for `canonical`."""
    return {**vars(entry), "actor": vars(entry.actor)}


def body(entry: Entry) -> dict[str, Any]:
    """Return what the hash covers: every field but the hash itself."""
    fields = fields_of(entry)
    del fields["hash"]
    return fields


def digest(entry: Entry | Link) -> str:
    """Return the SHA-256 of the entry's canonical bytes as 64 hex digits."""
    spelled = entry.text.encode() if isinstance(entry, Link) else canonical(body(entry))
    return hashlib.sha256(FORMAT + spelled).hexdigest()


def timestamp(moment: datetime) -> str:
    """Spell an aware moment as the ledger does."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def chain(draft: Draft, at: str, sequence: int, previous: str) -> Entry:
    """Give `draft` its place after the entry whose hash is `previous`."""
    details = json.loads(canonical(dict(draft.details)))
    values = {**vars(draft), "details": details}
    bare = Entry(**values, sequence=sequence, at=at, previous=previous, hash="")
    return replace(bare, hash=digest(bare))


def verify(entries: Iterable[Entry | Link], known_heads: Iterable[str] = ()) -> str:
    """Check every entry in order and return the head; raise `ChainBroken` at the first that fails.

    `known_heads` are hashes published elsewhere (commit trailers, artifacts, signed notes); each
    must still be in the chain, which finds a cut tail and a chain written anew.
    """
    missing = set(known_heads) - {GENESIS}
    head = GENESIS
    for place, entry in enumerate(entries, start=1):
        _verify_entry(entry, place, head)
        head = entry.hash
        missing.discard(head)
    if missing:
        raise ChainBroken(
            f"the head {min(missing)[:16]} was published once and is not in the ledger",
            hint="The tail was cut or the ledger was written anew; compare with a backup.",
        )
    return head


def _verify_entry(entry: Entry | Link, place: int, head: str) -> None:
    if entry.sequence != place:
        raise ChainBroken(f"entry {place} is missing: its place is taken by entry {entry.sequence}")
    if entry.previous != head:
        raise ChainBroken(
            f"entry {place} follows {entry.previous[:16]}, but the entry before it is {head[:16]}"
        )
    if not _gives_its_hash(entry):
        raise ChainBroken(f"entry {place} was changed: its content does not give its hash")


def _gives_its_hash(entry: Entry | Link) -> bool:
    try:
        return digest(entry) == entry.hash
    except (TypeError, ValueError, RecursionError):
        # What has no canonical bytes was never written by `chain`.
        return False
