"""OpenRouter's own ways: pages of keys, limits, ends, and answers in another form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from adapters import openrouter
from adapters.openrouter import OpenRouterSettings
from adapters.shared.keys.minting import MintedKey
from engine.errors import OutcomeUnknown, Refused, RunbookError
from sandbox.faults import Kind
from sandbox.openrouter import GUARDRAIL, LAXER_GUARDRAIL, OTHER_WORKSPACE
from sandbox.routes import Call
from sandbox.values import openrouter_key
from tests.adapters import house, sky
from tests.adapters.house import House


def _mint_told(folder: Path, answer: Any, status: int = 201) -> House:
    """Mint where the double's answer to the making is `answer` instead; return the house."""

    def change(call: Call, given: Response) -> Response:
        return JSONResponse(answer, status_code=status) if call.method == "POST" else given

    with house.open_openrouter(folder, change) as kept:
        kept.mint()
    return kept


def _hold(kept: House, guardrail: str, *names: str) -> None:
    for name in names:
        kept.book.create(name, openrouter_key(), {"guardrail": guardrail})


def _unassigned(call: Call, given: Response) -> Response:
    """Answer as if no key had come to hold the guardrail."""
    is_it = call.method == "POST" and call.path.endswith("/assignments/keys")
    return JSONResponse({"assigned_count": 0}) if is_it else given


def test_keys_beyond_the_first_page_and_disabled_ones_are_seen(tmp_path: Path) -> None:
    with house.open_openrouter(tmp_path) as kept:
        for number in range(150):
            key = kept.book.create(f"filler-{number}", openrouter_key(), {})
            kept.book.change(key.key_id, status="disabled")

        assert kept.run("find_key", value=sky.MARKER).outputs.key_id == kept.old


def test_a_new_key_has_the_limits_of_the_old_one(tmp_path: Path) -> None:
    with house.open_openrouter(tmp_path) as kept:
        made = kept.book.find(kept.mint().key_id)

        assert (made.more["limit"], made.more["limit_reset"]) == (200, "monthly")


def test_a_new_key_holds_the_guardrail_of_the_old_one_and_is_of_the_same_person(
    tmp_path: Path,
) -> None:
    with house.open_openrouter(tmp_path) as kept:
        _hold(kept, LAXER_GUARDRAIL, *(f"filler-{number}" for number in range(120)))
        old, made = kept.book.find(kept.old), kept.book.find(kept.mint().key_id)

        assert made.more["guardrail"] == old.more["guardrail"] == GUARDRAIL
        assert made.more["creator_user_id"] == old.more["creator_user_id"]


def test_a_new_key_holds_no_guardrail_where_the_old_one_holds_none(tmp_path: Path) -> None:
    with house.open_openrouter(tmp_path) as kept:
        _hold(kept, GUARDRAIL, "another")
        more = {**kept.book.find(kept.old).more}
        del more["guardrail"]
        kept.book.change(kept.old, more=more)

        assert "guardrail" not in kept.book.find(kept.mint().key_id).more


@pytest.mark.parametrize("kind", ["lost_reply", "drop", "half_body"])
def test_a_key_whose_guardrail_got_lost_is_deleted_before_the_next_is_made(
    tmp_path: Path, kind: Kind
) -> None:
    with house.open_openrouter(tmp_path) as kept:
        kept.fail(kind, method="POST", path="*/assignments/keys")
        sky.refusal(OutcomeUnknown, kept.mint)

        made = kept.book.find(kept.mint(house.at(2)).key_id)

        assert kept.names() == [made.name]
        assert made.more["guardrail"] == GUARDRAIL
        assert (kept.book.created, kept.book.deleted) == (2, 1)


def test_a_key_that_cannot_hold_the_guardrail_is_not_used_and_is_taken_back(tmp_path: Path) -> None:
    for status in (404, 0):
        folder = tmp_path / str(status)
        folder.mkdir()
        with house.open_openrouter(folder, _unassigned if status == 0 else None) as kept:
            if status:
                kept.fail("status", method="POST", path="*/assignments/keys", status=status)
            told = sky.refusal(Refused, kept.mint)
            assert ("gave 404" if status else f"the guardrail {GUARDRAIL}") in told.message

            kept.undo("mint_key", MintedKey(), like=kept.old, name=house.PREFIX)
            assert kept.names() == []


