from __future__ import annotations

import json
from pathlib import Path

import pyrage
import pytest

from cli.exits import Exit
from tests.cli.conftest import ROOT, Runbook
from tests.ground import ANTHROPIC, Ground, ground


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


def test_without_access_each_look_says_why_and_the_plan_is_shown(
    runbook: Runbook, settings: Path
) -> None:
    ended = runbook(
        "--settings", settings, "plan", "rotate-anthropic-api-key", "-i", "reason=it is"
    )

    assert ended.code == 0, ended.err
    assert "not known: `engine.fingerprint_key_file` is not set" in ended.out
    assert "who else reads it is not known: " in ended.out
    lines = [line for line in ended.out.splitlines() if line.startswith("vaultwarden  ")]
    assert " ".join(lines[0].split()[1:]) == "store plana-staff / Anthropic API key / password"
    assert "not known: " in lines[1]


def test_a_plan_can_be_shown_without_any_look(runbook: Runbook, settings: Path) -> None:
    ended = runbook(
        *("--settings", settings, "plan", "rotate-api-key", "--no-look", "--json"),
        *("-i", "secret=redis-password", "-i", "reason=it is time"),
    )

    told = json.loads(ended.out)
    assert told["found"] is None
    assert told["no_return"] is None
    assert [change["target"] for change in told["changes"]][1:3] == [
        "redis.password in infra/secrets/plana-pulse.enc.yaml",
        "plana-staff / Redis password / password",
    ]


def test_a_look_tells_where_everything_stands_and_no_value(
    runbook: Runbook, tmp_path: Path
) -> None:
    with ground(tmp_path, ANTHROPIC) as here:
        before = here.world.vaultwarden.writes, here.world.remote.branches()
        asked = ("plan", "rotate-anthropic-api-key", "-i", "reason=it is time")
        ended = runbook("--settings", here.settings, *asked)
        told = json.loads(runbook("--settings", here.settings, *asked, "--json").out)
        after = here.world.vaultwarden.writes, here.world.remote.branches()
        name = here.name(here.old)
        leaks = here.leaks(ended.out, ended.err, json.dumps(told))

    assert ended.code == 0, ended.err
    assert (before, leaks) == (after, [])
    assert "point of no return: revoke; before it, all of this can be taken back" in ended.out
    assert "restarts: ai-bos-agent/deployment/ai-agents" in ended.out
    holds = {each["place"]: each["fingerprint"] for each in told["found"]["standings"][:3]}
    assert holds == dict.fromkeys(("main", "vault", "cluster"), name)
    found = {each["step"]: each["found"] for each in told["found"]["steps"]}
    assert found["restart"] == "deployment/ai-agents: it has not been restarted by this run"
    key = here.world.anthropic.states()[0]["id"]
    assert [each["target"] for each in told["changes"]][-1] == f"key_id {key}; keep from new-key"
    assert found["old-key"].startswith(f"{key} (plana-ai-agents) is the one active key")


def test_what_would_change_is_told_by_name_for_both_halves_of_a_pair(
    runbook: Runbook, tmp_path: Path
) -> None:
    with ground(tmp_path) as here:
        asked = ("plan", "rotate-exoscale-key", "-i", "reason=it is time")
        told = json.loads(runbook("--settings", here.settings, *asked, "--json").out)
        key = here.world.values["exoscale.dns_api_key"]

    would = {each["step"]: each["target"] for each in told["changes"]}
    assert would["mint"].endswith(f"the rights of another one: like {key}; name plana-external-dns")
    assert would["delete"] == f"key_id {key}; keep from mint; name plana-external-dns"
    known = " ".join(str(each["note"]) for each in told["found"]["standings"])
    assert "'Exoscale DNS key'" in known
    assert "'Exoscale DNS secret'" in known


def test_the_cutover_is_among_what_would_change(runbook: Runbook, settings: Path) -> None:
    ended = runbook(
        *("--settings", settings, "plan", "rotate-postgres-shared-role", "--no-look", "--json"),
        *("-i", "reason=it is time"),
    )

    told = json.loads(ended.out)
    [cutover] = [each for each in told["changes"] if each["effect"] == "cutover"]
    assert cutover["target"] == "role plana; consumers pulse-account, plana-erp"
    assert told["no_return"] == cutover["step"] == "replace"


def test_the_files_that_a_newcomer_would_read_are_told(runbook: Runbook, tmp_path: Path) -> None:
    recipient = str(pyrage.x25519.Identity.generate().to_public())
    inputs = {"person": "noel", "email": "noel@example.org", "recipient": recipient}
    given = [part for name, it in inputs.items() for part in ("-i", f"{name}={it}")]
    with ground(tmp_path) as here:
        asked = ("plan", "onboard-sops-recipient", "-i", "reason=it is time", *given)
        ended = runbook("--settings", here.settings, *asked)

    assert ended.code == 0, ended.err
    assert ".sops.yaml, infra/secrets/plana-pulse.enc.yaml" in ended.out


@pytest.mark.parametrize(
    ("change", "asked", "told"),
    [
        (
            ("[statefulset/redis, deployment/redis-exporter]", "statefulset/redis"),
            ("rotate-api-key", "-i", "secret=redis-password"),
            {
                "restarts: redis/statefulset/redis",
                "reads it too and is not restarted: redis/deployment/redis-exporter",
            },
        ),
        (
            ("workload: statefulset/erp", "workload: statefulset/erp-next"),
            ("rotate-postgres-shared-role",),
            {"reads it too and is not restarted: plana-erp/statefulset/erp"},
        ),
    ],
    ids=["one place", "consumers"],
)
def test_who_reads_a_secret_and_is_not_restarted_is_told(
    runbook: Runbook,
    tmp_path: Path,
    change: tuple[str, str],
    asked: tuple[str, ...],
    told: set[str],
) -> None:
    with ground(tmp_path) as here:
        _edit_catalogue(here, *change)
        ended = runbook("--settings", here.settings, "plan", *asked, "-i", "reason=it is time")

    assert told <= {line.strip() for line in ended.out.splitlines()}


def _edit_catalogue(here: Ground, old: str, new: str) -> None:
    """Let the platform read a catalogue in which one place is another."""
    shipped = ROOT / "runbooks" / "secrets.yaml"
    catalogue = here.settings.with_name("catalogue.yaml")
    catalogue.write_text(shipped.read_text().replace(old, new))
    here.settings.write_text(here.settings.read_text().replace(str(shipped), str(catalogue)))


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


def test_nothing_is_planned_for_what_is_no_secret(
    runbook: Runbook, settings: Path, tmp_path: Path
) -> None:
    shipped = ROOT / "runbooks" / "secrets.yaml"
    (tmp_path / "secrets.yaml").write_text(
        shipped.read_text().replace("redis.password", "redis.url")
    )
    text = settings.read_text().replace(str(shipped), str(tmp_path / "secrets.yaml"))
    settings.write_text(text)
    ended = runbook(
        *("--settings", settings, "plan", "rotate-api-key", "--no-look"),
        *("-i", "secret=redis-password", "-i", "reason=it is time"),
    )

    assert ended.code == Exit.REFUSED
    assert "redis-password is no secret: it is the address of a service" in ended.err


def test_an_unknown_runbook_names_those_there_are(runbook: Runbook, settings: Path) -> None:
    ended = runbook("--settings", settings, "plan", "rotate-everything")

    assert ended.code == Exit.REFUSED
    assert "rotate-api-key" in ended.err
