"""The command line at the gates of real runs: Prefect server, worker and sandbox."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.states import Crashed

from cli.exits import Exit
from demo.stage import Stage
from engine.errors import Refused
from engine.ledger import Entry, Event
from flows.door import at_server, start
from tests.cli.conftest import Ended, Runbook

pytestmark = pytest.mark.xdist_group("stage")


INPUTS = ("-i", "reason=a test", "-i", "secret=redis-password")
STOP = ("resume", "--stop", "--yes")


class Operator:
    """Somebody at a keyboard, with the settings of the stage."""

    def __init__(self, runbook: Runbook, stage: Stage) -> None:
        self._runbook = runbook
        self._stage = stage

    def types(self, *arguments: str, stdin: bytes = b"") -> Ended:
        return self._runbook("--settings", self._stage.settings_file, *arguments, stdin=stdin)

    def starts(self, name: str, *inputs: str) -> str:
        given = [part for text in ("reason=a test", *inputs) for part in ("-i", text)]
        ended = self.types("run", name, *given, "--by", "otto", "--wait")
        assert ended.code == 0, ended.err
        return ended.out.split()[0]

    def sees(self, run: str) -> dict[str, object]:
        seen: dict[str, object] = json.loads(self.types("status", run, "--json").out)
        return seen

    def last(self, run: str, event: Event) -> Entry:
        with self._stage.platform().journal as journal:
            return [entry for entry in journal.entries(run) if entry.event is event][-1]


@pytest.fixture
def operator(runbook: Runbook, stage: Stage) -> Operator:
    return Operator(runbook, stage)


def test_a_run_is_started_approved_rejected_and_rolled_back(operator: Operator) -> None:
    run = operator.starts("rotate-api-key", "secret=redis-password")
    short = run[:8]
    stranger = operator.types("approve", short, "--by", "nobody", "--wait")
    approved = operator.types("approve", short, "--by", "olga", "--through", "sops", "--wait")
    rejected = operator.types("reject", short, "--by", "olga", "--comment", "not now", "--wait")
    back = operator.types("resume", short, "--roll-back", "--by", "olga", "--wait")
    undone = operator.types("approve", short, "--by", "olga", "--wait")

    assert "**What it will do.**" in stranger.out
    assert "the last answer did not count: nobody is in none of the groups" in stranger.out
    assert "sops: step.succeeded" in approved.out
    assert "at the gate before vaultwarden" in approved.out
    assert "vaultwarden failed, and somebody must decide what follows" in rejected.out
    assert "at the gate before sops is taken back" in back.out
    assert undone.code == Exit.REFUSED
    assert undone.out.splitlines()[-1].endswith(f"{run}: rolled back")
    assert operator.last(run, Event.GATE_APPROVED).actor.via == "cli"
    assert operator.sees(run)["outcome"] == "rolled back"
    assert operator.types("audit", "verify").code == 0


def test_a_run_deleted_in_prefect_is_ended_by_a_person_and_frees_its_secret(
    operator: Operator, stage: Stage
) -> None:
    run = operator.starts("rotate-api-key", "secret=redis-password")
    with at_server(stage.api_url), get_client(sync_client=True) as client:
        client.delete_flow_run(UUID(run))

    woken = operator.types("resume", run)
    stranger = operator.types(*STOP, run, "--by", "nobody", "--comment", "it is gone")
    unsaid = operator.types(*STOP, run, "--by", "olga")
    held = operator.types("run", "rotate-api-key", *INPUTS, "--by", "otto", "--wait")
    ended = operator.types(*STOP, run, "--by", "olga", "--comment", "deleted by mistake")
    again = operator.starts("rotate-api-key", "secret=redis-password")

    assert f"resume {run[:8]} --stop" in woken.err
    assert "nobody is in none of the groups" in stranger.err
    assert "without a word about why" in unsaid.err
    assert f"is held by run {run}" in held.out + held.err
    assert (ended.code, ended.err) == (0, "")
    assert operator.last(run, Event.RUN_ENDED).actor.subject == "olga"
    assert operator.sees(run)["outcome"] == "stopped"
    assert operator.types("audit", "verify").code == 0
    assert operator.types("reject", again, "--by", "olga", "--yes", "--wait").code == Exit.REFUSED


def test_a_secret_that_no_form_knows_yet_is_refused_with_what_to_do(stage: Stage) -> None:
    with at_server(stage.api_url), pytest.raises(Refused, match="as it was deployed") as told:
        start("rotate-api-key", {"secret": "added-since", "reason": "a test"})

    assert "prefect deploy --all" in told.value.hint


def test_a_value_is_sealed_on_its_way_and_shown_nowhere(operator: Operator, stage: Stage) -> None:
    value = "sk-ant-api03-0123456789abcdefghij"
    run = operator.starts("rotate-anthropic-api-key")
    without = operator.types("approve", run, "--by", "olga")
    ended = operator.types(
        *("approve", run, "--by", "olga", "--value", "--yes", "--wait"), stdin=f"{value}\n".encode()
    )

    assert without.code == Exit.REFUSED
    assert "hint: Add --value" in without.err
    assert "generate: step.succeeded" in ended.out
    assert value not in ended.out + ended.err
    assert value.encode() not in _bytes_of(stage.folder.rglob("*.db*"))
    stopped = operator.types("resume", run, "--stop", "--by", "olga", "--yes", "--wait")
    assert stopped.out.splitlines()[-1].endswith("stopped")


def test_a_value_of_several_lines_comes_from_its_file_as_it_is(
    operator: Operator, stage: Stage, tmp_path: Path
) -> None:
    lines = ["the-first-line-of-a-key-0123456789", "the-second-line-of-it-9876543210"]
    key = tmp_path / "id_ed25519"
    key.write_text("\n".join([*lines, ""]))
    described = {"title": "A key", "category": "ssh", "key": "deploy_key", "item": "A key"}
    form = {"secret": "deploy-key", **described, "multiline": "true"}
    run = operator.starts("add-secret", *(f"{name}={value}" for name, value in form.items()))
    by = ("approve", run, "--by", "olga", "--yes")
    piped = operator.types(*by, "--value", stdin=key.read_bytes())
    twice = operator.types(*by, "--value", "--value-file", str(key))
    ended = operator.types(*by, "--value-file", str(key), "--wait")

    assert "the value has several lines" in piped.err
    assert "--value or --value-file" in twice.err
    assert "value: step.succeeded" in ended.out
    with stage.platform().journal as journal:
        held = stage.platform().seal().open(journal.sealed(run)["value", "value"])
    assert held.get_secret_value() == key.read_text()
    told = _bytes_of(stage.folder.rglob("*.db*")).decode(errors="replace") + ended.out + ended.err
    assert [line for line in lines if line in told] == []
    rejected = operator.types("reject", run, "--by", "olga", "--wait")
    assert rejected.out.splitlines()[-1].endswith("rejected")


def _bytes_of(files: Iterable[Path]) -> bytes:
    """Read databases through another program.

    Closing any descriptor of a file ends every POSIX lock this process has on it, and with them
    those by which SQLite here keeps other processes from resetting the log under it.
    """
    shown = subprocess.run(["cat", *map(str, files)], capture_output=True, check=False)  # noqa: S603, S607 - cat
    assert shown.stdout
    return shown.stdout


def test_an_answer_that_does_not_fit_the_gate_is_never_sent(operator: Operator) -> None:
    run = operator.starts("rotate-api-key", "secret=matomo-admin-password")
    at = operator.sees(run)["gate"]
    refused = {
        "the run stands at generate-step-1, not at generate-step-9": [
            *("approve", run, "--gate", "generate-step-9")
        ],
        "at generate-step-1 one can approve, reject, not retry": ["resume", run, "--retry"],
        "a yes at generate-step-1 cannot reach through revoke": [
            *("approve", run, "--through", "revoke")
        ],
        "this gate asks for no value": ["approve", run, "--value"],
        "the run waits for a decision and is not broken": ["resume", run],
    }

    for message, arguments in refused.items():
        ended = operator.types(*arguments, "--by", "olga")
        assert ended.code == Exit.REFUSED
        assert f"error: {message}" in ended.err
    assert operator.sees(run)["gate"] == at
    rejected = operator.types("reject", run, "--by", "olga", "--gate", "generate-step-1", "--wait")
    assert rejected.out.splitlines()[-1].endswith("rejected")


def test_a_crashed_run_is_picked_up_where_the_ledger_says(operator: Operator) -> None:
    run = operator.starts("rotate-api-key", "secret=psd2-webhook-secret")
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(run, Crashed(message="power cut"), force=True)
    broken = operator.sees(run)
    ended = operator.types("resume", run, "--wait")

    assert broken["prefect"] == "Crashed"
    assert broken["next"] == f"runbook resume {run[:8]}"
    assert ended.code == 0, ended.err
    assert "run.resumed" in ended.out
    assert "at the gate before generate" in ended.out
    assert "current: step.started" not in ended.out
    assert operator.types("reject", run, "--by", "olga", "--yes", "--wait").code == Exit.REFUSED


def test_a_run_that_prefect_gave_up_says_why(
    operator: Operator, stage: Stage, tmp_path: Path
) -> None:
    key = stage.platform().settings.engine.age_key_file
    assert key is not None
    key.rename(tmp_path / "key")
    try:
        ended = operator.types(
            *("run", "rotate-api-key", "--wait", "--by", "otto"),
            *("-i", "secret=website-session-secret", "-i", "reason=a test"),
        )
    finally:
        (tmp_path / "key").rename(key)
    run = ended.out.split()[0]
    seen = operator.types("status", run)

    assert ended.code == Exit.REFUSED
    assert "Prefect has given the run up" in ended.err
    assert "the engine's age key cannot be read" in ended.err
    assert "not in the ledger: it has done nothing" in seen.out
