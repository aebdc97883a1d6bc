"""An export is read in the spelling it was written in, and in no other."""

from __future__ import annotations

import pytest

from engine.errors import ChainBroken
from engine.ledger import read_lines, to_json, verify
from tests.engine.test_ledger import five


def spoil(line: str, how: str) -> str:
    return {
        "no JSON": line[:-1],
        "no object": "[]",
        "a number": "7",
        "an empty line": "",
        "a name too many": line.replace('{"actor"', '{"aa":1,"actor"'),
        "a name twice": line.replace('"run":', '"run":"r0","run":'),
        "a name missing": line.replace(',"step":""', ""),
        "another spelling": line.replace(":", ": "),
        "an escape too many": line.replace("r1", "r\\u0031"),
        "a float": line.replace('"attempt":0', '"attempt":0.0'),
        "an unknown event": line.replace("step.started", "step.stirred"),
        "an actor that is none": line.replace('"groups":[]', '"groups":[],"more":1'),
        "too deep": line.replace('"details":{', '"details":{"a":' + "[" * 100_000),
        "two lines in one": line + line,
        "a carriage return": line + "\r",
    }[how]


@pytest.mark.parametrize(
    "how",
    [
        "no JSON", "no object", "a number", "an empty line", "a name too many", "a name twice",
        "a name missing", "another spelling", "an escape too many", "a float", "an unknown event",
        "an actor that is none", "too deep", "two lines in one", "a carriage return",
    ],
)  # fmt: skip
def test_a_line_the_export_did_not_write_is_found(how: str) -> None:
    lines = [to_json(entry) for entry in five()]
    spoiled = spoil(lines[2], how)
    assert spoiled != lines[2]
    lines[2] = spoiled
    with pytest.raises(ChainBroken, match="line 3 is not a ledger entry"):
        verify(read_lines(lines))


def test_an_edited_line_in_the_exports_spelling_is_found_by_its_hash() -> None:
    lines = [to_json(entry) for entry in five()]
    lines[2] = lines[2].replace('"number":2', '"number":7')
    with pytest.raises(ChainBroken, match="entry 3 was changed"):
        verify(read_lines(lines))
