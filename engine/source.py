"""YAML with its places: the data of a file, and where in the file each part of it stands.

A runbook is plain data. Anchors, aliases, tags and several documents in one file are refused: they
let a small file explode, or mean something else than a reader sees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from engine.findings import Finding, Invalid, Place
from engine.syntax import Text, syntax, undecodable

MAX_BYTES = 1024 * 1024
"""A runbook of a thousand steps has about 200 KiB, a catalogue of as many secrets 500."""
MAX_DEPTH = 40
FAST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""PyYAML's binding of libyaml, some fifteen times as fast; not every build of PyYAML has it.

It takes a tab behind a value for a space, which PyYAML's own parser refuses."""

_MERGE = "tag:yaml.org,2002:merge"
_BRACES = "A reference is `${{ … }}`, and stands in quotes inside of braces"

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Source:
    """A parsed file."""

    file: str
    data: Any
    places: Mapping[Path, Place]
    """Where the value at a path starts."""
    keys: Mapping[Path, Place]
    """Where the key that leads to a path stands."""

    def place(self, path: Path) -> Place:
        """Return where `path` stands, or the nearest thing above it that does exist."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Place(self.file))

    def value(self, path: Path) -> Any:
        """Return what stands at `path`; None where there is nothing."""
        found = self.data
        for part in path:
            try:
                found = found[part]
            except (KeyError, IndexError, TypeError):
                return None
        return found

    def key_place(self, path: Path) -> Place:
        """Return where the key of `path` stands, or else its value."""
        return self.keys.get(path) or self.place(path)


def parse(text: str | bytes, file: str, first: str = "runbook") -> Source:
    """Parse one YAML mapping; raise `Invalid` with every syntax error that can be told.

    `first` is the key that such a file begins with, for whoever has an empty one.
    """
    raw = text.encode() if isinstance(text, str) else text
    if len(raw) > MAX_BYTES:
        raise Invalid(
            [
                Finding(
                    Place(file),
                    f"the file has {len(raw)} bytes, more than {MAX_BYTES}",
                    "A runbook is a page or two; look whether this is the right file.",
                )
            ]
        )
    try:
        decoded = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid([undecodable(raw, file, error.start)]) from None
    told = Text(decoded, file)
    return _read(_root(told, first), told)


def _root(text: Text, first: str) -> MappingNode:
    """Return the outermost node; where libyaml refuses, PyYAML's own parser judges: it tells more."""
    try:
        return _composed(text, first, FAST)
    except Invalid:
        return _composed(text, first, yaml.SafeLoader)


def _composed(text: Text, first: str, loader: Any) -> MappingNode:
    _refuse_shorthand(text, loader)
    return _compose(text, first, loader)


def _refuse_shorthand(text: Text, loader: Any) -> None:
    """Stop at anchors, aliases and tags before anything is built from them."""
    try:
        for event in yaml.parse(text.text, Loader=loader):
            anchor = getattr(event, "anchor", None)
            if anchor is not None:
                raise Invalid(
                    [
                        Finding(
                            text.at(event.start_mark),
                            f"anchors and aliases are not allowed: {anchor}",
                            "Write the value out where it is used, or put quotes around a text.",
                        )
                    ]
                )
            tag = getattr(event, "tag", None)
            if tag is not None and not isinstance(event, yaml.CollectionEndEvent):
                raise Invalid(
                    [
                        Finding(
                            text.at(event.start_mark),
                            f"tags are not allowed: {tag}",
                            "Put quotes around a text that begins with `!`.",
                        )
                    ]
                )
    except yaml.YAMLError as error:
        raise Invalid([syntax(error, text)]) from None


def _compose(text: Text, first: str, loader: Any) -> MappingNode:
    try:
        node = yaml.compose(text.text, Loader=loader)
    except (yaml.YAMLError, RecursionError) as error:
        raise Invalid([syntax(error, text)]) from None
    if not isinstance(node, MappingNode):
        what = "empty" if node is None else f"a {type(node).__name__.removesuffix('Node').lower()}"
        raise Invalid(
            [
                Finding(
                    Place(text.file),
                    f"the file is {what}, not a mapping",
                    f"It starts with a line such as `{first}: …`.",
                )
            ]
        )
    return node


def _read(root: MappingNode, text: Text) -> Source:
    reader = _Reader(text)
    data = reader.value(root, ())
    if reader.findings:
        raise Invalid(reader.findings)
    return Source(text.file, data, reader.places, reader.keys)


class _Reader:
    """Turns nodes into plain data and notes where each stood."""

    def __init__(self, text: Text) -> None:
        self.text = text
        self.places: dict[Path, Place] = {}
        self.keys: dict[Path, Place] = {}
        self.findings: list[Finding] = []
        self._scalars = yaml.SafeLoader("")

    def value(self, node: Node, path: Path) -> Any:
        self.places[path] = self.text.at(node.start_mark)
        if len(path) > MAX_DEPTH:
            self._find(node, f"nested deeper than {MAX_DEPTH} levels")
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.value(child, (*path, index)) for index, child in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:
                self._find(key_node, "`<<` is not allowed", "Write out what it should bring in.")
                continue
            key = self._scalar(key_node) if isinstance(key_node, ScalarNode) else None
            if not isinstance(key, str):
                hint = "Put quotes around it" if isinstance(key_node, ScalarNode) else _BRACES
                self._find(key_node, "a key must be a word", f"{hint}.")
                continue
            if key in result:
                first = self.keys[(*path, key)]
                self._find(key_node, f"`{key}` stands twice; first at line {first.line}")
                continue
            if "${{" in key:
                self._find(key_node, "a key cannot be a reference", "Write the key out.")
                continue
            self.keys[(*path, key)] = self.text.at(key_node.start_mark)
            result[key] = self.value(value_node, (*path, key))
        return result

    def _scalar(self, node: Node) -> Any:
        try:
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError):
            self._find(
                node, f"cannot be read as {node.tag.rpartition(':')[2]}", "Put quotes around it."
            )
            return None

    def _find(self, node: Node, message: str, hint: str = "") -> None:
        self.findings.append(Finding(self.text.at(node.start_mark), message, hint))
