"""`.sops.yaml`: who may read which files, read and changed without losing a comment.

Forms as sops 3.13 reads them (config/config.go): the recipients of a rule stand under `age`, as a
list or as one text with commas, or under `age` of a group in `key_groups`. Anchors and aliases may
stand for any of it. The text is changed at the places that name a recipient and nowhere else; what
the change comes to is then read back and compared, so a form that is not understood is refused and
never half changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from adapters.shared.yamlspans import Node, read_spans
from engine.findings import Finding, Invalid, Place

_AGE = re.compile(r"age1[a-z0-9]+")
_COMMENT = re.compile(r"[ \t]*,?[ \t]+#([^\n]*)")
"""What may follow a recipient on its line."""


def readers(text: str, file: str) -> dict[str, tuple[str, ...]]:
    """Return the recipients of each rule, by its `path_regex`, or by its number where it has none.

    Raises `Invalid` for a file without rules, and for rules that share a key among several groups.
    """
    return {
        name: tuple(who for node in _holders(rule) for who in _recipients(node))
        for name, rule in _named(_rules(read_spans(text, file), file))
    }


def named(text: str, file: str, name: str) -> tuple[str, ...]:
    """Return the recipients whose line has a comment that is a name, or begins with it.

    `with_reader` writes such comments. In a text with commas there is no room for one.
    """
    found: dict[str, None] = {}
    for node in read_spans(text, file).walk():
        recipient = node.meant.text.strip()
        if node.meant.kind == "scalar" and _AGE.fullmatch(recipient):
            comment = _COMMENT.match(text, node.end)
            words = comment.group(1).split() if comment else []
            if words and words[0].strip(",:;()").casefold() == name.casefold():
                found[recipient] = None
    return tuple(found)


def without(text: str, file: str, recipients: Sequence[str]) -> str:
    """Return the configuration without some recipients, everything else as it was written.

    Raises `Invalid` with the place of a rule that would be left with nobody, or of a form that is
    not understood.
    """
    for rule in _rules(read_spans(text, file), file):
        for holder in _holders(rule):
            if (who := set(_recipients(holder))) and who <= set(recipients):
                _refuse(file, holder, "nobody else could read what this rule is for")
    for recipient in recipients:
        text = _without_one(text, file, recipient)
    return text


def _without_one(text: str, file: str, recipient: str) -> str:
    root = read_spans(text, file)
    cuts = [cut for node in root.walk() for cut in _cuts(text, node, recipient)]
    changed = text
    for start, end in sorted(set(cuts), reverse=True):
        changed = changed[:start] + changed[end:]
    if _meaning(changed) != _dropped(_meaning(text), recipient):
        _refuse(file, _first(root, recipient), "this form of naming a recipient is not understood")
    return changed


def with_reader(text: str, file: str, recipient: str, name: str, rules: Sequence[str] = ()) -> str:
    """Return the configuration with a recipient more in the chosen rules, or in all of them.

    `rules` are values of `path_regex`; `name` becomes a comment where there is room for one.
    Raises `Invalid` for an unknown rule, and for a form that is not understood.
    """
    root = read_spans(text, file)
    found = _named(_rules(root, file))
    if unknown := set(rules) - {its_name for its_name, _ in found}:
        known = ", ".join(its_name for its_name, _ in found)
        hint = f"Its rules are for: {known}."
        raise Invalid([Finding(Place(file), f"no rule is for {', '.join(sorted(unknown))}", hint)])
    chosen = {its_name: rule for its_name, rule in found if not rules or its_name in rules}
    puts: dict[int, str] = {}
    for rule in chosen.values():
        holder = next(iter(_holders(rule)), None)
        if holder is None:
            _refuse(file, rule, "this rule has no age recipients to add one to")
        elif recipient not in _recipients(holder):
            at, words = _put(text, file, holder.meant, recipient, name)
            puts[at] = words
    changed = text
    for at in sorted(puts, reverse=True):
        changed = changed[:at] + puts[at] + changed[at:]
    _check_added(text, changed, file, recipient, set(chosen))
    return changed


def _check_added(old: str, new: str, file: str, recipient: str, chosen: set[str]) -> None:
    before, after = readers(old, file), readers(new, file)
    wanted = {
        rule: (*who, recipient) if rule in chosen and recipient not in who else who
        for rule, who in before.items()
    }
    as_it_was = _dropped(_meaning(new), recipient) == _dropped(_meaning(old), recipient)
    same = {rule: sorted(who) for rule, who in after.items()} == {
        rule: sorted(who) for rule, who in wanted.items()
    }
    if not (same and as_it_was):
        root = read_spans(old, file)
        _refuse(file, root, "rules share a list of recipients, or have a form not understood")


def _rules(root: Node, file: str) -> tuple[Node, ...]:
    listed = root.get("creation_rules")
    if listed is None or listed.meant.kind != "list":
        raise Invalid([Finding(Place(file), "it has no list of `creation_rules`")])
    for rule in listed.meant.items:
        groups = rule.get("key_groups")
        if groups is not None and len(groups.meant.items) > 1:
            _refuse(
                file, groups, "its key is shared among several key groups, which is not handled"
            )
    return listed.meant.items


def _named(rules: Sequence[Node]) -> list[tuple[str, Node]]:
    """Return each rule with its name, which is the same after another rule has got a line more."""
    given = ((number, rule, rule.get("path_regex")) for number, rule in enumerate(rules, start=1))
    return [
        (regex.meant.text if regex is not None else f"rule {number}", rule)
        for number, rule, regex in given
    ]


def _holders(rule: Node) -> Iterator[Node]:
    """Yield the nodes that hold the recipients of a rule."""
    groups = rule.get("key_groups")
    for part in (rule, *(groups.meant.items if groups is not None else ())):
        holder = part.get("age")
        if holder is not None and (holder.meant.kind == "list" or holder.meant.text.strip()):
            yield holder


def _recipients(holder: Node) -> tuple[str, ...]:
    if holder.meant.kind == "list":
        return tuple(item.meant.text.strip() for item in holder.meant.items)
    return _split(holder.meant.text)


def _split(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in text.split(","))))


def _cuts(text: str, node: Node, recipient: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of text that name the recipient directly below this node."""
    if node.alias_of is not None:
        return
    if node.kind == "list":
        for item in node.items:
            if item.meant.kind == "scalar" and item.meant.text.strip() == recipient:
                yield _item_cut(text, item, flow=node.flow)
    elif node.kind == "map":
        for key, value in node.pairs:
            if value.alias_of is not None or value.kind != "scalar":
                continue
            if _split(value.text) == (recipient,) and key.text != "age":
                yield _line_of(text, key.start, value.end)
            elif recipient in _split(value.text):
                yield _word_cut(text, value, recipient)


