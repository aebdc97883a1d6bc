"""What a form cannot ask for is told before it is shown, with its place and what to do."""

from __future__ import annotations

import pytest

from engine.checks import read_runbook
from tests.engine.bad_runbooks import HEAD
from tests.engine.test_checks import AROUND, findings_of

BAD = {
    "pattern that is no expression": (
        "w: {type: string, description: W., pattern: '[a-'}",
        "try.yaml:4:47: the pattern is no regular expression: unterminated character set",
        "Put a backslash before a character that stands for itself.",
    ),
    "pattern that the form cannot hold": (
        "w: {type: string, description: W., pattern: '^(?=a)'}",
        "try.yaml:4:47: the form cannot hold a text against this pattern",
        "Leave out what looks ahead, looks behind or refers back to a group.",
    ),
    "word of Python": (
        "class: {type: string, description: W.}",
        "try.yaml:4:3: an input may not be called `class`, which is a word of Python",
        "Rename it, for example to `class_`.",
    ),
    "lengths that exclude each other": (
        "w: {type: string, description: W., min_length: 9, max_length: 3}",
        "try.yaml:4:50: nothing fits: `min_length` is 9, and `max_length` is 3",
        "Let `min_length` be no more than `max_length`.",
    ),
    "numbers that exclude each other": (
        "w: {type: integer, description: W., minimum: 9, maximum: -3}",
        "try.yaml:4:48: nothing fits: `minimum` is 9, and `maximum` is -3",
        "Let `minimum` be no more than `maximum`.",
    ),
    "default that is too short": (
        "w: {type: string, description: W., min_length: 9, default: short}",
        "try.yaml:4:62: the default is shorter than 9 characters",
        "Let it be what the form takes, or leave it out, so that people are asked.",
    ),
    "default that is too long": (
        "w: {type: string, description: W., max_length: 3, default: long}",
        "try.yaml:4:62: the default is longer than 3 characters",
        "",
    ),
    "default beside the pattern": (
        "w: {type: string, description: W., pattern: '^a$', default: b}",
        "try.yaml:4:63: the default does not match ^a$",
        "",
    ),
    "default that is too much": (
        "w: {type: integer, description: W., maximum: 3, default: 4}",
        "try.yaml:4:60: the default is above 3",
        "",
    ),
    "date in another spelling": (
        "w: {type: date, description: W., default: 2027-W01-1}",
        "try.yaml:4:45: the default is not a date such as 2027-01-31",
        "",
    ),
    "no name of a secret": (
        "w: {type: secret_name, description: W., default: A B}",
        "try.yaml:4:52: the default is no name of a secret",
        "",
    ),
}


def runbook_with(asked: str) -> str:
    return f"{HEAD}inputs:\n  {asked}\nsteps: [{{id: a, uses: lamp.light}}]\n"


@pytest.mark.parametrize("case", BAD.values(), ids=BAD)
def test_a_form_that_can_never_work_is_told(case: tuple[str, str, str]) -> None:
    asked, message, hint = case

    found = findings_of(runbook_with(asked))[-1]

    assert message in found
    assert f"hint: {hint}" in found


@pytest.mark.parametrize(
    "asked",
    [
        "w: {type: string, description: W., pattern: '^[a-c]{2}$', min_length: 2, max_length: 2, default: ab}",
        "w: {type: integer, description: W., minimum: 3, maximum: 3, default: 3}",
        "w: {type: date, description: W., default: '2027-01-31'}",
        "w: {type: boolean, description: W., default: false}",
        "w: {type: secret, description: W., default: the-key}",
    ],
)
def test_a_default_within_its_limits_is_fine(asked: str) -> None:
    read_runbook(runbook_with(asked), "try.yaml", AROUND)
