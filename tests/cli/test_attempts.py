"""Who wanted to start a run and was not let is in the trail, once, and without what they typed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cli.exits import Exit
from engine.ledger import Entry, Event
from flows.door import at_server
from tests.cli.conftest import Runbook
from tests.cli.story import told

MARKER = "sk-ant-api03-never-to-be-written-down"
NAME = "rotate-api-key"


def attempts(settings: Path) -> tuple[Entry, ...]:
    with told(settings) as platform:
        return tuple(platform.journal.of(Event.ATTEMPT_REFUSED))


def test_a_start_with_wrong_inputs_is_recorded(runbook: Runbook, settings: Path) -> None:
    ended = runbook(
        "--settings", settings, "run", NAME, "-i", "secret=of-another-house", "--by", "Anna"
    )
    [entry] = attempts(settings)

    assert ended.code == Exit.REFUSED
    assert (entry.run, entry.actor.subject, entry.actor.via) == ("", "Anna", "cli")
    assert {name: entry.details[name] for name in ("what", "runbook", "about")} == {
        "what": "start",
        "runbook": NAME,
        "about": NAME,
    }
    assert "`secret` is none of" in entry.details["why"]
    assert "`reason` is missing" in entry.details["why"]


def test_the_same_once_more_is_not_recorded_but_another_person_is(
    runbook: Runbook, settings: Path
) -> None:
    for by in ("anna", "anna", " ANNA", "otto"):
        runbook("--settings", settings, "run", NAME, "--by", by)
    runbook("--settings", settings, "run", NAME, "-i", "reason=too", "--by", "anna")

    assert [entry.actor.subject for entry in attempts(settings)] == ["anna", "otto", "anna"]


@pytest.mark.parametrize(
    "typed",
    [
        (f"{MARKER}=",),
        (f"{MARKER}=x", f"reason={MARKER}"),
        (f"secret={MARKER}", f"reason={MARKER}"),
        (f"{MARKER}-again={MARKER}",),
    ],
)
def test_a_value_that_was_typed_where_it_should_not_be_is_not_in_the_trail(
    runbook: Runbook, settings: Path, tmp_path: Path, typed: tuple[str, ...]
) -> None:
    given = [part for text in typed for part in ("-i", text)]
    ended = runbook("--settings", settings, "run", NAME, *given, "--by", "anna")
    files = [path for path in tmp_path.iterdir() if path.name.startswith("ledger.db")]

    assert ended.code == Exit.REFUSED
    assert len(attempts(settings)) == 1
    assert files
    assert not [path for path in files if MARKER.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("rotate-apikey",), Exit.REFUSED), ((NAME, "-i", "reason"), Exit.USAGE)],
)
def test_a_slip_of_the_keyboard_is_not_recorded(
    runbook: Runbook, settings: Path, arguments: tuple[str, ...], code: Exit
) -> None:
    ended = runbook("--settings", settings, "run", *arguments, "--by", "anna")

    assert ended.code == code
    assert attempts(settings) == ()


def test_a_ledger_that_is_not_there_does_not_hide_what_was_wrong(
    runbook: Runbook, settings: Path, tmp_path: Path
) -> None:
    (tmp_path / "ledger.db").mkdir()
    ended = runbook("--settings", settings, "run", NAME, "--by", "anna")

    assert ended.code == Exit.REFUSED
    assert "`secret` is missing" in ended.err


class No(BaseHTTPRequestHandler):
    """A gateway that lets nobody do anything, and says so as ours does."""

    def do_GET(self) -> None:
        said = json.dumps({"detail": "otto may not start runs"}).encode()
        self.send_response(403)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_POST = do_GET  # noqa: N815 - as http.server has it

    def log_message(self, *_: object) -> None:
        """Be silent."""


@pytest.fixture
def refusing() -> Iterator[None]:
    with ThreadingHTTPServer(("127.0.0.1", 0), No) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        with at_server(f"http://127.0.0.1:{server.server_port}/api"):
            yield
        server.shutdown()
        serving.join()


@pytest.mark.usefixtures("refusing")
def test_a_start_that_the_gateway_refuses_is_recorded(runbook: Runbook, settings: Path) -> None:
    given = ("-i", "secret=redis-password", "-i", "reason=it is time")
    ended = runbook("--settings", settings, "run", NAME, *given, "--by", "otto")
    [entry] = attempts(settings)

    assert ended.code == Exit.REFUSED
    assert entry.details["why"] == "the gateway refused: otto may not start runs"


def test_no_server_at_all_is_no_attempt(runbook: Runbook, settings: Path) -> None:
    given = ("-i", "secret=redis-password", "-i", "reason=it is time")
    ended = runbook("--settings", settings, "run", NAME, *given, "--by", "otto")

    assert ended.code != Exit.FINE
    assert attempts(settings) == ()
