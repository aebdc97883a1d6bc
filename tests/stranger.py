"""A verifier of exports and notes written from docs/ledger.md alone: it shares no code with ours.

It reads bytes and returns a verdict: whether the export is sound, or which line is the first wrong
one, 0 where the lines are sound and a head from elsewhere is not among them.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FIELDS = {
    "sequence": int,
    "at": str,
    "run": str,
    "step": str,
    "attempt": int,
    "event": str,
    "actor": dict,
    "plan": str,
    "details": dict,
    "previous": str,
    "hash": str,
}
ACTOR = {"subject": str, "verified": str, "groups": list, "via": str}
ZEROS = "0" * 64


def judge(export: bytes, heads: Sequence[str] = ()) -> tuple[str, int | str]:
    """Return ("sound", head) or ("broken", line)."""
    previous, known = ZEROS, {ZEROS}
    *lines, rest = export.split(b"\n")
    for number, line in enumerate(lines, start=1):
        entry = _read(line)
        if entry is None or entry["sequence"] != number or entry["previous"] != previous:
            return "broken", number
        said = entry.pop("hash")
        if hashlib.sha256(b"runbook-ledger/1\n" + _spell(entry)).hexdigest() != said:
            return "broken", number
        previous = said
        known.add(said)
    if rest:
        return "broken", len(lines) + 1
    return ("sound", previous) if set(heads) <= known else ("broken", 0)


def signed_head(note: str, key: str) -> str | None:
    """Return the head in a signed note; None if it is not signed by `key`."""
    text, _, signature = note.partition("\n\n")
    name, key_id, public = key.strip().split("+", 2)
    raw = base64.b64decode(public)
    if hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8] != key_id:
        return None
    dash, signer, told = signature.strip().split(" ")
    blob = base64.b64decode(told)
    if (dash, signer, blob[:4].hex()) != ("\u2014", name, key_id):
        return None
    Ed25519PublicKey.from_public_bytes(raw[1:]).verify(blob[4:], (text + "\n").encode())
    return text.split("\n")[2]


def _read(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line.decode(), parse_float=_refuse)
        is_spelled_so = _spell(entry) == line
    except ValueError:
        return None
    if not is_spelled_so or _types(entry) != FIELDS or _types(entry["actor"]) != ACTOR:
        return None
    return entry if all(type(group) is str for group in entry["actor"]["groups"]) else None


def _types(value: Any) -> dict[str, type] | None:
    return {name: type(it) for name, it in value.items()} if isinstance(value, dict) else None


def _refuse(text: str) -> float:
    raise ValueError(f"{text} is a float")


def _spell(value: object) -> bytes:
    """Spell JSON as the page says; a name given twice is lost here, and so shows in the bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
