"""What a commit of ours says about itself: who, why, where, and never a value.

Names are typed by people. Each is laid on one line of printable characters before it goes into a
message, so that none can forge a trailer of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote

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

_INDEX = re.compile(r"(\[(%?\"[^\"\[\]]*\"|\d+)\])+")
_PART = re.compile(r"\[(?:(?P<coded>%?)\"(?P<key>[^\"\[\]]*)\"|(?P<index>\d+))\]")


@dataclass(frozen=True)
class Change:
    """One value that a commit of ours changed: where it stands, not what it is."""

    file: str
    """Path inside the repository."""
    path: KeyPath

    def __str__(self) -> str:
        is_plain = one_line(self.file) == self.file and not self.file.startswith("%")
        file = self.file if is_plain else f"%{_coded(self.file)}"
        return f"{file}#{''.join(map(_part, self.path))}"

    @classmethod
    def parse(cls, text: str) -> Change:
        """Read what `str` gave; raise `Refused` for anything else."""
        file, _, index = text.rpartition("#[")  # no key is written with a bracket in it
        index = f"[{index}"
        file = _decoded(file[1:]) if file.startswith("%") else file
        if not _INDEX.fullmatch(index) or {"", ".", "..", ".git"} & set(file.split("/")):
            raise Refused(
                f'{one_line(text)!r} is not a place as the engine writes it, `file#["key"]`',
                hint=f"As a {CHANGE} trailer: the commit was not made by this engine; look who "
                "pushed it.",
            )
        return cls(file, parse_index(index))


def index_of(path: KeyPath) -> str:
    """Return the path as sops reads it, which knows no escape: `["ai_agents"]["keys"][0]`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f'["{part}"]' for part in path)


def parse_index(text: str) -> KeyPath:
    """Read the path of a `Change`; whatever is between the brackets is dropped."""
    return tuple(map(_key, _PART.finditer(text)))


def _part(part: str | int) -> str:
    """Return one part of a path as sops writes it, and `[%"%5Bclient%5D"]` where it knows no way."""
    if isinstance(part, int):
        return f"[{part}]"
    is_plain = bool(part) and one_line(part) == part and not set(part) & set('"[]')
    return f'["{part}"]' if is_plain else f'[%"{_coded(part)}"]'


def _key(match: re.Match[str]) -> str | int:
    if match["index"]:
        return int(match["index"])
    return _decoded(match["key"]) if match["coded"] else match["key"]


def _coded(text: str) -> str:
    return quote(text, safe="", errors="surrogatepass")


def _decoded(text: str) -> str:
    return unquote(text, errors="surrogatepass")


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
