"""The test vectors of the ledger: ours and a verifier that shares no code with it agree on each."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature

from engine.errors import ChainBroken, Refused
from engine.ledger import GENESIS
from engine.lines import read_lines
from engine.notes import read_notes
from engine.witnesses import Witness, confront
from tests import stranger

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "vectors"
CASES: list[dict[str, Any]] = json.loads((FOLDER / "verdicts.json").read_text(encoding="utf-8"))
each = pytest.mark.parametrize("case", CASES, ids=[case["what"] for case in CASES])


def ours(case: dict[str, Any]) -> tuple[str, int | str]:
    heads = [Witness(head, "paper") for head in case["heads"]]
    try:
        with (FOLDER / case["file"]).open("rb") as lines:
            found = confront(read_lines(lines), heads)
    except ChainBroken as error:
        place = re.match(r"(?:entry|line) (\d+)", error.message)
        return "broken", int(place[1]) if place else 0
    return "sound", found.head


def told(case: dict[str, Any]) -> tuple[str, int | str]:
    return case["verdict"], case["head"] if case["verdict"] == "sound" else case["line"]


@each
def test_the_engine_gives_the_verdict_of_the_vector(case: dict[str, Any]) -> None:
    assert ours(case) == told(case)


@each
def test_a_verifier_that_shares_no_code_gives_it_too(case: dict[str, Any]) -> None:
    assert stranger.judge((FOLDER / case["file"]).read_bytes(), case["heads"]) == told(case)


def test_every_vector_has_a_verdict() -> None:
    assert {path.name for path in FOLDER.glob("*.jsonl")} == {case["file"] for case in CASES}
    assert GENESIS in {case.get("head") for case in CASES}


def test_the_note_is_read_alike_by_both() -> None:
    key = (FOLDER / "anchor.key").read_text(encoding="utf-8")
    note = (FOLDER / "anchor.txt").read_text(encoding="utf-8")
    [ours_] = read_notes(note, [key])

    assert stranger.signed_head(note, key) == ours_.hash
    assert ours_.sequence == 6
    assert [ours_.hash] == next(case["heads"] for case in CASES if case["heads"])


def test_a_note_by_another_key_of_the_same_name_counts_for_neither() -> None:
    key = (FOLDER / "anchor.key").read_text(encoding="utf-8")
    note = (FOLDER / "forged-anchor.txt").read_text(encoding="utf-8")

    assert stranger.signed_head(note, key) is None
    with pytest.raises(Refused, match="not signed by a key that is known here"):
        read_notes(note, [key])


def test_a_note_whose_text_was_changed_counts_for_neither() -> None:
    key = (FOLDER / "anchor.key").read_text(encoding="utf-8")
    note = (FOLDER / "anchor.txt").read_text(encoding="utf-8")
    changed = note.replace("\n6\n", "\n5\n")

    assert changed != note
    with pytest.raises(InvalidSignature):
        stranger.signed_head(changed, key)
    with pytest.raises(Refused, match="the note about entry 5 is not signed"):
        read_notes(changed, [key])
