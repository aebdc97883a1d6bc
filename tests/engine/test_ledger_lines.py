"""An export is read in the spelling it was written in, and in no other."""

from __future__ import annotations

import pytest

from engine.errors import ChainBroken
from engine.ledger import Draft, Event, verify
from engine.lines import read_lines, to_json
from tests.engine.test_ledger import five, linked


def spelled() -> list[str]:
    return [to_json(entry) + "\n" for entry in five()]


def checked(lines: list[str]) -> str:
    return verify(read_lines(line.encode("utf-8", "surrogateescape") for line in lines))


def spoil(line: str, how: str) -> str:
    return {
        "no JSON": line[:-2] + "\n",
        "no line feed": line[:-1],
        "no object": "[]\n",
        "a number": "7\n",
        "an empty line": "\n",
        "no text": line.replace("r1", "\udcff"),
        "a byte order mark": "\ufeff" + line,
        "a name too many": line.replace('{"actor"', '{"aa":1,"actor"'),
        "a name twice": line.replace('"run":', '"run":"r0","run":'),
        "a name missing": line.replace(',"step":""', ""),
        "another spelling": line.replace(":", ": "),
        "an escape too many": line.replace("r1", "r\\u0031"),
        "a float": line.replace('"attempt":0', '"attempt":0.0'),
        "a truth for a number": line.replace('"attempt":0', '"attempt":false'),
        "nothing for a text": line.replace('"step":""', '"step":null'),
        "a number for a text": line.replace('"run":"r1"', '"run":1'),
        "half a letter": line.replace("r1", "\\ud83d"),
        "no finite number": line.replace('"attempt":0', '"attempt":NaN'),
        "details that are a list": line.replace('"details":{"number":2}', '"details":[2]'),
        "a group that is no text": line.replace('"groups":[]', '"groups":[7]'),
        "a space at the end": line.replace("\n", " \n"),
        "an actor that is none": line.replace('"groups":[]', '"groups":[],"more":1'),
        "too deep": line.replace('"details":{', '"details":{"a":' + "[" * 100_000),
        "two lines in one": line[:-1] + line,
        "a carriage return": line.replace("\n", "\r\n"),
    }[how]


@pytest.mark.parametrize(
    "how",
    [
        "no JSON", "no line feed", "no object", "a number", "an empty line", "no text",
        "a byte order mark", "a name too many", "a name twice", "a name missing",
        "another spelling", "an escape too many", "a float", "a truth for a number",
        "nothing for a text", "a number for a text", "half a letter", "no finite number",
        "details that are a list", "a group that is no text", "an actor that is none", "too deep",
        "two lines in one", "a carriage return", "a space at the end",
    ],
)  # fmt: skip
def test_a_line_the_export_did_not_write_is_found(how: str) -> None:
    lines = spelled()
    spoiled = spoil(lines[2], how)
    assert spoiled != lines[2]
    lines[2] = spoiled
    with pytest.raises(ChainBroken, match="line 3 is not a ledger entry"):
        checked(lines)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ('"number":2', '"number":7'),
        ("step.started", "step.stirred"),
        ('"details":{"number":2}', '"details":{"hash":"' + "0" * 64 + '","number":2}'),
    ],
)
def test_an_edited_line_in_the_exports_spelling_is_found_by_its_hash(
    was: str, becomes: str
) -> None:
    lines = spelled()
    edited = lines[2].replace(was, becomes)
    assert edited != lines[2]
    lines[2] = edited
    with pytest.raises(ChainBroken, match="entry 3 was changed"):
        checked(lines)


def test_a_hash_among_the_details_is_not_taken_for_the_entrys_own() -> None:
    [first] = linked([Draft("r1", Event.STEP_STARTED, details={"hash": "0" * 64, "plan": "p"})])
    line = to_json(first) + "\n"

    assert checked([line]) == first.hash
    with pytest.raises(ChainBroken, match="entry 1 was changed"):
        checked([line.replace('"hash":"' + "0" * 64, '"hash":"' + "1" * 64)])
