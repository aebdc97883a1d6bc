"""The encrypted files as main has them: each decrypted once, and asked for many values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from adapters.shared.checkout import Checkout
from adapters.shared.trailers import KeyPath
from adapters.sops.document import Document, parse
from adapters.sops.program import Sops
from adapters.sops.replacement import decoded
from engine.errors import Refused, RunbookError


@dataclass(frozen=True)
class Tree:
    """One file, in clear."""

    document: Document
    clear: Any = field(repr=False)
    """The same tree with every leaf as `SecretStr`; None for a placeholder."""

    def value(self, path: KeyPath) -> SecretStr | None:
        """Return the value at `path`; None if there is none.

        Raises `Refused` for a branch, and for a value that lies in clear in git.
        """
        held = self._held(path)
        if held is None:
            return None
        self.document.require(path)
        return decoded(self.document, path, held)

    def text(self, path: KeyPath) -> SecretStr | None:
        """Return the value at `path`; of what is no text, such as a key store, its base64."""
        held = self._held(path)
        try:
            return None if held is None else decoded(self.document, path, held)
        except Refused:
            return held

    def _held(self, path: KeyPath) -> SecretStr | None:
        leaf = self.document.leaf(path)
        if leaf is None or leaf.is_empty:
            return None
        node = self.clear
        for part in path:
            node = node[str(part)] if isinstance(node, dict) else node[part]
        return node if isinstance(node, SecretStr) else None


@dataclass(frozen=True)
class Grove:
    """All encrypted files, read or not."""

    trees: Mapping[str, Tree]
    faults: Mapping[str, str]
    """By file, why it could not be read."""


def read_trees(sops: Sops, checkout: Checkout, files: Iterable[str]) -> Grove:
    """Return the files as of main; one that cannot be read spoils only itself."""
    trees: dict[str, Tree] = {}
    faults: dict[str, str] = {}
    for file in dict.fromkeys(files):
        try:
            trees[file] = read_tree(sops, checkout, checkout.main, file)
        except RunbookError as error:
            faults[file] = error.message
    return Grove(trees, faults)


def read_tree(sops: Sops, checkout: Checkout, commit: str, file: str) -> Tree:
    """Return one file as of `commit`, decrypted by one call; raise `Refused` if it cannot be."""
    folder = checkout.place(commit, [file])
    if not (folder / file).exists():
        raise Refused(
            f"there is no {file} in the repository as of {commit[:12]}",
            hint="Correct the file in the catalogue; it is a path inside the repository.",
        )
    document = parse((folder / file).read_bytes(), file)
    return Tree(document, _clear(sops.read_all(folder / file), file))


def _clear(text: SecretStr, file: str) -> Any:
    try:
        # numbers stay as they are spelled, which is how sops prints a single value
        return _sealed(json.loads(text.get_secret_value(), parse_int=str, parse_float=str))
    except (ValueError, RecursionError):
        pass  # raised below, since the error holds the text
    raise Refused(f"sops printed {file} in another form than JSON")


def _sealed(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _sealed(below) for key, below in node.items()}
    if isinstance(node, list):
        return [_sealed(below) for below in node]
    if isinstance(node, bool):
        return SecretStr(str(node).lower())
    return None if node is None else SecretStr(str(node))
