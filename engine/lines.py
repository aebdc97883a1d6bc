"""The export: one entry a line, spelled as it was hashed, and read back without trusting any of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from engine.errors import ChainBroken
from engine.ledger import Entry, Link, canonical, fields_of, parsed

_TYPES: Mapping[str, type] = {
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
_ACTOR = {"subject", "verified", "groups", "via"}


def to_json(entry: Entry) -> str:
    """Spell an entry as one line of the export; `read_lines` reads it back."""
    return canonical(fields_of(entry)).decode()


def read_lines(lines: Iterable[bytes]) -> Iterator[Link]:
    """Read JSON Lines as `to_json` writes them, each with its line feed.

    The spelling must be the export's own, byte for byte: a name given twice or one too many would
    be read differently elsewhere and could not show in the hash. Raises `ChainBroken` at the first
    line that is spelled otherwise.
    """
    for number, line in enumerate(lines, start=1):
        link = _read_line(line)
        if link is None:
            raise ChainBroken(
                f"line {number} is not a ledger entry as the export spells it",
                hint="Compare it with the ledger, or with another export.",
            )
        yield link


def _read_line(line: bytes) -> Link | None:
    if not line.endswith(b"\n"):
        return None
    try:
        text = line[:-1].decode()
        fields = parsed(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict) or {n: type(it) for n, it in fields.items()} != _TYPES:
        return None
    if not is_actor(fields["actor"]):
        return None
    # The last one is the entry's own: after it come texts and numbers, in which `"` is escaped.
    before, _, after = text.rpartition(f',"hash":"{fields["hash"]}"')
    return Link(fields["sequence"], fields["previous"], fields["hash"], before + after)


def is_actor(value: object) -> bool:
    """Tell whether this is an actor as JSON holds one."""
    if not isinstance(value, dict) or value.keys() != _ACTOR:
        return False
    groups = value["groups"]
    texts = [value["subject"], value["verified"], value["via"]]
    return isinstance(groups, list) and all(type(it) is str for it in [*texts, *groups])