def _item_cut(text: str, item: Node, *, flow: bool) -> tuple[int, int]:
    start, end = _line_of(text, item.start, item.end)
    before, after = text[start : item.start], text[item.end : end]
    mark, rest = (r"\s*", r"\s*,?\s*(#.*)?") if flow else (r"\s*-\s+", r"\s*(#.*)?")
    if re.fullmatch(mark, before) and re.fullmatch(rest, after.rstrip("\n")):
        return start, end
    following = re.match(r"\s*,[ \t]*", text[item.end :])
    if following:
        return item.start, item.end + following.end()
    preceding = re.search(r"\s*,\s*$", text[: item.start])
    return (preceding.start() if preceding else item.start), item.end


def _word_cut(text: str, value: Node, recipient: str) -> tuple[int, int]:
    at = text.index(recipient, value.start, value.end)
    end = at + len(recipient)
    following = re.match(r"\s*,\s*", text[end : value.end])
    if following:
        return at, end + following.end()
    preceding = re.search(r"\s*,\s*$", text[value.start : at])
    return (value.start + preceding.start() if preceding else at), end


def _line_of(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span of the whole lines from `start` to `end`."""
    over = text.find("\n", end)
    return text.rfind("\n", 0, start) + 1, len(text) if over < 0 else over + 1


def _put(text: str, file: str, holder: Node, recipient: str, name: str) -> tuple[int, str]:
    """Return where something is to be put in, and what."""
    if holder.kind == "scalar":
        known = [*_AGE.finditer(text, holder.start, holder.end)]
        if not known:
            _refuse(file, holder, "it names no age recipient after which another could stand")
        return known[-1].end(), f",{recipient}"
    if not holder.items:
        _refuse(file, holder, "it is an empty list of recipients")
    last = holder.items[-1]
    if holder.flow:
        return last.end, f", {recipient}"
    start, end = _line_of(text, last.start, last.end)
    mark = text[start : last.start]
    if not re.fullmatch(r"\s*-\s+", mark):
        _refuse(file, last, "this form of a list is not understood")
    comment = " ".join(letter for letter in name.split() if letter.isprintable())
    line = f"{mark}{recipient}" + (f"  # {comment}" if comment else "") + "\n"
    return end, line if text[:end].endswith("\n") else "\n" + line


def _meaning(text: str) -> Any:
    """Return what the text says, texts with commas as lists; None for what is no YAML."""
    try:
        return _listed(yaml.safe_load(text))
    except yaml.YAMLError:
        return None


def _listed(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _listed(below) for key, below in node.items()}
    if isinstance(node, list):
        return [_listed(below) for below in node]
    return list(_split(node)) if isinstance(node, str) and _AGE.search(node) else node


def _dropped(node: Any, recipient: str) -> Any:
    if isinstance(node, dict):
        kept = {key: below for key, below in node.items() if below != [recipient]}
        return {key: _dropped(below, recipient) for key, below in kept.items()}
    if isinstance(node, list):
        return [
            _dropped(below, recipient) for below in node if below not in (recipient, [recipient])
        ]
    return node


def _first(root: Node, recipient: str) -> Node:
    named = (n for n in root.walk() if n.kind == "scalar" and recipient in n.meant.text)
    return next(named, root)


def _refuse(file: str, node: Node, message: str) -> None:
    hint = "Nothing was changed. Write it as a list under `age`, or change it by hand."
    raise Invalid([Finding(Place(file, node.line, node.column), message, hint)])
