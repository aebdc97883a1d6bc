"""What the command line makes of a catalogue of which a part is in git, and of a git that is away."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from adapters.platform import open_platform
from cli.exits import Exit
from engine.errors import Refused
from tests.adapters import infra as world
from tests.adapters.infra import FILE, Infra
from tests.cli.conftest import Runbook

IN_GIT = "infra/secrets/catalogue.yaml"
TOKEN = f"""\
secrets:
  added-token:
    title: Token that a run added
    sops: {{file: {FILE}, path: ai_agents.spare}}
    vaultwarden: {{collection: plana-staff, item: Added token}}
    generate: {{format: hex, bytes: 32}}
"""
ROTATION = """\
runbook: rotate-added
title: Rotate what was added
secret: added-token
gate: {groups: [plana-staff]}
steps:
  - id: found
    uses: sops.read
    with: {at: "${{ secret.sops }}"}
    gate: none
"""


@pytest.fixture
def infra(tmp_path: Path) -> Infra:
    (tmp_path / "infra").mkdir()
    return world.build(tmp_path / "infra")


def told(settings: Path, remote: str) -> Path:
    """Let the platform have a part of its catalogue in git, and a runbook about it."""
    given = yaml.safe_load(settings.read_text())
    folder = settings.parent / "runbooks"
    folder.mkdir()
    (folder / "rotate-added.yaml").write_text(ROTATION)
    given |= {"runbooks": str(folder), "git": {"remote": remote, "catalogue": IN_GIT}}
    settings.write_text(yaml.safe_dump(given))
    return settings


def test_both_parts_count(runbook: Runbook, settings: Path, infra: Infra) -> None:
    infra.commit({IN_GIT: TOKEN.encode()})
    told(settings, infra.git.remote)

    checked = runbook("--settings", settings, "validate", settings.parent / "runbooks")
    plan = runbook("--settings", settings, "plan", "rotate-added", "--no-look")

    assert (checked.code, plan.code) == (Exit.FINE, Exit.FINE), checked.out + plan.err
    assert '"path": "ai_agents.spare"' in plan.out
    assert (checked.err, plan.err) == ("", "")


def test_a_name_in_both_parts_stops_everything_with_both_places(
    runbook: Runbook, settings: Path, infra: Infra
) -> None:
    infra.commit({IN_GIT: TOKEN.replace("added-token", "redis-password").encode()})
    told(settings, infra.git.remote)

    ended = runbook("--settings", settings, "drift")
    checked = runbook("--settings", settings, "validate", settings.parent / "runbooks")

    assert (ended.code, checked.code) == (Exit.INVALID, Exit.INVALID)
    for said in (ended.err, checked.out):
        assert f"git:{IN_GIT}:2:3: `redis-password` stands twice; first at " in said
        assert "secrets.yaml:" in said


def test_without_the_remote_the_shipped_part_is_checked_and_that_is_said(
    runbook: Runbook, settings: Path
) -> None:
    told(settings, "https://127.0.0.1:9/infra.git")
    (settings.parent / "runbooks" / "rotate-added.yaml").write_text(
        ROTATION.replace("added-token", "redis-password")
    )

    checked = runbook("--settings", settings, "validate", settings.parent / "runbooks")
    plan = runbook("--settings", settings, "plan", "rotate-added", "--no-look")

    assert (checked.code, plan.code) == (Exit.FINE, Exit.FINE), checked.out + plan.err
    assert checked.err.startswith("the catalogue in git is left out: ")
    assert plan.err == "", "the shipped part knows the secret, so nobody was asked"
    assert "127.0.0.1" in checked.err


@pytest.mark.parametrize("command", ["drift", "due"])
def test_what_looks_after_secrets_never_takes_a_part_for_all(
    runbook: Runbook, settings: Path, command: str
) -> None:
    told(settings, "https://127.0.0.1:9/infra.git")

    ended = runbook("--settings", settings, command)

    assert ended.code == Exit.UNREACHABLE
    assert "127.0.0.1" in ended.err


def test_a_run_about_a_shipped_secret_asks_no_remote(settings: Path) -> None:
    told(settings, str(settings.parent / "nowhere.git"))
    told_of_shipped = ROTATION.replace("rotate-added", "rotate-shipped")
    shipped = next(iter(yaml.safe_load(_catalogue(settings).read_text())["secrets"]))
    (settings.parent / "runbooks" / "rotate-shipped.yaml").write_text(
        told_of_shipped.replace("added-token", shipped)
    )
    platform = open_platform(settings)

    assert platform.plan("rotate-shipped", {}).secret == shipped
    with pytest.raises(Refused, match="git"):
        platform.plan("rotate-added", {})


def _catalogue(settings: Path) -> Path:
    return Path(yaml.safe_load(settings.read_text())["catalogue"])
