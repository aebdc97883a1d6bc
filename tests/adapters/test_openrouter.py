"""OpenRouter's own ways: pages of keys, limits, ends, and answers in another form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from adapters import openrouter
from adapters.openrouter import OpenRouterSettings
from engine.errors import OutcomeUnknown, Refused
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
