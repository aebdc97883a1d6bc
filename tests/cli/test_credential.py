"""Where a token of the command line lies, and what is said where there is no gateway."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.responses import HTMLResponse

from cli.credential import (
    TOKEN_FILE,
    Login,
    forget,
    gateway_of,
    keep,
    logins_file,
    subject_at,
    token_for,
)
from engine.errors import Refused, Transient
from sandbox.access import AccessLog
from sandbox.faults import Faults
from sandbox.server import Server
from sandbox.wire import Wire

HERE, THERE = "http://127.0.0.1:1", "https://runs.example.org"


def login(seconds: int = 60) -> Login:
    return Login(SecretStr("rbt_a"), "olga", int(time.time()) + seconds)


@pytest.fixture
def page(tmp_path: Path) -> Iterator[str]:
    """The address of a server that answers everything with a page, as a bare UI does."""
    with closing(AccessLog(tmp_path / "log")) as log:
        server = Server("page", Wire("page", lambda _: HTMLResponse("<h1>UI</h1>"), log, Faults()))
        server.start()
        yield server.url
        server.stop()


def test_a_login_is_kept_for_its_gateway_alone_and_for_its_user_alone() -> None:
    keep(HERE, login())
    keep(THERE, login())

    assert logins_file().stat().st_mode & 0o777 == 0o600
    assert forget(HERE) is not None
    assert token_for(HERE) is None
    assert token_for(THERE) is not None
    assert "rbt_a" not in repr(login())


def test_a_login_that_has_ended_is_none() -> None:
    keep(HERE, login(-1))

    assert token_for(HERE) is None
    assert subject_at(HERE) == ""


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', "\xff"])
def test_a_broken_file_of_logins_is_as_none(text: str) -> None:
    logins_file().parent.mkdir(parents=True)
    logins_file().write_bytes(text.encode("latin-1"))

    assert token_for(HERE) is None


def test_a_token_file_goes_before_a_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(HERE, login())
    file = tmp_path / "token"
    monkeypatch.setenv(TOKEN_FILE, str(file))
    with pytest.raises(Refused, match="cannot be read"):
        token_for(HERE)
    file.write_text("rbt_b\n")

    token = token_for(HERE)

    assert token is not None
    assert token.get_secret_value() == "rbt_b"


def test_a_server_without_a_gateway_is_said(page: str) -> None:
    keep(page, login())
    keep(HERE, login())

    with pytest.raises(Refused, match="there is no gateway at"):
        subject_at(page)
    with pytest.raises(Transient, match="does not answer"):
        subject_at(HERE)
    assert gateway_of(f"{page}/api/") == page
