"""YAML as spans of its text: what stands where, so that a part can be changed and the rest be kept.

A loader forgets comments, aliases and layout. Here each node knows its place in the text, and an
alias knows the node it stands for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import yaml

from engine.findings import Finding, Invalid, Place


@dataclass(frozen=True)
class Node:
    """One node, as written."""

    kind: Literal["scalar", "list", "map"]
    start: int
    """Index of its first character: of its anchor, where it has one."""
    end: int
    line: int
    """Counted from 1, as is `column`."""
    column: int
    text: str = ""
    """The value of a scalar."""
    items: tuple[Node, ...] = ()
    """Of a list; of a map, key and value in turn."""
    flow: bool = False
    """Whether a collection is written in brackets."""
    alias_of: Node | None = None
    """What it stands for, where it is an alias."""

    @property
    def meant(self) -> Node:
        """Return the node itself, or what it stands for."""
        return self.alias_of or self

    @property
    def pairs(self) -> tuple[tuple[Node, Node], ...]:
        """Return keys and values of a map."""
        return tuple(zip(self.items[::2], self.items[1::2], strict=True))

    def get(self, key: str) -> Node | None:
        """Return the value of a map at `key`; None where there is none, or where this is no map."""
        if self.meant.kind != "map":
            return None
        return next((value for name, value in self.meant.pairs if name.meant.text == key), None)

    def walk(self) -> Iterator[Node]:
        """Yield this node and all below it, each once where it is written."""
        yield self
        if self.alias_of is None:
            for item in self.items:
                yield from item.walk()


def read_spans(text: str, file: str) -> Node:
    """Return the root of the only document; raise `Invalid` for what is no YAML, or several."""
    try:
        events = [*yaml.parse(text, Loader=yaml.SafeLoader)]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        problem = Finding(place, f"this is not valid YAML: {error.problem}")
    else:
        documents = [e for e in events if isinstance(e, yaml.DocumentStartEvent)]
        if len(documents) == 1:
            return _Reader(events, file).root()
        problem = Finding(Place(file), f"it holds {len(documents)} YAML documents, not one")
    raise Invalid([problem])


class _Reader:
    """Builds nodes from events, in order."""

    def __init__(self, events: list[yaml.Event], file: str) -> None:
        self._events = iter(events[2:])  # after the starts of stream and document
        self._file = file
        self._anchors: dict[str, Node] = {}

    def root(self) -> Node:
        return self._node(next(self._events))

    def _node(self, event: yaml.Event) -> Node:
        start, end = event.start_mark, event.end_mark
        assert start is not None, "an event that was parsed has a place"
        assert end is not None, "and an end"
        where = (start.index, end.index, start.line + 1, start.column + 1)
        if isinstance(event, yaml.AliasEvent):
            target = self._anchors.get(str(event.anchor))
            if target is None:
                place = Place(self._file, where[2], where[3])
                raise Invalid([Finding(place, f"there is no anchor `{event.anchor}` above this")])
            return Node(target.kind, *where, target.text, alias_of=target)
        if isinstance(event, yaml.ScalarEvent):
            made = Node("scalar", *where, event.value)
        else:
            made = self._collection(event, where)
        if getattr(event, "anchor", None):
            self._anchors[str(event.anchor)] = made  # type: ignore[attr-defined] # it has one
        return made

    def _collection(self, event: yaml.Event, where: tuple[int, int, int, int]) -> Node:
        is_list = isinstance(event, yaml.SequenceStartEvent)
        closing = yaml.SequenceEndEvent if is_list else yaml.MappingEndEvent
        items = []
        while not isinstance(following := next(self._events), closing):
            items.append(self._node(following))
        start, _, line, column = where
        last = following.end_mark
        assert last is not None, "an event that was parsed has a place"
        flow = bool(getattr(event, "flow_style", False))
        kind: Literal["list", "map"] = "list" if is_list else "map"
        return Node(kind, start, last.index, line, column, items=tuple(items), flow=flow)
