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
from adapters.sops.recipientspans import AGE, cuts, put, refuse, split
from engine.findings import Finding, Invalid, Place

_COMMENT = re.compile(r"[ \t]*,?[ \t]+#([^\n]*)")
"""What may follow a recipient on its line."""


def has_rules(text: str, file: str) -> bool:
    """Tell whether a configuration says who may read what; one may be about layout alone."""
    return "creation_rules" in text and read_spans(text, file).get("creation_rules") is not None


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
        if node.meant.kind == "scalar" and AGE.fullmatch(recipient):
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
                refuse(file, holder, "nobody else could read what this rule is for")
    for recipient in recipients:
        text = _without_one(text, file, recipient)
    return text


def _without_one(text: str, file: str, recipient: str) -> str:
    changed, wanted = text, _dropped(_meaning(text), recipient)
    while spans := [*cuts(changed, file, recipient)]:
        last = max(spans)  # an alias goes before what it stands for
        start, end = min(cut for cut in spans if cut[0] <= last[0] and last[1] <= cut[1])
        changed = changed[:start] + changed[end:]
        if _meaning(changed) is None:
            break
    if _meaning(changed) != wanted:
        first = _first(read_spans(text, file), recipient)
        refuse(file, first, "this form of naming a recipient is not understood")
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
    puts: dict[tuple[int, int], str] = {}
    for rule in chosen.values():
        holder = next(iter(_holders(rule)), None)
        if holder is None:
            refuse(file, rule, "this rule has no age recipients to add one to")
        elif recipient not in _recipients(holder):
            place, words = put(text, file, holder.meant, recipient, name)
            puts[place] = words
    changed = text
    for start, end in sorted(puts, reverse=True):
        changed = changed[:start] + puts[start, end] + changed[end:]
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
        refuse(file, root, "rules share a list of recipients, or have a form not understood")


def _rules(root: Node, file: str) -> tuple[Node, ...]:
    listed = root.get("creation_rules")
    if listed is None or listed.meant.kind != "list":
        raise Invalid([Finding(Place(file), "it has no list of `creation_rules`")])
    for rule in listed.meant.items:
        groups = rule.get("key_groups")
        if groups is not None and len(groups.meant.items) > 1:
            refuse(file, groups, "its key is shared among several key groups, which is not handled")
    return listed.meant.items


def _named(rules: Sequence[Node]) -> list[tuple[str, Node]]:
    """Return each rule with its name, which is the same after another rule has got a line more.

    Of rules with the same `path_regex` sops takes the first, so the others decide about nothing.
    """
    found: dict[str, Node] = {}
    for number, rule in enumerate(rules, start=1):
        regex = rule.get("path_regex")
        found.setdefault(regex.meant.text if regex is not None else f"rule {number}", rule)
    return [*found.items()]


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
    return split(holder.meant.text)


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
    return list(split(node)) if isinstance(node, str) and AGE.search(node) else node


def _dropped(node: Any, recipient: str) -> Any:
    if isinstance(node, dict):
        return {
            key: _dropped(v, recipient) for key, v in node.items() if not _says_only(v, recipient)
        }
    if isinstance(node, list):
        return [_dropped(each, recipient) for each in node if not _says_only(each, recipient)]
    return node


def _says_only(node: Any, recipient: str) -> bool:
    if isinstance(node, dict | list):
        parts = [*node.values()] if isinstance(node, dict) else node
        return bool(parts) and all(_says_only(each, recipient) for each in parts)
    return node == recipient  # type: ignore[no-any-return]


def _first(root: Node, recipient: str) -> Node:
    named = (n for n in root.walk() if n.kind == "scalar" and recipient in n.meant.text)
    return next(named, root)
