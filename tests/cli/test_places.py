"""A place of the catalogue that no step could use is told there, before a run is planned."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from cli.exits import Exit
from tests.cli.conftest import ROOT, Runbook

SHIPPED = ROOT / "runbooks"
TEXT = (SHIPPED / "secrets.yaml").read_text()
RENEWS = "runbook: renew-tpp-certificates"
LINE = TEXT[: TEXT.index(RENEWS)].count("\n") + 1
CHECK = 'check: {url: "${{ platform.app }}/chat"}'


def checked(runbook: Runbook, folder: Path, old: str, new: str) -> tuple[int, str]:
    """Return how the shipped runbooks fare with a catalogue in which `old` was replaced once."""
    file = folder / "secrets.yaml"
    file.write_text(TEXT.replace(old, new, 1))
    settings = folder / "runbook.yaml"
    named = {"catalogue": str(file), "people": str(SHIPPED / "people.yaml")}
    facts = {"app": "https://a.example.org", "anthropic_console": "https://c.example.org"}
    settings.write_text(yaml.safe_dump({"runbooks": str(SHIPPED), "platform": facts, **named}))
    ended = runbook("validate", file)
    return ended.code, ended.out


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("file: infra/secrets/plana-pulse.enc.yaml", "file: ../x", "6:18: `sops.file`: the file"),
        ("file: infra/secrets/plana-pulse.enc.yaml", "file: /x", "6:18: `sops.file`: the file"),
        ("path: ai_agents.anthropic_api_key", "path: a..b", "6:60: `sops.path`: a key"),
        ("item: Anthropic API key", "item: ''", "7:50: `vaultwarden.item`: must have"),
        ("kustomization: ai-bos-agent", "kustomization: A", "8:27: `flux.kustomization`: does"),
        ("namespace: ai-bos-agent", "namespace: A b", "10:18: `kubernetes.namespace`: does"),
        ("workload: deployment/ai-agents", "workload: a", "13:17: `kubernetes.workload`: 'a' is"),
        ("deployment/redis-exporter]", "a]", "141:37: `kubernetes.workload.1`: 'a' is not"),
        (CHECK, "check: {url: nonsense}", "14:18: `check.url`: the url must be"),
        (CHECK, CHECK.replace('t"}', 't", status: 9999}'), "14:54: "),
        (RENEWS, "runbook: renew", f"{LINE}:14: there is no runbook"),
    ],
)
def test_a_place_that_no_step_can_take_is_told_once(
    runbook: Runbook, tmp_path: Path, old: str, new: str, told: str
) -> None:
    code, out = checked(runbook, tmp_path, old, new)

    assert code == Exit.INVALID
    assert f"secrets.yaml:{told}" in out
    assert "checked: 1 finding\n" in out


def test_the_shipped_places_can_all_be_taken(runbook: Runbook, tmp_path: Path) -> None:
    assert checked(runbook, tmp_path, "title", "title")[0] == 0


def test_a_platform_without_facts_leaves_open_what_refers_to_them(
    runbook: Runbook, tmp_path: Path
) -> None:
    (tmp_path / "runbooks").mkdir()
    for file in SHIPPED.glob("*.yaml"):
        (tmp_path / "runbooks" / file.name).write_text(file.read_text())
    fine = runbook("validate")
    wrong = TEXT.replace("kustomization: ai-bos-agent", "kustomization: A", 1)
    (tmp_path / "runbooks" / "secrets.yaml").write_text(wrong)
    told = runbook("validate")

    assert fine.code == 0, fine.out
    assert "secrets.yaml:8:27: `flux.kustomization`: does not match" in told.out
