"""The page about the ledger lets anybody verify one; these tests are that anybody."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from engine.ledger import Event, canonical, verify
from engine.lines import read_lines
from engine.state import Kind, Outcome

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "ledger.md").read_text(encoding="utf-8")
FORMAT = b"runbook-ledger/1\n"


def _marked(mark: str) -> list[str]:
    """Return the lines of JSON that carry this mark."""
    return re.findall(rf"^```json {mark}\n(.*)\n```$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("word", [*Event, *Kind, *Outcome])
def test_the_ledger_page_names_every_event(word: str) -> None:
    assert f"`{word}`" in PAGE


def test_the_worked_example_is_what_anybody_computes() -> None:
    lines, head = _marked("entry"), "0" * 64
    for line in lines:
        fields = json.loads(line)
        said = fields.pop("hash")
        plain = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

        assert fields["previous"] == head
        assert hashlib.sha256(FORMAT + plain.encode()).hexdigest() == said
        head = said

    assert len(lines) == 2
    assert f"The head of this ledger is `{head}`" in PAGE
    assert verify(read_lines(f"{line}\n".encode() for line in lines)) == head


def test_the_body_shown_is_what_the_hash_of_the_first_entry_covers() -> None:
    [body] = _marked("body")
    fields = json.loads(_marked("entry")[0])
    del fields["hash"]

    assert canonical(fields) == body.encode()
    assert f"covers {len(FORMAT + body.encode())} bytes" in PAGE
