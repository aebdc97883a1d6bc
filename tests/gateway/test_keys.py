"""The key that signs approvals: made, read, renewed, and kept from those who only verify."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prefect.settings import (
    PREFECT_SERVER_API_AUTH_STRING,
    PREFECT_SERVER_API_BASE_PATH,
    temporary_settings,
)

from cli.exits import Exit
from engine.errors import Refused
from engine.evidence import Asked, prove_answer, read_keys
from gateway.identity import Identity
from gateway.serve import prefect_app
from gateway.signing import Signer, new_key, read_signer, spell_private, spell_public
from tests.cli.conftest import Runbook, runbook, settings

__all__ = ["runbook", "settings"]  # fixtures of the command line

ASKED = Asked("run-1", "a-step-1", "sha256:a", "sha256:b")
ANSWER = {"decision": "approve", "gate": "a-step-1"}
NOW = 1_800_000_000
OLGA = Identity("olga", "oidc", ("staff",), signed_in=NOW - 5)


def signed(path: Path) -> str:
    return read_signer(path).approval(OLGA, ASKED, ANSWER, NOW, 60)


def test_a_key_is_renewed_without_a_moment_in_which_an_answer_is_lost(
    runbook: Runbook, tmp_path: Path
) -> None:
    one, two, public = tmp_path / "one", tmp_path / "two", tmp_path / "public.json"
    assert runbook("gateway", "keygen", "--key", one, "--public", public).code == Exit.FINE
    before = signed(one)
    assert runbook("gateway", "keygen", "--key", two, "--public", public).code == Exit.FINE
    keys = read_keys(public.read_text())

    assert len(keys.keys) == 2
    for token in (before, signed(two)):
        now = datetime.fromtimestamp(NOW, UTC)
        assert prove_answer(token, keys, ASKED, ANSWER, now).actor.subject == "olga"
    assert one.stat().st_mode & 0o077 == 0
    private = json.loads(one.read_text())
    assert private["d"] not in public.read_text()
    again = runbook("gateway", "keygen", "--key", one, "--public", public)
    assert again.code == Exit.REFUSED
    assert "is there already" in again.err
    assert len(read_keys(public.read_text()).keys) == 2


def test_public_keys_that_cannot_be_read_are_refused_before_a_key_is_made(
    runbook: Runbook, tmp_path: Path
) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    for public in (tmp_path, tmp_path / "bytes"):
        ended = runbook("gateway", "keygen", "--key", tmp_path / "key", "--public", public)

        assert ended.code == Exit.REFUSED
        assert f"the file of public keys cannot be read at {public}" in ended.err
    assert not (tmp_path / "key").exists()


@pytest.mark.parametrize("port", ["0", "99999"])
def test_a_port_that_there_is_not_is_refused(runbook: Runbook, port: str) -> None:
    ended = runbook("gateway", "serve", "--port", port)

    assert ended.code == Exit.USAGE
    assert "--port" in ended.err


@pytest.mark.parametrize("text", ["", "x", "{}", "[]"])
def test_a_file_without_a_private_key_signs_nothing(tmp_path: Path, text: str) -> None:
    file = tmp_path / "key"
    file.write_text(text or json.dumps(new_key().as_dict(private=False)))

    with pytest.raises(Refused, match="holds no private Ed25519 key"):
        read_signer(file)


def test_each_signature_has_an_id_of_its_own() -> None:
    signer = Signer(new_key())
    keys = read_keys(spell_public(signer.key))
    made = {
        prove_answer(
            signer.approval(OLGA, ASKED, ANSWER, NOW, 60),
            keys,
            ASKED,
            ANSWER,
            datetime.fromtimestamp(NOW, UTC),
        ).token_id
        for _ in range(5)
    }

    assert len(made) == 5
    assert "d" in json.loads(spell_private(signer.key))


def test_the_gateway_says_what_it_lacks_before_it_starts(
    runbook: Runbook, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = runbook("--settings", settings, "gateway", "serve")
    token = runbook(
        "--settings", settings, "gateway", "token", "--subject", "w", "--role", "worker"
    )
    both = runbook(
        *("--settings", settings, "gateway", "token", "--subject", "w", "--role", "worker"),
        *("--group", "staff"),
    )

    assert bare.code == Exit.REFUSED
    assert "needs gateway.url, gateway.signing_key_file, gateway.state_file" in bare.err
    assert "`gateway.state_file` is not set" in token.err
    assert "never both" in both.err


def test_the_gateway_does_not_start_where_prefects_api_has_another_door() -> None:
    for setting, told in (
        ({PREFECT_SERVER_API_AUTH_STRING: "admin:x"}, "a password of Prefect's own is set"),
        ({PREFECT_SERVER_API_BASE_PATH: "/elsewhere"}, "is moved to /elsewhere"),
    ):
        with temporary_settings(setting), pytest.raises(Refused, match=told):
            prefect_app()
