"""What is wrong with a case file is told before a case is played, each at its place."""

from __future__ import annotations

import pytest

from engine.case_checks import read_cases
from engine.findings import Invalid
from engine.runbook import Runbook

RUNBOOK = Runbook.model_validate(
    {
        "runbook": "end-a-key",
        "title": "End a key",
        "inputs": {"reason": {"type": "string", "description": "Why."}},
        "steps": [{"id": "works", "uses": "a.b"}, {"id": "revoke", "uses": "a.c"}],
    }
)
SOUND = """\
runbook: end-a-key
bring: {works: {made_up: something}}
cases:
  - case: it goes well
    inputs: {reason: Because.}
    troubles: [{from: revoke, knob: suspend, name: redis}]
    decisions: [{gate: works, kind: failure, decide: retry, mend: true}]
    expect: {end: completed, gates: [works, works failure, revoke], ran: [works, revoke]}
"""


def findings(text: str) -> list[str]:
    with pytest.raises(Invalid) as wrong:
        read_cases(text, "c.yaml", RUNBOOK)
    return [f"{f.place.line}:{f.place.column} {f.message}" for f in wrong.value.findings]


def test_a_sound_file_is_read() -> None:
    cases, _ = read_cases(SOUND, "c.yaml", RUNBOOK)

    assert cases.cases[0].troubles[0].request() == {"knob": "suspend", "name": "redis"}
    assert cases.cases[0].decisions[0].name == "works failure"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("end-a-key", "end-all", "1:10 the file is about end-all, and its name says end-a-key"),
        ("bring: {works", "bring: {verk", "2:9 the runbook has no step `verk`"),
        ("{reason: B", "{raeson: B", "5:14 `raeson` is not an input of end-a-key"),
        ("from: revoke", "from: revok", "6:23 the runbook has no step `revok`"),
        ("{gate: works", "{gate: work", "7:24 the runbook has no step `work`"),
        ("works failure", "wark failure", "8:45 the runbook has no step `wark`"),
        ("ran: [works", "ran: [woks", "8:75 the runbook has no step `woks`"),
        ("decide: retry", "decide: redo", "7:54 "),
        ("{made_up: some", "{double: console, made_up: some", "2:16 "),
        ("knob: suspend, ", "", "6:16 "),
        ("end: completed", "end: completed, stores: {sops: newer}", "8:45 "),
        ("end: completed", "and: completed", "8:14 unknown key `and`"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(old: str, new: str, told: str) -> None:
    assert any(each.startswith(told) for each in findings(SOUND.replace(old, new, 1)))


def test_two_cases_of_one_name_are_told() -> None:
    twice = SOUND + SOUND[SOUND.index("  - case") :]

    assert findings(twice) == ["9:11 there is already a case of this name"]
