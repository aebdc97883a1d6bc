"""What a commit of ours says about itself: who, why, where, and never a value.

Names are typed by people. Each is laid on one line of printable characters before it goes into a
message, so that none can forge a trailer of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.errors import Refused
from engine.step import Call

RUN = "Runbook-Run"
KEY = "Runbook-Key"
STEP = "Runbook-Step"
CHANGE = "Runbook-Change"
STARTED_BY = "Started-By"
APPROVED_BY = "Approved-By"
LEDGER_HEAD = "Ledger-Head"
READER = "Runbook-Reader"
"""Age recipients with a sign before each: `+age1…` came, `-age1…` went."""

LONGEST_NAME = 120
"""Characters of a name that a person typed."""

KeyPath = tuple[str | int, ...]
"""The way from the top of a document to a value: keys of maps and indices of lists."""

_CHANGE = re.compile(r"(?P<file>[^#]+)#(?P<index>(\[(\"[^\"\[\]]+\"|\d+)\])+)")
_PART = re.compile(r"\[(?:\"(?P<key>[^\"\[\]]+)\"|(?P<index>\d+))\]")


@dataclass(frozen=True)
class Change:
    """One value that a commit of ours changed: where it stands, not what it is."""

    file: str
    """Path inside the repository."""
    path: KeyPath

    def __str__(self) -> str:
        return f"{self.file}#{index_of(self.path)}"

    @classmethod
    def parse(cls, text: str) -> Change:
        """Read what `str` gave; raise `Refused` for anything else."""
        match = _CHANGE.fullmatch(text)
        if match is None or {"", ".", "..", ".git"} & set(match["file"].split("/")):
            raise Refused(
                f'the {CHANGE} trailer {one_line(text)!r} is not `file#["key"]`',
                hint="The commit was not made by this engine; look who pushed it.",
            )
        return cls(match["file"], parse_index(match["index"]))


def index_of(path: KeyPath) -> str:
    """Return the path as sops writes it: `["ai_agents"]["keys"][0]`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f'["{part}"]' for part in path)


def parse_index(text: str) -> KeyPath:
    """Read what `index_of` gave; whatever is between the brackets is dropped."""
    return tuple(
        int(match["index"]) if match["index"] else match["key"] for match in _PART.finditer(text)
    )


def message(
    call: Call, verb: str, changes: Sequence[Change], extra: Mapping[str, str] | None = None
) -> str:
    """Return the message of a commit made for `call`; `verb` opens its subject."""
    what = one_line(call.secret or call.about)[:LONGEST_NAME] or "values"
    trailers = [
        (RUN, call.run),
        (KEY, call.key),
        (STEP, call.step),
        *((CHANGE, str(change)) for change in changes),
        (STARTED_BY, one_line(call.started_by)[:LONGEST_NAME]),
        *((APPROVED_BY, one_line(name)[:LONGEST_NAME]) for name in call.approved_by),
        *(extra or {}).items(),
    ]
    lines = [f"{name}: {laid}" for name, text in trailers if (laid := one_line(text))]
    return "\n".join([f"{verb} {what}: {one_line(call.runbook)}", "", *lines, ""])


def verb_of(call: Call) -> str:
    """Return what a run does, as the first word of its runbook's name says it: `rotate`, `add`."""
    return one_line(call.runbook.partition("-")[0])[:LONGEST_NAME] or "change"


def one_line(text: str) -> str:
    """Return `text` as a single line of printable characters."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(printable.split())
