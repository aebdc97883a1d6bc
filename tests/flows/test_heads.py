"""Heads in Prefect's records of runs: all are found, and the ledger is held against each."""

from __future__ import annotations

import re
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client

from cli.exits import Exit
from demo.stage import Stage
from flows.door import answer, at_server, open_gate
from flows.heads import FORGER, artifact_heads
from flows.record import head_in
from tests.cli.conftest import Runbook, runbook
from tests.flows.voyages import begin, entries, gate, state, until

__all__ = ["runbook"]  # a fixture of the command line
pytestmark = pytest.mark.xdist_group("stage")

ONLY = ("--prefect", "--no-git")
FORGED = "ab" * 32


def ending(sequence: int, head: str) -> str:
    return f"# A run\n\nLedger head: entry {sequence}, `{head}`."


@pytest.fixture(scope="module")
def run(_stage: Stage) -> str:
    """A run that was rejected at its first gate."""
    with at_server(_stage.api_url):
        started = begin("rotate-api-key", secret="redis-password")
        gate(_stage, started)
        form = {"decision": "reject", "name": "olga", "gate": open_gate(started).key}
        answer(started, form)
        until(lambda: state(_stage, started).outcome, f"run {started} to be over")
        until(lambda: _last_head(started, _stage), "its record to be written")
    return started


def _last_head(run: str, stage: Stage) -> bool | None:
    last = entries(stage, run)[-1].hash
    return any(witness.hash == last for witness in artifact_heads()) or None


@contextmanager
def kept(stage: Stage, *texts: str, key: str = "") -> Iterator[list[str]]:
    """Put pages into Prefect as anybody who may write artifacts can, and take them away again."""
    with at_server(stage.api_url), get_client(sync_client=True) as api:  # waits out a busy database
        made = [_put(api, text, key or f"run-{uuid.uuid4()}") for text in texts]
        try:
            yield made
        finally:
            for artifact in made:
                api.request("DELETE", "/artifacts/{id}", path_params={"id": artifact})


def _put(api: SyncPrefectClient, text: str, key: str) -> str:
    told = {"key": key, "type": "markdown", "data": text}
    return str(api.request("POST", "/artifacts/", json=told).json()["id"])


def test_every_version_of_a_record_is_a_witness_whatever_the_page(stage: Stage, run: str) -> None:
    told = [witness for witness in artifact_heads(page=1) if f"(run-{run})" in witness.source]
    known = {entry.hash: entry.sequence for entry in entries(stage, run)}

    assert len(told) > 1
    assert {it.hash: it.sequence for it in told}.items() <= known.items()
    assert set(artifact_heads(page=1)) == set(artifact_heads())
    assert {it.forger for it in told} == {FORGER}


def test_the_ledger_is_held_against_prefect(runbook: Runbook, stage: Stage, run: str) -> None:
    ended = runbook("--settings", stage.settings_file, "audit", "verify", *ONLY)
    last = entries(stage, run)[-1]

    assert ended.code == 0, ended.err
    assert f"{len(artifact_heads())} published heads are in it" in ended.out
    assert last.sequence <= int(re.findall(r"the last that of entry (\d+)", ended.out)[0])


def test_a_forged_record_is_told_with_both_that_it_may_mean(
    runbook: Runbook, stage: Stage, run: str
) -> None:
    last = entries(stage, run)[-1].sequence
    with kept(stage, ending(last - 1, FORGED)) as [forged]:
        ended = runbook("--settings", stage.settings_file, "audit", "verify", *ONLY)
    again = runbook("--settings", stage.settings_file, "audit", "verify", *ONLY)

    assert ended.code == Exit.LEDGER_BROKEN
    assert f"the head {FORGED[:16]} kept by artifact {forged} (run-" in ended.err
    assert f"was entry {last - 1}, and that is another one now, though" in ended.err
    assert "one of the two is no head of this ledger" in ended.err
    assert f"Or the head is forged: {FORGER} could." in ended.err
    assert again.code == 0, again.err


def test_a_head_told_to_be_that_of_another_entry_is_found(
    runbook: Runbook, stage: Stage, run: str
) -> None:
    last = entries(stage, run)[-1]
    with kept(stage, ending(last.sequence + 7, last.hash)):
        ended = runbook("--settings", stage.settings_file, "audit", "verify", *ONLY)

    assert ended.code == Exit.LEDGER_BROKEN
    told = f"is that of entry {last.sequence} and was told to be that of entry {last.sequence + 7}"
    assert told in ended.err


def test_a_cut_tail_is_found_by_what_prefect_kept(
    runbook: Runbook, stage: Stage, run: str, tmp_path: Path
) -> None:
    before, last = entries(stage, run)[-2:]
    settings = _cut(stage, tmp_path, before.sequence)
    ended = runbook("--settings", settings, "audit", "verify", *ONLY)

    assert ended.code == Exit.LEDGER_BROKEN
    assert (
        f"was entry {last.sequence}, and the ledger ends with entry {before.sequence}" in ended.err
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"Ledger head: entry 2, `{FORGED}`.",
        f"# A run\n\nLedger head: entry 2, `{FORGED}`.\nand more",
        f"# A run\n\nLedger head: entry 0, `{FORGED}`.",
        f"# A run\n\nLedger head: entry 2, `{FORGED.upper()}`.",
    ],
)
def test_what_does_not_end_as_a_record_does_is_no_witness(text: str) -> None:
    assert head_in(text) is None


def test_pages_of_others_are_no_witnesses(stage: Stage, run: str) -> None:
    before = artifact_heads()
    with kept(stage, ending(2, FORGED), key="run-of-the-mill"), kept(stage, "no head"):
        assert artifact_heads() == before
    assert before


def _cut(stage: Stage, folder: Path, last: int) -> Path:
    """Return settings of the same platform with a copy of its ledger that ends earlier."""
    told: dict[str, Any] = yaml.safe_load(stage.settings_file.read_text())
    copy = folder / "cut.db"
    with (
        closing(sqlite3.connect(told["ledger"]["url"].removeprefix("sqlite:///"))) as whole,
        closing(sqlite3.connect(copy)) as part,
    ):
        whole.backup(part)
        part.execute("delete from entries where sequence > ?", (last,))
        part.commit()
    told["ledger"]["url"] = f"sqlite:///{copy}"
    file = folder / "cut.yaml"
    file.write_text(yaml.safe_dump(told))
    return file