def test_keys_are_of_the_workspace_that_is_set(tmp_path: Path) -> None:
    with house.open_openrouter(tmp_path) as kept:
        limits = {"limit": 5, "workspace_id": OTHER_WORKSPACE}
        there = kept.book.create("there", openrouter_key(), limits)
        file = kept.file("key", house.MANAGEMENT)
        named: dict[str, Any] = {"url": kept.url, "management_key_file": file}
        kept.offer(openrouter.steps(OpenRouterSettings(**named, workspace=OTHER_WORKSPACE)))
        assert openrouter.check(OpenRouterSettings(**named)).endswith("lists 3 keys to us")

        found = kept.run("openrouter.find_key", value=there.secret)
        assert found.outputs.seen == (there.key_id,)
        sky.refusal(Refused, lambda: kept.run("openrouter.find_key", value=sky.MARKER))
        given = {"like": there.key_id, "name": house.PREFIX}
        made = kept.run("openrouter.mint_key", **given).outputs
        assert kept.book.find(made.key_id).more["workspace_id"] == OTHER_WORKSPACE

        unknown = OpenRouterSettings(**named, workspace="00000000-0000-4000-8000-000000000000")
        told = sky.refusal(Refused, lambda: openrouter.check(unknown))
        assert "`openrouter.workspace`" in told.hint


@pytest.mark.parametrize("answer", [[], {"data": None}, {"data": ["x"]}])
def test_guardrails_in_an_unknown_form_are_refused_before_a_key_is_made(
    tmp_path: Path, answer: object
) -> None:
    def change(call: Call, given: Response) -> Response:
        return JSONResponse(answer) if call.path.endswith("/assignments/keys") else given

    with house.open_openrouter(tmp_path, change) as kept:
        with pytest.raises(RunbookError):
            kept.mint()
        assert kept.book.created == 0


def test_a_key_that_ends_by_itself_is_not_copied(tmp_path: Path) -> None:
    with house.open_openrouter(tmp_path) as kept:
        more = {**kept.book.find(kept.old).more, "expires_at": "2027-12-31T23:59:59Z"}
        kept.book.change(kept.old, more=more)

        assert "expires by itself at 2027-12-31" in sky.refusal(Refused, kept.mint).message
        assert kept.book.created == 0


@pytest.mark.parametrize("answer", [{}, {"data": {}}, {"data": None, "key": "sk-or-v1-x"}])
def test_a_new_key_in_an_unknown_form_is_refused(tmp_path: Path, answer: object) -> None:
    told = sky.refusal(Refused, lambda: _mint_told(tmp_path, answer))

    assert "in a form unknown to us" in told.message


def test_an_answer_that_is_no_object_leaves_the_outcome_unknown(tmp_path: Path) -> None:
    sky.refusal(OutcomeUnknown, lambda: _mint_told(tmp_path, ["sk-or-v1-x"]))


def test_no_value_and_no_credential_is_told_or_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with sky.all_logs(caplog), house.open_openrouter(tmp_path) as kept:
        made = kept.mint()
        kept.run("probe_key", value=made.value, expect="accepted", timeout=1)
        kept.run("disable_key", key_id=kept.old, keep=made.key_id)
        log = (tmp_path / "access.log").read_text()

    said = json.dumps([record.getMessage() for record in caplog.records]) + log
    for secret in (made.value.get_secret_value(), house.MANAGEMENT):
        assert secret not in said


def test_without_a_management_key_the_settings_are_named() -> None:
    told = sky.refusal(Refused, lambda: openrouter.check(OpenRouterSettings()))

    assert "openrouter.management_key_file" in told.hint


def test_a_key_that_cannot_stand_in_a_header_is_refused_unsent(tmp_path: Path) -> None:
    with house.open_openrouter(tmp_path) as kept:
        sky.refusal(
            Refused, lambda: kept.run("probe_key", value="a\nb", expect="refused", timeout=1)
        )
        assert kept.log.counts() == {}


def test_an_ordinary_key_manages_nothing(tmp_path: Path) -> None:
    with house.open_openrouter(tmp_path) as kept:
        file = kept.file("ordinary", sky.MARKER)
        settings = OpenRouterSettings(url=kept.url, management_key_file=file)

        assert "gave 403" in sky.refusal(Refused, lambda: openrouter.check(settings)).message
