"""Forgejo's own ways: basic authentication alone, scopes, pages, and what it refuses."""

from __future__ import annotations

from base64 import b64encode
from functools import partial
from pathlib import Path

import pytest

from adapters import forgejo
from adapters.forgejo import ForgejoSettings
from engine.errors import NotConverged, Refused
from sandbox.forgejo import ACCOUNT
from sandbox.values import forgejo_token
from tests.adapters import house, sky
from tests.adapters.house import PASSWORD, PREFIX


def test_tokens_beyond_the_first_page_are_seen(tmp_path: Path) -> None:
    with house.open_forgejo(tmp_path) as kept:
        for number in range(120):
            kept.book.create(f"filler-{number}", forgejo_token(), {"scopes": ["read:misc"]})

        assert kept.run("find_key", value=sky.MARKER).outputs.key_id == kept.old


def test_a_new_token_has_the_scopes_of_the_old_one(tmp_path: Path) -> None:
    with house.open_forgejo(tmp_path) as kept:
        made = kept.book.find(kept.mint().key_id)

        assert made.more["scopes"] == ["write:repository", "read:user"]


def test_a_token_without_the_scope_to_be_asked_is_alive_and_not_proven(tmp_path: Path) -> None:
    with house.open_forgejo(tmp_path) as kept:
        kept.book.change(kept.old, more={"scopes": ["write:repository"]})
        for expect in ("accepted", "refused"):
            given = {"value": sky.MARKER, "expect": expect, "timeout": 1}

            told = sky.refusal(NotConverged, partial(kept.run, "probe_key", **given))

            assert "alive but may not do this" in told.message


def test_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    with house.open_forgejo(tmp_path) as kept:
        name = f"{PREFIX}.{house.RUN}.1"
        kept.book.create(name, forgejo_token(), {"scopes": ["read:misc"]})
        kept.book.change(kept.old, name=name)

        assert "gave 400" in sky.refusal(Refused, kept.mint).message
        assert kept.book.accepts(sky.MARKER)


def test_a_wrong_password_and_a_token_manage_nothing(tmp_path: Path) -> None:
    with house.open_forgejo(tmp_path) as kept:
        for wrong in ("wrong", sky.MARKER):
            settings = ForgejoSettings(
                url=kept.url, username=ACCOUNT, password_file=kept.file(wrong[:5], wrong)
            )

            told = sky.refusal(Refused, partial(forgejo.check, settings))

            assert "gave 401" in told.message


def test_an_account_manages_its_own_tokens(tmp_path: Path) -> None:
    with house.open_forgejo(tmp_path) as kept:
        file = kept.file("other", PASSWORD)
        settings = ForgejoSettings(url=kept.url, username="petra", password_file=file)

        assert "gave 401" in sky.refusal(Refused, lambda: forgejo.check(settings)).message


def test_no_value_and_no_password_is_told_or_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with sky.all_logs(caplog), house.open_forgejo(tmp_path) as kept:
        made = kept.mint()
        kept.run("probe_key", value=made.value, expect="accepted", timeout=1)
        kept.run("delete_key", key_id=kept.old, keep=made.key_id, name=PREFIX)
        log = (tmp_path / "access.log").read_text()

    said = "\n".join(record.getMessage() for record in caplog.records) + log
    basic = b64encode(f"{ACCOUNT}:{PASSWORD}".encode()).decode()
    for secret in (made.value.get_secret_value(), PASSWORD, basic):
        assert secret not in said


def test_what_is_not_set_is_named() -> None:
    told = sky.refusal(Refused, lambda: forgejo.check(ForgejoSettings()))

    assert "forgejo.password_file" in told.hint
