"""The text of a catalogue with one entry more or fewer, everything else as people wrote it.

The text is changed at one place; what the change comes to is then read back and compared, so a form
that is not understood is refused and never half changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from adapters.shared.yamlspans import Node, read_spans
from engine.errors import Refused
from engine.findings import Invalid, refusal
from engine.source import parse

BEGINNING = """\
# Secrets that runs have added. Each entry came in the commit that brought its value.
"""
SECRETS = "secrets"
_WIDTH = 100


def entries(text: str, file: str) -> dict[str, Any]:
    """Return the entries by name, as written; raise `Refused` for what is no plain YAML mapping."""
    if not has_content(text):
        return {}
    try:
        found = parse(text, in_git(file)).data.get(SECRETS) or {}
    except Invalid as error:
        wrong = refusal(error)
    else:
        if isinstance(found, dict):
            return found
        wrong = Refused(f"{in_git(file)} has no mapping of `{SECRETS}`")
    raise wrong


def in_git(file: str) -> str:
    """Return how a place in the file is told, beside the one that is shipped with the runbooks."""
    return f"git:{file}"


def with_entry(text: str, file: str, name: str, entry: Mapping[str, Any]) -> str:
    """Return the text with an entry at the end of its secrets; raise `Refused` if it cannot take one."""
    before = entries(text, file)
    held = read_spans(text, file).get(SECRETS) if has_content(text) else None
    if held is None:
        start = text if text.strip() else BEGINNING
        changed = _ended(start) + f"{SECRETS}:\n" + _block(name, entry, 2)
    elif held.items and held.flow:
        raise Refused(
            f"{in_git(file)}:{held.line}:{held.column}: its secrets are written in braces, so none is added",
            hint="Write them below each other, each indented.",
        )
    elif held.items:
        at = _line_end(text, _last(held))
        indent = held.items[0].column - 1
        changed = _ended(text[:at]) + "\n" + _block(name, entry, indent) + text[at:]
    else:
        at = _line_end(text, held.end)
        line = text[: held.start].rstrip(" ") + text[held.end : at]
        changed = _ended(line) + _block(name, entry, 2) + text[at:]
    return _checked(changed, file, {**before, name: dict(entry)})


def without_entry(text: str, file: str, name: str) -> str:
    """Return the text without an entry; as it is, where there is none of that name."""
    before = entries(text, file)
    if name not in before:
        return text
    pairs = read_spans(text, file).pairs
    key, held = next((key, value) for key, value in pairs if key.text == SECRETS)
    if len(before) == 1:
        between = text[key.end : held.start].lstrip().removeprefix(":").rstrip(" ")
        rest = text[held.end :] if held.flow else text[_line_end(text, _last(held)) :]
        changed = f"{text[: key.end]}: {{}}{between}{rest}"
    else:
        start, end = _lines_of(text, held, name)
        is_apart = text[:start].endswith("\n\n")  # then the empty line before it goes with it
        rest = text[end:] if is_apart else text[end:].removeprefix("\n")
        changed = text[:start].removesuffix("\n" if is_apart else "") + rest
    return _checked(changed, file, {key: each for key, each in before.items() if key != name})


def _checked(text: str, file: str, wanted: Mapping[str, Any]) -> str:
    found = entries(text, file)
    if found != wanted or list(found) != list(wanted):
        raise Refused(
            f"{in_git(file)} is written in a form in which no entry can be changed",
            hint="Write its secrets below each other, each indented, and try again.",
        )
    return text


def _block(name: str, entry: Mapping[str, Any], indent: int) -> str:
    """Return the entry as people write one, each of its places on a line."""
    told = yaml.safe_dump(
        {name: dict(entry)},
        default_flow_style=None,
        sort_keys=False,
        allow_unicode=True,
        width=_WIDTH,
    )
    return "".join(f"{' ' * indent}{line}\n" if line else "\n" for line in told.splitlines())


def _lines_of(text: str, held: Node, name: str) -> tuple[int, int]:
    for key, value in held.pairs:
        if key.text == name:
            return text.rfind("\n", 0, key.start) + 1, _line_end(text, _last(value))
    raise Refused(f"there is no entry {name}")


def _last(node: Node) -> int:
    """Return the end of what is written of a node; that of a block collection is where the next begins."""
    if node.kind == "scalar" or node.flow or not node.items:
        return node.end
    return _last(node.items[-1])


def _line_end(text: str, at: int) -> int:
    if text[:at].endswith("\n"):
        return at
    found = text.find("\n", at)
    return len(text) if found < 0 else found + 1


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def has_content(text: str) -> bool:
    """Tell whether anything but comments stands in a file."""
    return any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines())
