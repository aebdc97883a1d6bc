"""An encrypted file as a tree. Keys are in clear and leaves are not, so no secret is needed here."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from adapters.shared.trailers import Change, KeyPath, index_of
from engine.errors import Refused

_ENCRYPTED = re.compile(r"ENC\[AES256_GCM,data:.*,iv:.+,tag:.+,type:(?P<type>\w+)\]", re.DOTALL)
_MOVES_WITH_EVERY_WRITE = frozenset({("sops", "mac"), ("sops", "lastmodified")})
_BASE64_KINDS = frozenset({"Secret", "SopsSecret"})
_MOST_NAMES = 8
CATEGORY_AND_NAME = 2
"""Keys down to a value in the flat style."""
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The one in C where there is one: a history of a large file is read in seconds with it."""

Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Leaf:
    """A value as it stands in the file."""

    raw: Scalar
    """What is written there: ciphertext, or cleartext if the file's rules say so."""

    @property
    def type(self) -> str | None:
        """Return `str`, `int`, `float`, `bool` or `bytes`; None if it is not encrypted."""
        match = _ENCRYPTED.fullmatch(self.raw) if isinstance(self.raw, str) else None
        return match["type"] if match else None

    @property
    def is_empty(self) -> bool:
        """Tell whether it is a placeholder, which sops never encrypts."""
        return self.raw is None or self.raw == ""


@dataclass(frozen=True)
class Document:
    """The one document of an encrypted file."""

    file: str
    tree: Mapping[Any, Any]

    def leaf(self, path: KeyPath) -> Leaf | None:
        """Return the value at `path`, None if there is none; refuse a branch."""
        node: Any = self.tree
        for part in path:
            if not _has(node, part):
                return None
            node = node[part]
        if isinstance(node, dict | list):
            raise Refused(
                f"{self.file}#{index_of(path)} is not a value but holds {_names(node)}",
                hint="Name one value below it.",
            )
        return Leaf(node)

    def require(self, path: KeyPath) -> Leaf:
        """Return the value at `path`; refuse with the keys that do exist nearby."""
        found = self.leaf(path)
        if found is None:
            raise self._missing(path)
        if found.type is None and not found.is_empty:
            raise _in_clear(Change(self.file, path))
        return found

    def accepts(self, path: KeyPath) -> bool:
        """Tell whether `path` could be added: all but its last key, a name, is there already."""
        node: Any = self.tree
        for part in path[:-1]:
            if not _has(node, part):
                return False
            node = node[part]
        return isinstance(node, dict) and isinstance(path[-1], str)

    def lacks_category(self, path: KeyPath) -> bool:
        """Tell whether `path` is a name in a category, in the flat style, that is not there yet."""
        if len(path) != CATEGORY_AND_NAME or not all(isinstance(part, str) for part in path):
            return False
        return path[0] not in self.tree

    def categories(self) -> tuple[str, ...]:
        """Return the names at the top, in order."""
        return tuple(str(key) for key in self.tree if key != "sops")

    def is_alone(self, path: KeyPath) -> bool:
        """Tell whether the value at `path` is all that its category holds."""
        category = self.tree.get(path[0])
        return len(path) == CATEGORY_AND_NAME and category == {path[1]: self._at(path)}

    def _at(self, path: KeyPath) -> Any:
        leaf = self.leaf(path)
        return leaf.raw if leaf else None

    def any_path(self) -> KeyPath | None:
        """Return the path of some encrypted value, None if there is none."""
        return next(iter(self.encrypted()), None)

    def encrypted(self) -> Mapping[KeyPath, Leaf]:
        """Return every encrypted value by its path."""
        content = {key: node for key, node in self.tree.items() if key != "sops"}
        leaves = ((path, Leaf(raw)) for path, raw in _leaves(content))
        return {path: leaf for path, leaf in leaves if leaf.type}

    def is_base64(self, path: KeyPath) -> bool:
        """Tell whether Kubernetes will decode the value: it is below `data` of a Secret."""
        below_data = len(path) > 1 and path[-2] == "data"
        return below_data and self.tree.get("kind") in _BASE64_KINDS

    def _missing(self, path: KeyPath) -> Refused:
        node: Any = self.tree
        depth = 0
        while depth < len(path) and _has(node, path[depth]):
            node, depth = node[path[depth]], depth + 1
        place = index_of(path[:depth]) or "the top"
        near = _names(node, str(path[depth])) if isinstance(node, dict | list) else "a value"
        return Refused(
            f"{self.file} has nothing at {index_of(path)}: {place} holds {near}",
            hint="Correct the path. To add a new key, set create: true.",
        )


