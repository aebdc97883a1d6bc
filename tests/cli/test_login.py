"""The command line before the gateway: signed in, it acts as one person, and without it as nobody."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.credential import TOKEN_FILE, logins_file, token_for
from cli.exits import Exit
from demo.oncall import OnCall
from demo.processes import start, wait_for_line
from demo.signin import sign_in
from demo.stage import ROOT, Stage
from engine.ledger import Event
from flows.door import at_server
from tests.cli.conftest import Ended, Runbook
from tests.flows.voyages import entries

pytestmark = pytest.mark.xdist_group("gated")

START = ("run", "rotate-api-key", "-i", "secret=redis-password", "-i", "reason=a test", "--wait")


class Terminal:
    """Somebody at a keyboard, before the gateway of a stage."""

    def __init__(self, runbook: Runbook, stage: Stage, folder: Path) -> None:
        self._runbook = runbook
        self.stage = stage
        self._folder = folder

    def types(self, *arguments: str | Path) -> Ended:
        return self._runbook("--settings", self.stage.settings_file, *arguments)

    def signs_in(self, name: str) -> str:
        """Type `runbook login`, let it in from this person's browser, and return what it said."""
        log = self._folder / "login.log"
        home = {"XDG_CONFIG_HOME": os.environ["XDG_CONFIG_HOME"]}
        program = start("login", ["cli", "login"], log, {**self.stage.variables, **home}, ROOT)
        wait_for_line("Waiting for you", program, 120)
        code = re.search(r"code ([A-Z]{4}-[A-Z]{4})", log.read_text())
        assert code is not None
        browser = sign_in(self.stage.url, self.stage.world, name)
        origin = {"origin": self.stage.url}
        let_in = browser.post("/gateway/device", data={"code": code[1]}, headers=origin)
        let_in.raise_for_status()
        browser.close()
        assert program.process.wait(120) == 0
        return log.read_text()


@pytest.fixture
def terminal(
    runbook: Runbook, gated: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Terminal]:
    monkeypatch.delenv(TOKEN_FILE, raising=False)
    with at_server(gated.api_url):
        yield Terminal(runbook, gated, tmp_path)


def test_nobody_starts_or_approves_without_signing_in(terminal: Terminal) -> None:
    started = terminal.types(*START, "--by", "otto")

    assert started.code == Exit.REFUSED
    assert "the gateway does not know you" in started.err
    assert "hint: Run `runbook login`." in started.err


def test_who_signs_in_starts_and_approves_in_their_own_name(terminal: Terminal) -> None:
    said = terminal.signs_in("olga")
    kept = logins_file()
    token = token_for(terminal.stage.url)
    another = terminal.types(*START, "--by", "anna")
    started = terminal.types(*START)
    run = started.out.split()[0]
    approved = terminal.types("approve", run, "--comment", "Seen.", "--wait")
    rejected = terminal.types("reject", run, "--wait")

    assert "signed in as olga until" in said
    assert kept.stat().st_mode & 0o077 == 0
    assert token is not None
    assert token.get_secret_value() not in said + started.out + approved.out
    assert "error: the gateway knows you as olga, not as anna" in another.err
    assert started.code == Exit.FINE, started.err
    assert "approve at generate-step-1 by olga" in approved.out
    assert "sops" in approved.out
    assert rejected.out.splitlines()[-1].endswith("rejected")
    trail = entries(terminal.stage, run)
    approval = next(entry for entry in trail if entry.event is Event.GATE_APPROVED)
    assert trail[0].actor.subject == "olga"
    assert (approval.actor.subject, approval.actor.verified) == ("olga", "token")
    assert approval.actor.via == "cli"
    assert terminal.types("login", "--end").out == "signed out\n"
    assert terminal.types("status", run).code == Exit.FINE
    assert terminal.types("approve", run).code == Exit.REFUSED


def test_a_script_brings_its_token_in_a_file(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = terminal.types(
        "gateway", "token", "--subject", "nightly", "--group", "plana-staff", "--days", "1"
    )
    file = tmp_path / "token"
    file.write_text(made.out)
    monkeypatch.setenv(TOKEN_FILE, str(file))
    started = terminal.types(*START)
    run = started.out.split()[0]
    listed = terminal.types("gateway", "tokens")
    name = next(line.split()[0] for line in listed.out.splitlines() if " nightly " in line)
    assert terminal.types("reject", run, "--yes", "--wait").code == Exit.REFUSED
    revoked = terminal.types("gateway", "revoke", name)
    after = terminal.types("approve", run)

    assert started.code == Exit.FINE, started.err
    assert entries(terminal.stage, run)[0].actor.subject == "nightly"
    assert made.out.strip() not in listed.out
    assert revoked.out == "the token of nightly is ended\n"
    assert "the gateway does not know you any more" in after.err


def test_a_viewer_is_told_what_it_takes(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    oncall, file = OnCall(terminal.stage), tmp_path / "token"
    with oncall.acting("vera"):
        file.write_text(oncall.tokens["vera"].get_secret_value())
    monkeypatch.setenv(TOKEN_FILE, str(file))

    started = terminal.types(*START)

    assert started.code == Exit.REFUSED
    assert "start a run: that takes one of admin, operator; vera is viewer" in started.err
