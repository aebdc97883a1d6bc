from __future__ import annotations

import json
from pathlib import Path

from cli.exits import Exit
from tests.cli.conftest import Runbook


def test_a_plan_shows_every_step_with_its_parameters_resolved(
    runbook: Runbook, settings: Path
) -> None:
    ended = runbook(
        "--settings", settings, "plan", "rotate-anthropic-api-key", "--input", "reason=it is time"
    )

    assert ended.code == 0, ended.err
    assert "url: https://app.example.org/chat" in ended.out
    assert "value: ${{ steps.generate.value }}" in ended.out
    assert ended.out.index("point of no return") < ended.out.index("revoke: Deactivate the old key")
    assert "1 of plana-admins within 4h, not the initiator" in ended.out
    assert "digest: sha256:" in ended.out


def test_a_plan_is_json_for_a_script(runbook: Runbook, settings: Path) -> None:
    ended = runbook(
        *("--settings", settings, "plan", "rotate-api-key", "--json"),
        *("-i", "secret=redis-password", "-i", "reason=it is time"),
    )

    told = json.loads(ended.out)
    assert told["digest"].startswith("sha256:")
    assert told["plan"]["inputs"] == {"secret": "redis-password", "reason": "it is time"}
    assert told["plan"]["steps"][1]["with_"] == {"format": "hex", "bytes": 32}
    assert told["preflight"] is None


def test_inputs_that_do_not_fit_are_all_said(runbook: Runbook, settings: Path) -> None:
    ended = runbook(
        *("--settings", settings, "plan", "rotate-api-key"),
        *("-i", "secret=nothing", "-i", "colour=red"),
    )

    assert ended.code == Exit.REFUSED
    assert "`colour` is not an input" in ended.err
    assert "`secret` is none of " in ended.err
    assert "`reason` is missing" in ended.err


def test_an_input_without_an_equals_sign_is_a_usage_error(runbook: Runbook, settings: Path) -> None:
    ended = runbook("--settings", settings, "plan", "rotate-api-key", "-i", "reason")

    assert ended.code == Exit.USAGE
    assert "reason is not NAME=VALUE" in ended.err


def test_an_input_given_twice_is_a_usage_error(runbook: Runbook, settings: Path) -> None:
    ended = runbook("--settings", settings, "plan", "rotate-api-key", "-i", "a=1", "-i", "a=2")

    assert ended.code == Exit.USAGE


def test_a_failing_preflight_says_all_that_is_missing(runbook: Runbook, settings: Path) -> None:
    ended = runbook(
        *("--settings", settings, "plan", "rotate-api-key", "--preflight"),
        *("-i", "secret=redis-password", "-i", "reason=it is time"),
    )

    assert ended.code == Exit.REFUSED
    assert "nothing was done, because" in ended.err
    assert "vaultwarden" in ended.err


def test_an_unknown_runbook_names_those_there_are(runbook: Runbook, settings: Path) -> None:
    ended = runbook("--settings", settings, "plan", "rotate-everything")

    assert ended.code == Exit.REFUSED
    assert "rotate-api-key" in ended.err
