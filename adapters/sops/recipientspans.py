"""The places of a `.sops.yaml` that name a recipient, as spans of its text: what to cut, where to put.

The text is changed there and nowhere else; whether the change means what it should is for who makes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NoReturn

from adapters.shared.yamlspans import Node, read_spans
from engine.findings import Finding, Invalid, Place

AGE = re.compile(r"age1[a-z0-9]+")

Span = tuple[int, int]


def cuts(text: str, file: str, recipient: str) -> Iterator[Span]:
    """Yield the spans that name a recipient, and those that hold nothing else; one may be in another."""
    for node in read_spans(text, file).walk():
        yield from _cuts_below(text, node, recipient)


def _cuts_below(text: str, node: Node, recipient: str) -> Iterator[Span]:
    """Yield the spans of text that name the recipient directly below this node."""
    if node.alias_of is not None:
        return
    if node.kind == "list":
        for item in node.items:
            if _is_only(item, recipient):
                yield _item_cut(text, item, flow=node.flow)
    elif node.kind == "map":
        for key, value in node.pairs:
            if key.text != "age" and value.alias_of is None and _is_only(value, recipient):
                yield _line_of(text, key.start, _last(value).end)
            elif value.alias_of is None and recipient in split(value.text):
                yield from _word_cut(text, value, recipient)


def _is_only(node: Node, recipient: str) -> bool:
    """Tell whether a node names the recipient and says nothing else."""
    if node.meant.kind == "scalar":
        return split(node.meant.text) == (recipient,)
    items = [value for _, value in node.pairs] if node.kind == "map" else node.items
    return (
        node.alias_of is None and bool(items) and all(_is_only(each, recipient) for each in items)
    )


def _last(node: Node) -> Node:
    """Return the node with which the text of a node ends; that of a block ends where the next begins."""
    return node if node.flow or not node.items else _last(node.items[-1])


def _item_cut(text: str, item: Node, *, flow: bool) -> Span:
    its_end = _last(item).end
    start, end = _line_of(text, item.start, its_end)
    before, after = text[start : item.start], text[its_end:end]
    mark, rest = (r"\s*", r"\s*,?\s*(#.*)?") if flow else (r"\s*-\s+", r"\s*(#.*)?")
    if re.fullmatch(mark, before) and re.fullmatch(rest, after.rstrip("\r\n")):
        return start, end
    following = re.match(r"\s*,[ \t]*", text[its_end:])
    if following:
        return item.start, its_end + following.end()
    preceding = re.search(r"\s*,\s*$", text[: item.start])
    return (preceding.start() if preceding else item.start), its_end


def _word_cut(text: str, value: Node, recipient: str) -> Iterator[Span]:
    words = AGE.finditer(text, value.start, value.end)
    for at, end in (word.span() for word in words if word.group() == recipient):
        following = re.match(r"\s*,\s*", text[end : value.end])
        preceding = re.search(r"\s*,\s*$", text[value.start : at])
        if following:
            yield at, end + following.end()
        else:
            yield (value.start + preceding.start() if preceding else at), end


def _line_of(text: str, start: int, end: int) -> Span:
    """Return the span of the whole lines from `start` to `end`."""
    over = text.find("\n", end)
    return text.rfind("\n", 0, start) + 1, len(text) if over < 0 else over + 1


def put(text: str, file: str, holder: Node, recipient: str, name: str) -> tuple[Span, str]:
    """Return which span of the text is to be replaced, and what by, to name one recipient more.

    `name` becomes a comment behind it; in a text with commas there is no room for one.
    """
    if holder.kind == "scalar":
        known = [*AGE.finditer(text, holder.start, holder.end)]
        if not known:
            refuse(file, holder, "it names no age recipient after which another could stand")
        return (known[-1].end(),) * 2, f",{recipient}"
    if not holder.items:
        refuse(file, holder, "it is an empty list of recipients")
    last = holder.items[-1]
    comment = " ".join(word for word in name.split() if word.isprintable())
    said = f"  # {comment}" if comment else ""
    if holder.flow:
        return _put_in_brackets(text, holder, recipient, said)
    start, end = _line_of(text, last.start, last.end)
    mark = text[start : last.start]
    if not re.fullmatch(r"\s*-\s+", mark):
        refuse(file, last, "this form of a list is not understood")
    line = f"{mark}{recipient}{said}{_line_end(text)}"
    return (end, end), line if text[:end].endswith("\n") else _line_end(text) + line


def _put_in_brackets(text: str, holder: Node, recipient: str, said: str) -> tuple[Span, str]:
    """Return the same for a list in brackets: a line of its own, where there is a comment to write.

    What follows the last item on its line is about that one, and stays there.
    """
    last, close = holder.items[-1], holder.end - 1
    start, end = _line_of(text, last.start, last.end)
    before, after, new = text[start : last.start], text[last.end : end], _line_end(text)
    indent = before[: len(before) - len(before.lstrip())]
    if end <= close:  # the bracket is on a line below
        pad = f"{indent}  " if before.strip() else indent
        comma = "," if after.lstrip().startswith(",") else ""
        rest = after.lstrip().removeprefix(",") if comma else after
        return (last.end, end), f",{rest}{pad}{recipient}{comma}{said}{new}"
    if not said:
        return (last.end, last.end), f", {recipient}"
    return (last.end, close), f",{new}{indent}  {recipient},{said}{new}{indent}"


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def split(text: str) -> tuple[str, ...]:
    """Return the recipients that a text names, with commas between them."""
    return tuple(filter(None, (part.strip() for part in text.split(","))))


def refuse(file: str, node: Node, message: str) -> NoReturn:
    """Raise `Invalid` with the place of a node."""
    hint = "Nothing was changed. Write it as a list under `age`, or change it by hand."
    raise Invalid([Finding(Place(file, node.line, node.column), message, hint)])
