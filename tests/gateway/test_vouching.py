"""What real runs left in the ledger is proven again, by the command that an auditor types."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.exits import Exit
from engine.vouching import TOLD, prove_again
from tests.cli.conftest import Runbook, runbook
from tests.gateway.town import Town

__all__ = ["runbook"]  # a fixture of the command line

pytestmark = pytest.mark.xdist_group("gated")


def test_the_words_of_a_run_are_proven_again_from_the_ledger_and_from_an_export(
    town: Town, runbook: Runbook, tmp_path: Path
) -> None:
    run = town.start("website-session-secret")
    town.stands(run)
    town.approve(run, "olga", decision="reject", comment="not tonight")
    town.wait_for_end(run)
    platform = town.stage.platform()
    own = [entry for entry in platform.journal.entries(run) if "token" in entry.details]
    assert [entry.event for entry in own] == ["run.started", "gate.rejected"]
    assert prove_again(platform.journal.of(*TOLD), platform.approval_keys()).signed >= len(own)

    settings = ["--settings", str(town.stage.settings_file)]
    asked = runbook(*settings, "audit", "verify", "--no-git", "--no-prefect")
    assert (asked.code, "signed word(s) hold" in asked.out) == (Exit.FINE, True), asked.err
    export, keys = tmp_path / "export.jsonl", platform.settings.engine.approval_keys_file
    assert runbook(*settings, "audit", "export", "--by", "anna", "-o", export).code == Exit.FINE
    elsewhere = runbook("audit", "verify", "--file", export, "--approval-keys", keys)
    assert (elsewhere.code, "signed word(s) hold" in elsewhere.out) == (Exit.FINE, True)
    unknown = runbook("audit", "verify", "--file", export)
    assert "no signature was checked" in unknown.out
