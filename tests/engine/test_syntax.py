"""What is no YAML, or no mapping of ours, is told where it is and with what to do."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from engine.catalogue import Catalogue, People
from engine.findings import Invalid
from engine.freeze import Freezes
from engine.loading import load
from engine.runbook import Runbook
from engine.source import parse
from tests.engine.bad_runbooks import HEAD
from tests.engine.test_checks import findings_of

BAD = {
    "NUL": (
        "a: b\nc: x\0y\n",
        "a.yaml:2:5: not YAML: the character U+0000 may not stand in it",
        "Remove it, or save the file as UTF-8 if it is UTF-16.",
    ),
    "bell": (
        "a: b\r\nc: x\ay\n",
        "a.yaml:2:5: not YAML: the character U+0007 may not stand in it",
        "Remove it; an editor may not show it.",
    ),
    "open quote": (
        'a: b\nc: "unclosed\nd: e\n',
        "a.yaml:2:4: not YAML: the quote that opens here is not closed",
        "Close it, or double one that belongs to the text.",
    ),
    "open bracket": (
        "a: [1, 2\nb: c\n",
        "a.yaml:2:2: not YAML: expected ',' or ']', but got ':'",
        "Look at the bracket that opens in line 1.",
    ),
    "reference inside of braces": (
        "a:\n  with: {url: ${{ x }}/y}\n",
        "a.yaml:2:16: not YAML: expected ',' or '}', but got '{'",
        "Put quotes around what holds a reference: inside of braces they tell it apart.",
    ),
    "bracket that nothing follows": (
        "a:\n0: [",
        "a.yaml:2:5: not YAML: expected the node content, but found '<stream end>'",
        "Look at the bracket that opens in line 2.",
    ),
    "merge key": (
        "<<: {a: b}\nc: d\n",
        "a.yaml:1:1: `<<` is not allowed",
        "Write out what it should bring in.",
    ),
    "mapping as a key": (
        "a: {{ x }}\n",
        "a.yaml:1:5: a key must be a word",
        "A reference is `${{ … }}`, and stands in quotes inside of braces.",
    ),
    "number as a key": ("1: b\n", "a.yaml:1:1: a key must be a word", "Put quotes around it."),
    "line separator": (
        "a: b\u2028c\nd: e\n",
        "a.yaml:2:1: not YAML: could not find expected ':'",
        "There is U+2028 in line 1, which ends a line of YAML; remove it.",
    ),
    "line separator before it": (
        "a: 'b\u2028c'\nd: {e: 1, e: 2}\n",
        "a.yaml:2:11: `e` stands twice; first at line 2",
        "",
    ),
    "colon in a text": (
        "a: b: c\n",
        "a.yaml:1:5: not YAML: mapping values are not allowed here",
        "Put quotes around a text with a colon in it, or look at the indentation.",
    ),
}


@pytest.mark.parametrize("case", BAD.values(), ids=BAD)
def test_what_is_no_yaml_is_told_at_its_place(case: tuple[str, str, str]) -> None:
    text, message, hint = case

    with pytest.raises(Invalid) as told:
        parse(text, "a.yaml")

    [found] = told.value.findings
    assert (f"{found.place}: {found.message}", found.hint) == (message, hint)


@pytest.mark.parametrize(
    ("raw", "place", "hint"),
    [
        ("a: b\nc: ü\n".encode("latin-1"), "a.yaml:2:4", "Save the file as UTF-8."),
        ("a: ä\n".encode("utf-16"), "a.yaml:1:1", "It is UTF-16. Save the file as UTF-8."),
    ],
)
def test_another_encoding_is_told_at_its_place(raw: bytes, place: str, hint: str) -> None:
    with pytest.raises(Invalid) as told:
        parse(raw, "a.yaml")

    [found] = told.value.findings
    assert (str(found.place), found.hint) == (place, hint)
    assert found.message.startswith("not UTF-8 at byte")


@pytest.mark.parametrize(
    ("model", "first"),
    [(Runbook, "runbook"), (Catalogue, "secrets"), (People, "groups"), (Freezes, "freeze")],
)
def test_an_empty_file_is_told_how_one_of_its_kind_begins(
    model: type[BaseModel], first: str
) -> None:
    with pytest.raises(Invalid) as told:
        load("# nothing yet\n", "a.yaml", model)

    assert told.value.findings[0].hint == f"It starts with a line such as `{first}: …`."


def test_a_wrong_name_is_told_where_the_name_stands() -> None:
    found = findings_of(
        HEAD + "inputs: {D-d: {type: date, description: D.}}\nsteps: [{id: a, uses: lamp.light}]\n"
    )

    assert found[0].startswith("try.yaml:3:10: `inputs.D-d`: does not match")


ENTRY = "{title: A, sops: {file: a, path: b}, vaultwarden: {collection: a, item: b}"

SLOT = "certificate: {kind: qwac, beside: {file: a, path: c}, loaded: l, accepted: m}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            f"secrets:\n  a: {ENTRY}, identifier: b}}\n",
            "a.yaml:2:94: `secrets.a.identifier`: `b` is no entry of its own",
        ),
        (
            f"secrets:\n  a: {ENTRY}}}\ncertificates:\n  c: {{title: C, slots: [a, b]}}\n",
            "a.yaml:4:25: `certificates.c.slots.0`: no secret `a` has a `certificate`",
        ),
        (
            f"secrets:\n  a: {ENTRY}, {SLOT}}}\ncertificates:\n  c: {{title: C, slots: [a, a]}}\n",
            "a.yaml:4:28: `certificates.c.slots.1`: `a` is named twice",
        ),
        (
            f"secrets:\n  a: {ENTRY}, {SLOT.replace('path: c', 'path: b')}}}\n",
            "a.yaml:2:116: `secrets.a.certificate.beside`: this is the slot itself",
        ),
    ],
)
def test_an_entry_that_names_no_other_is_told_where_it_does(text: str, told: str) -> None:
    with pytest.raises(Invalid) as wrong:
        load(text, "a.yaml", Catalogue)

    assert str(wrong.value.findings[0]).startswith(told)
