"""Somebody who leaves: all that lets them in ends at once, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.gateway import Role
from cli.exits import Exit
from engine.errors import Refused
from gateway import tokens
from gateway.ending import Ended, end_all
from gateway.identity import Unknown
from gateway.store import Store
from tests.cli.conftest import Runbook, runbook, settings
from tests.gateway.porch import Porch
from tests.gateway.street import Street
from tests.gateway.test_device import let_in, poll, start

__all__ = ["runbook", "settings"]  # fixtures of the command line

DAY = 86_400


@pytest.fixture
def porch(tmp_path: Path) -> Iterator[Porch]:
    made = Porch(tmp_path)
    yield made
    made.store.close()


def test_all_tokens_and_sessions_of_one_person_end_and_no_others(porch: Porch) -> None:
    theirs = [
        *({"cookie": f"runbook={porch.session(name)}"} for name in ("olga", "Olga ")),
        *(_bearer(porch, name) for name in ("olga", "OLGA")),
    ]
    others = [{"cookie": f"runbook={porch.session('anna')}"}, _bearer(porch, "olga.b")]
    worker = tokens.new_machine(porch.store, "worker-1", Role.WORKER, DAY)
    others.append({"authorization": f"Bearer {worker.get_secret_value()}"})

    ended = end_all(porch.store, "olga")

    assert ended == Ended(tokens=2, sessions=2, codes=0)
    assert str(ended) == "2 tokens and 2 browser sessions"
    for headers in theirs:
        with pytest.raises(Unknown):
            porch.doors.identify(headers, "")
    assert [porch.doors.identify(headers, "").subject for headers in others] == [
        "anna",
        "olga.b",
        "worker-1",
    ]
    assert end_all(porch.store, "olga") == Ended(0, 0, 0)


def _bearer(porch: Porch, subject: str) -> dict[str, str]:
    made = tokens.new_person(porch.store, subject, ["staff"], 90 * DAY, signed_in=5)
    return {"authorization": f"Bearer {made.get_secret_value()}"}


def test_it_is_seen_by_a_gateway_that_runs(porch: Porch) -> None:
    headers = {"cookie": f"runbook={porch.session()}"}
    porch.doors.identify(headers, "")
    beside = Store(porch.folder / "state.db", now=porch.clock)  # as the command opens it

    end_all(beside, "olga")

    beside.close()
    with pytest.raises(Unknown):
        porch.doors.identify(headers, "")


def test_a_command_line_that_was_let_in_gets_no_token_any_more(street: Street) -> None:
    terminal, browser = street.browser(), street.signed_in()
    waiting, asked = start(terminal), start(terminal)
    assert let_in(browser, asked["user_code"]) == 200

    ended = end_all(street.porch.store, "olga")

    assert str(ended) == "0 tokens and 1 browser session, and 1 on the way to a command line"
    assert poll(terminal, asked) == {"error": "expired_token"}
    assert browser.get("/gateway/me").status_code == 401
    assert poll(terminal, waiting) == {"error": "authorization_pending"}


def test_nobody_in_particular_is_refused_and_ends_nothing(porch: Porch) -> None:
    headers = {"cookie": f"runbook={porch.session()}"}

    with pytest.raises(Refused, match="it is not said whose"):
        end_all(porch.store, "  ")

    assert porch.doors.identify(headers, "").subject == "olga"


def test_the_command_says_what_it_has_ended(
    runbook: Runbook, settings: Path, tmp_path: Path
) -> None:
    text = settings.read_text()
    settings.write_text(f"{text}\ngateway: {{state_file: {tmp_path / 'state.db'}}}\n")
    gateway = ("--settings", settings, "gateway")
    made = ("token", "--subject", "nina", "--group", "plana-staff")
    assert runbook(*gateway, *made).code == Exit.FINE

    ended = runbook(*gateway, "revoke", "--subject", "nina")
    again = runbook(*gateway, "revoke", "--subject", "nina")
    listed = runbook(*gateway, "tokens")
    neither = runbook(*gateway, "revoke")
    both = runbook(*gateway, "revoke", "0a1b", "--subject", "nina")

    assert ended.out == "ended of nina: 1 token and 0 browser sessions\n"
    assert again.out == "ended of nina: 0 tokens and 0 browser sessions\n"
    assert "nina" not in listed.out
    for refused in (neither, both):
        assert refused.code == Exit.REFUSED
        assert "either the id of a token is ended, or all that a person has" in refused.err
