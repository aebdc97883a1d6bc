"""`.sops.yaml` with a reader more or less: every form of it, with all comments kept."""

from __future__ import annotations

import re

import pytest
import yaml

from adapters.sops.configuration import has_rules, named, readers, with_reader, without
from engine.findings import Invalid

ADA, BOB, NEW = ("age1" + letter * 30 for letter in "abn")
FILE = "infra/.sops.yaml"

FORMS = {
    "a list": f"creation_rules:\n  - path_regex: x\n    age:\n      - {ADA}  # ada\n      - {BOB}\n",
    "a list of a group": (
        f"creation_rules:\n- path_regex: x\n  key_groups:\n  - age:\n    - {ADA}\n    - {BOB} # bob\n"
    ),
    "a text": f"creation_rules:\n  - path_regex: x\n    age: {ADA},{BOB}  # both\n",
    "a quoted text": f'creation_rules:\n  - path_regex: x\n    age: "{BOB}, {ADA}"\n',
    "a folded text": (
        f"creation_rules:\n  - path_regex: x\n    age: >-\n      {BOB},\n      {ADA}\n"
    ),
    "a list in brackets": f"creation_rules:\n  - {{path_regex: x, age: [{ADA}, {BOB}]}} # all\n",
    "a list in brackets over lines": (
        f"creation_rules:\n  - path_regex: x\n    age: [\n      {BOB}, # bob\n      {ADA},\n    ]\n"
    ),
    "aliases": (
        f"keys:\n  - &ada {ADA}\n  - &bob {BOB}  # laptop\ncreation_rules:\n  - path_regex: x\n"
        "    age:\n      - *ada\n      - *bob\n"
    ),
    "aliases of a map": (
        f"people:\n  ada: &ada {ADA}\n  bob: &bob {BOB}\ncreation_rules:\n  - path_regex: x\n"
        "    age: [*ada, *bob]\n"
    ),
    "an alias of the list": (
        f"team: &team\n  - {ADA}\n  - {BOB}\ncreation_rules:\n  - path_regex: x\n    age: *team\n"
    ),
    "without a line end": f"creation_rules:\n  - path_regex: x\n    age:\n      - {BOB}\n      - {ADA}",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_reader_is_out_and_everything_else_stays_as_it_was_written(form: str) -> None:
    text = FORMS[form]

    changed = without(text, FILE, [BOB])

    assert readers(changed, FILE) == {"x": (ADA,)}
    assert BOB not in changed
    kept = [line for line in text.splitlines() if BOB not in line and "*bob" not in line]
    assert [line for line in changed.splitlines() if line in kept] == kept


@pytest.mark.parametrize("form", FORMS)
def test_a_reader_is_in_and_every_line_and_comment_stays(form: str) -> None:
    text = FORMS[form]

    changed = with_reader(text, FILE, NEW, "nina")

    assert set(readers(changed, FILE)["x"]) == {ADA, BOB, NEW}
    assert [w for w in text.split("#")[1:] if w.split("\n")[0] not in changed] == []
    assert on_one_line(without(changed, FILE, [NEW])) == on_one_line(text)


def on_one_line(text: str) -> str:
    """Close each bracket where its last item ends."""
    return re.sub(r",?\s*\]", "]", text).rstrip()


def test_twice_in_is_once_in() -> None:
    once = with_reader(FORMS["a list"], FILE, NEW, "nina")

    assert with_reader(once, FILE, NEW, "nina") == once


def test_a_name_cannot_write_a_line_of_its_own() -> None:
    changed = with_reader(FORMS["a list"], FILE, NEW, "nina\n      - age1evil")

    assert set(readers(changed, FILE)["x"]) == {ADA, BOB, NEW}


def test_a_rule_without_a_regex_keeps_its_name_when_one_before_it_grows() -> None:
    text = FORMS["a list"] + f"  - age:\n      - {ADA}\n"

    assert readers(with_reader(text, FILE, NEW, "nina"), FILE) == {
        "x": (ADA, BOB, NEW),
        "rule 2": (ADA, NEW),
    }


def test_only_the_chosen_rule_gets_the_reader() -> None:
    text = FORMS["a list"] + f"  - path_regex: y\n    age: {ADA}\n"

    assert readers(with_reader(text, FILE, NEW, "", ["y"]), FILE) == {
        "x": (ADA, BOB),
        "y": (ADA, NEW),
    }


REFUSED = {
    "shared among rules": (
        f"t: &t [{ADA}]\ncreation_rules: [{{path_regex: x, age: *t}}, {{path_regex: y, age: *t}}]\n",
        "rules share a list",
    ),
    "no rules": ("stores: {}\n", r"infra/\.sops\.yaml:1:1: it has no list of `creation_rules`"),
    "several groups": (
        f"creation_rules:\n  - path_regex: x\n    key_groups: [{{age: [{ADA}]}}, {{age: [{BOB}]}}]\n",
        r"infra/\.sops\.yaml:3:17: its key is shared among several key groups",
    ),
    "no age": ("creation_rules:\n  - path_regex: x\n    pgp: ABC\n", r":2:5: this rule has no age"),
    "an unknown rule": (FORMS["a list"], "no rule is for z"),
    "not YAML": ("creation_rules: [\n", r":2:1: this is not valid YAML"),
    "two documents": ("a: 1\n---\nb: 2\n", "it holds 2 YAML documents"),
    "an unknown alias": ("creation_rules: [*x]\n", r":1:18: there is no anchor `x`"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_understood_is_refused_with_its_place(case: str) -> None:
    text, told = REFUSED[case]
    rules = {"an unknown rule": ["z"], "shared among rules": ["x"]}.get(case, [])

    with pytest.raises(Invalid, match=told):
        with_reader(text, FILE, NEW, "nina", rules)


def test_the_last_reader_of_a_rule_stays() -> None:
    with pytest.raises(Invalid, match=r":3:10: nobody else could read"):
        without(f"creation_rules:\n  - path_regex: x\n    age: {BOB}\n", FILE, [BOB])


def test_a_comment_that_names_somebody_is_left_alone() -> None:
    text = FORMS["a list"] + f"# {BOB} was bob's first key\n"

    changed = without(text, FILE, [BOB])

    assert f"# {BOB} was bob's first key" in changed
    assert yaml.safe_load(changed)["creation_rules"][0]["age"] == [ADA]


IN_BRACKETS = {
    "with a comma behind the last": f"      {ADA}, # ada\n      {BOB}, # bob\n    ]\n",
    "without one": f"      {ADA}, # ada\n      {BOB} # bob\n    ]\n",
    "that end on the last line": f"{ADA}, # ada\n      {BOB}]\n",
    "on one line": f"{ADA}, {BOB}]  # both\n",
}


@pytest.mark.parametrize("new", ["\n", "\r\n"])
@pytest.mark.parametrize("form", IN_BRACKETS)
def test_in_brackets_each_comment_stays_with_its_key_and_the_newcomer_has_one(
    form: str, new: str
) -> None:
    rule = "creation_rules:\n  - path_regex: x\n    age: ["
    opened = "\n" if IN_BRACKETS[form].startswith(" ") else ""
    text = f"{rule}{opened}{IN_BRACKETS[form]}".replace("\n", new)
    before = {who: named(text, FILE, who) for who in ("ada", "bob", "both")}

    changed = with_reader(text, FILE, NEW, "nina")

    assert readers(changed, FILE) == {"x": (ADA, BOB, NEW)}
    assert {who: named(changed, FILE, who) for who in before} == before
    assert named(changed, FILE, "nina") == (NEW,)
    assert changed.count("\n") == changed.count(new)


def test_a_newcomer_without_a_name_stands_behind_the_others_in_brackets() -> None:
    text = f"creation_rules:\n  - path_regex: x\n    age: [{ADA}, {BOB}]  # both\n"

    assert with_reader(text, FILE, NEW, "") == text.replace("]", f", {NEW}]")


def test_of_rules_with_one_regex_the_first_gets_the_reader_as_sops_takes_it() -> None:
    text = FORMS["a text"] + f"  - path_regex: x\n    age: {BOB}\n"

    changed = with_reader(text, FILE, NEW, "nina")

    assert changed == text.replace(f"{ADA},{BOB}", f"{ADA},{BOB},{NEW}")
    assert readers(changed, FILE) == {"x": (ADA, BOB, NEW)}
    assert BOB not in without(text.replace(f"age: {BOB}", f"age: {BOB},{ADA}"), FILE, [BOB])


RULE = "creation_rules:\n  - path_regex: x\n    age: "
ALONE = {
    "in a text twice": (f"{RULE}{BOB},{ADA},{BOB}\n", f"{RULE}{ADA}\n"),
    "twice at the end": (f"{RULE}{ADA}, {BOB}, {BOB}\n", f"{RULE}{ADA}\n"),
    "in brackets twice": (f"{RULE}[{ADA}, {BOB}, {BOB}]\n", f"{RULE}[{ADA}]\n"),
    "beside a longer one": (f"{RULE}{BOB}x,{BOB},{ADA}\n", f"{RULE}{BOB}x,{ADA}\n"),
    "alone in a list of anchors": (
        f"keys:\n  - ada:\n      - &ada {ADA}\n  - bob:\n      - &bob {BOB}  # desk\n{RULE}[*ada, *bob]\n",
        f"keys:\n  - ada:\n      - &ada {ADA}\n{RULE}[*ada]\n",
    ),
    "alone in a map of anchors": (
        f"staff:\n  bob: &bob {BOB}\nhosts:\n  ada: &ada {ADA}\n{RULE}[*ada, *bob]\n",
        f"hosts:\n  ada: &ada {ADA}\n{RULE}[*ada]\n",
    ),
    "alone in brackets of anchors": (
        f"ada: [&ada {ADA}]\nbob: [&bob {BOB}]\n{RULE}[*ada, *bob]\n",
        f"ada: [&ada {ADA}]\n{RULE}[*ada]\n",
    ),
}


@pytest.mark.parametrize("case", ALONE)
@pytest.mark.parametrize("new", ["\n", "\r\n"])
def test_a_reader_goes_from_every_place_that_names_them(case: str, new: str) -> None:
    text, wanted = (each.replace("\n", new) for each in ALONE[case])

    assert without(text, FILE, [BOB]) == wanted


def test_a_configuration_about_layout_has_no_rules_whatever_its_comments_say() -> None:
    assert not has_rules("# creation_rules are above\nstores:\n  yaml: {indent: 2}\n", FILE)
    assert has_rules(FORMS["a text"], FILE)