def parse(raw: bytes, file: str) -> Document:
    """Read an encrypted file; raise `Refused` if it is not one that `sops set` can be trusted with.

    `sops set` changes the first of several documents only, so more than one is refused.
    """
    try:
        documents = list(yaml.load_all(raw, Loader=_LOADER))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        # the parser's own words quote the file
        problem: str | None = f"{file} is not valid YAML{place}"
        documents = []
    else:
        problem = None
    if problem is None and len(documents) > 1:
        problem = f"{file} holds {len(documents)} YAML documents, and sops would set only the first"
    tree = documents[0] if documents else None
    if problem is None and not (isinstance(tree, dict) and isinstance(tree.get("sops"), dict)):
        problem = f"{file} is not encrypted with sops: it has no sops section"
    if problem is not None or not isinstance(tree, dict):
        raise Refused(
            problem or "", hint="Check catalogue and file; only whole sops files are written."
        )
    return Document(file, tree)


def verify_only(before: Document, after: Document, path: KeyPath) -> None:
    """Raise `Refused` unless just `path` (and what moves with every write) differs.

    Equal values of one list may swap their ciphertexts: sops tells them apart by path without
    index (aes/cipher.go, stash), so ciphertext that stood elsewhere in that list is no change.
    """
    old, new = dict(_leaves(before.tree)), dict(_leaves(after.tree))
    expected = _MOVES_WITH_EVERY_WRITE | {path}
    differing = {place for place in old.keys() | new.keys() if old.get(place) != new.get(place)}
    siblings = {(_without_indices(place), raw) for place, raw in old.items()}
    strangers = [
        place
        for place in differing - expected
        if place not in new or (_without_indices(place), new[place]) not in siblings
    ]
    if strangers:
        listed = ", ".join(sorted(index_of(place) for place in strangers)[:_MOST_NAMES])
        raise Refused(
            f"sops changed more of {before.file} than {index_of(path)}: {listed}",
            hint="Nothing was written. Compare the version of sops with the one the file is from.",
        )
    written = new.get(path)
    if path in new and Leaf(written).type is None and not Leaf(written).is_empty:
        raise _in_clear(Change(before.file, path))


def _in_clear(change: Change) -> Refused:
    return Refused(
        f"{change} is kept in clear by the rules of the file (its sops section names what is not "
        "encrypted)",
        hint="Move the value to a key that is encrypted, or change the rules and encrypt again.",
    )


def _has(node: Any, part: str | int) -> bool:
    if isinstance(node, dict):
        return part in node
    return isinstance(node, list) and isinstance(part, int) and 0 <= part < len(node)


def _names(node: dict[Any, Any] | list[Any], wanted: str = "") -> str:
    if isinstance(node, list):
        return f"a list of {len(node)}"
    keys = [str(key) for key in node if key != "sops"]
    near = difflib.get_close_matches(wanted, keys, n=3, cutoff=0.5)
    listed = [*near, *(key for key in keys if key not in near)]
    more = ", ..." if len(listed) > _MOST_NAMES else ""
    return (", ".join(listed[:_MOST_NAMES]) + more) or "nothing"


def _leaves(node: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    if isinstance(node, dict) and node:
        for key, below in node.items():
            yield from _leaves(below, (*path, key))
    elif isinstance(node, list) and node:
        for index, below in enumerate(node):
            yield from _leaves(below, (*path, index))
    else:
        yield path, node


def _without_indices(path: KeyPath) -> KeyPath:
    return tuple(part for part in path if not isinstance(part, int))
