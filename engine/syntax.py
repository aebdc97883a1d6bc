"""What keeps a file from being YAML: where it is, and what to do about it."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from typing import Any

import yaml

from engine.findings import Finding, Place

_OTHER_BREAKS = re.compile("[\x85\u2028\u2029]")
"""What YAML counts as the end of a line, and no editor does."""
_HINTS = (
    (r"\\t", "YAML is indented with spaces, never with tabs."),
    (r"cannot start any token", "Put quotes around a text that begins with such a character."),
    (
        r"mapping values are not allowed",
        "Put quotes around a text with a colon in it, or look at the indentation.",
    ),
    (r"expected alphabetic", "Put quotes around a text that begins with `*` or `&`."),
    (r"another document", "One file is one document; remove the line `---`."),
)
_REFERENCE = "Put quotes around what holds a reference: inside of braces they tell it apart."


class Text:
    """The text of a file, and where its lines are."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file

    def at(self, mark: Any) -> Place:
        """Return the place of one of YAML's marks, as an editor counts lines."""
        if mark is None:
            return Place(self.file)
        if self._is_plain:
            return Place(self.file, mark.line + 1, mark.column + 1)
        return self.place(mark.index)

    def place(self, index: int) -> Place:
        """Return the place of the character with this index."""
        line = bisect_right(self._starts, index)
        return Place(self.file, line, index - self._starts[line - 1] + 1)

    def other_break(self) -> str:
        """Name what YAML takes for the end of a line and an editor does not; empty for none."""
        found = _OTHER_BREAKS.search(self.text)
        if found is None:
            return ""
        return f"U+{ord(found[0]):04X} in line {self.place(found.start()).line}"

    def line(self, place: Place) -> str:
        """Return the text of a line, of the last one for a place behind the end."""
        start = self._starts[min(place.line, len(self._starts)) - 1]
        return self.text[start:].partition("\n")[0]

    @cached_property
    def _is_plain(self) -> bool:
        return _OTHER_BREAKS.search(self.text) is None

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(each.end() for each in re.finditer(r"\r\n|\r|\n", self.text))]


def undecodable(raw: bytes, file: str, start: int) -> Finding:
    """Return what to say of bytes that are no UTF-8 from `start` on."""
    before = raw[:start].decode("utf-8")
    hint = "Save the file as UTF-8."
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        hint = f"It is UTF-16. {hint}"
    return Finding(Text(before, file).place(len(before)), f"not UTF-8 at byte {start}", hint)


def syntax(error: Exception, text: Text) -> Finding:
    """Return what to say of an error of the parser."""
    if isinstance(error, yaml.reader.ReaderError):
        return _unprintable(error, text)
    opened = getattr(error, "context_mark", None)
    context = str(getattr(error, "context", None) or "")
    problem = str(getattr(error, "problem", None) or type(error).__name__)
    if "quoted scalar" in context and "end of stream" in problem:
        return Finding(
            text.at(opened),
            "not YAML: the quote that opens here is not closed",
            "Close it, or double one that belongs to the text.",
        )
    place = text.at(getattr(error, "problem_mark", None) or opened)
    hint = next((hint for words, hint in _HINTS if re.search(words, problem)), "")
    if "flow" in context and opened is not None:
        is_reference = "${{" in text.line(place)
        line = text.at(opened).line
        hint = _REFERENCE if is_reference else f"Look at the bracket that opens in line {line}."
    if not hint and (found := text.other_break()):
        hint = f"There is {found}, which ends a line of YAML; remove it."
    return Finding(place, f"not YAML: {problem}", hint)


def _unprintable(error: yaml.reader.ReaderError, text: Text) -> Finding:
    code = error.character if isinstance(error.character, int) else ord(error.character)
    hint = "Remove it; an editor may not show it."
    if code == 0:
        hint = "Remove it, or save the file as UTF-8 if it is UTF-16."
    message = f"not YAML: the character U+{code:04X} may not stand in it"
    return Finding(text.place(error.position), message, hint)
