"""Where on main the values of a list stand now.

A value that was moved is as good as before to who could read it, be it that its file has another name
or that a list has lost an item. So one that left its place is looked for in all encrypted files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from adapters.drift.trees import read_tree
from adapters.platform import Platform
from adapters.shared.checkout import Checkout, open_checkout
from adapters.shared.trailers import Change, KeyPath
from adapters.sops.past import encrypted, in_form
from adapters.sops.program import Sops, open_sops
from adapters.standing.looking import fingerprint_in
from engine.errors import Refused, RunbookError
from engine.exposure import Exposed

LOOKER = "exposure"

Values = Mapping[str, SecretStr]
"""By place."""


@dataclass(frozen=True)
class Standing:
    """What main holds of a list, as fingerprints and places."""

    marks: Mapping[str, str]
    """Fingerprint of what is at each place of the list that has a value."""
    stands: Mapping[str, tuple[str, ...]]
    """By place of a value that is not there any more, where else it is."""


def standing_now(platform: Platform, exposed: Iterable[Exposed]) -> Standing:
    """Return where the values of a list are, read anew; raise `Refused` or `Transient`.

    Refused is a list of which a file cannot be opened. Any other file that cannot be is passed over.
    """
    wanted = {each.place: each.mark for each in exposed if each.mark}
    names = {place: fingerprint_in(platform, place) for place in wanted}
    sops = open_sops(platform.settings.sops)
    with open_checkout(platform.settings.git, LOOKER) as checkout:
        form = {file: in_form(raw, file) is not None for file, raw in encrypted(checkout)}
        named = {Change.parse(place).file for place in wanted}
        theirs = [file for file, is_handled in form.items() if is_handled and file in named]
        values = _values(sops, checkout, theirs)
        marks = {place: names[place](values[place]) for place in wanted if place in values}
        moved = [place for place, mark in wanted.items() if marks.get(place) != mark]
        if moved:
            values |= _others(sops, checkout, [file for file in form if file not in theirs])
    stands = {
        place: tuple(at for at, value in values.items() if names[place](value) == wanted[place])
        for place in moved
    }
    return Standing(marks, {place: found for place, found in stands.items() if found})


def _values(sops: Sops, checkout: Checkout, files: Sequence[str]) -> dict[str, SecretStr]:
    found: dict[str, SecretStr] = {}
    for file in files:
        try:
            found |= _in_tree(sops, checkout, file)
        except RunbookError as error:  # else every value would be taken for gone
            raise Refused(
                f"{file} of main cannot be opened, so nobody can say what it holds",
                hint="`runbook doctor` says whether sops and its key are right.",
            ) from error
    return found


def _others(sops: Sops, checkout: Checkout, files: Sequence[str]) -> dict[str, SecretStr]:
    found: dict[str, SecretStr] = {}
    for file in files:
        try:
            found |= _in_tree(sops, checkout, file)
        except RunbookError:
            with suppress(RunbookError, ValueError, RecursionError):
                found |= _in_another_form(sops, checkout, file)
    return found


def _in_tree(sops: Sops, checkout: Checkout, file: str) -> Values:
    tree = read_tree(sops, checkout, checkout.main, file)
    values = {str(Change(file, path)): tree.text(path) for path in tree.document.encrypted()}
    return {place: value for place, value in values.items() if value}


def _in_another_form(sops: Sops, checkout: Checkout, file: str) -> Values:
    clear = sops.read_all(checkout.place(checkout.main, [file]) / file)
    told = json.loads(clear.get_secret_value(), parse_int=str, parse_float=str)
    return {str(Change(file, path)): value for path, value in _leaves(told)}


def _leaves(node: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, SecretStr]]:
    if isinstance(node, dict | list):
        for key, below in node.items() if isinstance(node, dict) else enumerate(node):
            yield from _leaves(below, (*path, key))
    elif isinstance(node, str) and node:
        yield path, SecretStr(node)
