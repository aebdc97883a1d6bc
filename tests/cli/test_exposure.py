"""`runbook exposure waive` and `runbook prove`: who may answer for a value, and who can read a word."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest

from adapters.platform import Platform, open_platform
from cli.exits import Exit
from engine.ledger import Actor, Draft, Event
from tests.cli.conftest import Runbook

RUN = "1f0c0000-0000-4000-8000-000000000001"
PLACES = ["f.yaml#" + f'["{name}"]["key"]' for name in ("redis", "matomo")]


@pytest.fixture
def platform(settings: Path) -> Iterator[Platform]:
    """An offboarding that ada started and that has come to its list."""
    opened = open_platform(settings)
    inputs = {
        "person": "nina",
        "recipients": f"age1{'q' * 58}",
        "email": "nina@example.org",
        "reason": "she leaves",
    }
    plan = opened.plan("offboard-staff", inputs)
    start = {"runbook": plan.runbook, "title": plan.title, "secret": "", "plan": plan.text()}
    items = [{"place": place, "mark": "fp:1"} for place in PLACES]
    found = {"outputs": {"items": items}, "sealed": [], "evidence": "2 values"}
    actor = Actor("ada", groups=("plana-admins",), via="prefect")
    for event, step, details in (
        (Event.RUN_STARTED, "", {**start, "preflight": {}}),
        (Event.STEP_SUCCEEDED, "exposed", found),
    ):
        draft = Draft(RUN, event, actor, step, 1, plan.digest, details)
        opened.journal.append(draft)
    yield opened
    opened.journal.close()


def waived(platform: Platform) -> list[tuple[str, list[str], str]]:
    entries = platform.journal.of(Event.EXPOSURE_WAIVED)
    return [(e.actor.subject, e.details["places"], e.details["reason"]) for e in entries]


def test_who_may_decide_at_the_gate_may_waive_with_a_reason(
    runbook: Runbook, settings: Path, platform: Platform
) -> None:
    ended = runbook(
        "--settings", settings, "exposure", "waive", RUN[:6], "2", "2",
        "--reason", "taken down in May", "--by", "anna",
    )  # fmt: skip

    assert ended.code == Exit.FINE, ended.err
    assert waived(platform) == [("anna", [PLACES[1]], "taken down in May")]


@pytest.mark.parametrize(
    ("by", "numbers", "reason", "why"),
    [
        ("otto", "1", "taken down in May", "otto is in none of the groups plana-admins"),
        ("anna", "3", "taken down in May", "the list has 2 values, and no number 3"),
        ("anna", "1", "because", "the reason is shorter than 10 letters"),
    ],
)
def test_anything_else_is_refused_and_waives_nothing(  # noqa: PLR0917 - a table
    runbook: Runbook,
    settings: Path,
    platform: Platform,
    by: str,
    numbers: str,
    reason: str,
    why: str,
) -> None:
    ended = runbook(
        "--settings", settings, "exposure", "waive", RUN, numbers, "--reason", reason, "--by", by
    )

    assert ended.code == Exit.REFUSED
    assert why in ended.err
    assert waived(platform) == []


def test_a_run_without_a_list_is_refused(
    runbook: Runbook, settings: Path, platform: Platform
) -> None:
    ended = runbook("--settings", settings, "exposure", "show", "2f0c")

    assert ended.code == Exit.REFUSED
    assert "no run that starts with 2f0c" in ended.err


def armour(word: str, key: pyrage.x25519.Identity) -> bytes:
    sealed = base64.b64encode(pyrage.encrypt(word.encode(), [key.to_public()])).decode()
    return (
        f"-----BEGIN AGE ENCRYPTED FILE-----\n{sealed}\n-----END AGE ENCRYPTED FILE-----\n".encode()
    )


def test_a_word_is_read_with_ones_own_key_and_nothing_of_the_platform(
    runbook: Runbook, tmp_path: Path
) -> None:
    key = pyrage.x25519.Identity.generate()
    file = tmp_path / "keys.txt"
    file.write_text(f"# made by a test\n{key}\n")

    ended = runbook("prove", "--identity", file, stdin=b"> pasted\n" + armour("a-word", key))

    assert (ended.code, ended.out) == (Exit.FINE, "a-word\n")


def test_a_word_for_somebody_else_is_refused_and_no_key_is_shown(
    runbook: Runbook, tmp_path: Path
) -> None:
    key, other = (pyrage.x25519.Identity.generate() for _ in range(2))
    file = tmp_path / "keys.txt"
    file.write_text(f"{key}\n")

    ended = runbook("prove", "--identity", file, stdin=armour("a-word", other))

    assert ended.code == Exit.REFUSED
    assert f"which is {key.to_public()}" in ended.err
    assert str(key) not in ended.out + ended.err


@pytest.mark.parametrize("content", ["", "nothing of the kind\n"])
def test_a_file_without_a_key_and_a_paste_without_armour_are_refused(
    runbook: Runbook, tmp_path: Path, content: str
) -> None:
    file = tmp_path / "keys.txt"
    file.write_text(content)
    assert "there is no age key in" in runbook("prove", "--identity", file, stdin=b"x").err
    file.write_text(f"{pyrage.x25519.Identity.generate()}\n")

    ended = runbook("prove", "--identity", file, stdin=b"just words")

    assert ended.code == Exit.REFUSED
    assert "there is no age armour" in ended.err
