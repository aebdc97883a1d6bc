"""A veil takes out what is secret, leaves the rest, and shows nothing that it does not know."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest
from starlette.types import Message

from gateway.veils import Veil, Veiled, answers, settings

NOT_SHOWN = {"detail": "this answer is not as expected, so it is not shown"}


def shown(veil: Veil, *parts: bytes, status: int = 200) -> tuple[int, Any]:
    """Return the status and the body of an answer that comes in these parts."""
    heard: list[Message] = []

    async def send(message: Message) -> None:
        heard.append(message)

    async def go() -> None:
        veiled = Veiled(send, veil)
        length = (b"content-length", str(len(b"".join(parts))).encode())
        await veiled({"type": "http.response.start", "status": status, "headers": [length]})
        for number, part in enumerate(parts, 1):
            more = number < len(parts)
            await veiled({"type": "http.response.body", "body": part, "more_body": more})

    anyio.run(go)
    start, body = heard
    assert start["headers"] == [(b"content-length", str(len(body["body"])).encode())]
    return start["status"], json.loads(body["body"])


def test_an_answer_comes_in_parts_and_is_shown_without_its_armour() -> None:
    told = json.dumps({"decision": "approve", "sealed_value": "armour"}).encode()

    assert shown(answers, told[:20], told[20:]) == (
        200, {"decision": "approve", "sealed_value": ""},
    )  # fmt: skip


@pytest.mark.parametrize(
    "told",
    [
        "Prefect's own words",
        {"properties": {"sealed_value": {"type": "string"}}},
        {"decision": "x"},
    ],
)
def test_what_holds_no_armour_is_shown_as_it_is(told: Any) -> None:
    assert shown(answers, json.dumps(told).encode()) == (200, told)


@pytest.mark.parametrize("body", [b"", b"{", b'[{"key": "a"}]', b'[{"value": "{"}]', b"[1]"])
def test_what_is_not_as_expected_is_not_shown(body: bytes) -> None:
    assert shown(answers, body) == (502, NOT_SHOWN)


def test_an_error_is_passed_on() -> None:
    assert shown(answers, b'{"detail": "not found"}', status=404) == (404, {"detail": "not found"})


def test_settings_hold_no_credentials() -> None:
    told = {
        "client": {"custom_headers": {"Authorization": "Bearer made-up"}, "max_retries": 5},
        "api": {"url": "https://who:word@runs.example.org/api"},
        "server": {"docket": {"url": "redis://:word@cache:6379/0", "name": "here"}},
        "ui_url": "https://runs.example.org",
        "more": ["redis://cache/0?password=word", "http://[", None, 1],
    }

    assert shown(settings, json.dumps(told).encode())[1] == {
        "client": {"custom_headers": {}, "max_retries": 5},
        "api": {"url": ""},
        "server": {"docket": {"url": "", "name": "here"}},
        "ui_url": "https://runs.example.org",
        "more": ["", "", None, 1],
    }
    assert shown(settings, b"[]") == (502, NOT_SHOWN)
