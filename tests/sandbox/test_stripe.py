"""The double of Stripe takes what the API takes, and its receiver what a library takes."""

from __future__ import annotations

import hashlib
import hmac
import json

import httpx
import pytest

from sandbox.routes import Call
from sandbox.stripe import DEFAULT_VERSION, takes_event
from sandbox.world import World

ENDPOINTS = "/v1/webhook_endpoints"
SECRET = "whsec_of-the-tests"


def ask(
    world: World, method: str, path: str, fields: dict[str, str] | None = None, version: str = ""
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {world.credentials.stripe_api_key}"}
    named = {"Stripe-Version": version} if version else {}
    url = world.urls["stripe"] + path
    return httpx.request(method, url, headers={**headers, **named}, data=fields)


@pytest.mark.parametrize("wrong", ["disabled", "events", "metadata_x[a]"])
def test_a_parameter_that_is_not_known_is_refused(world: World, wrong: str) -> None:
    known = {"url": "https://example.org/", "enabled_events[]": "invoice.paid"}

    answer = ask(world, "POST", ENDPOINTS, {**known, wrong: "x"})

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "parameter_unknown"
    assert wrong in answer.json()["error"]["message"]
    assert ask(world, "POST", ENDPOINTS, {**known, "metadata[a]": "x"}).status_code == 200


def test_a_change_takes_no_parameter_of_a_creation(world: World) -> None:
    identity = ask(world, "GET", ENDPOINTS).json()["data"][0]["id"]

    answer = ask(world, "POST", f"{ENDPOINTS}/{identity}", {"api_version": "2025-03-31.basil"})

    assert answer.json()["error"]["code"] == "parameter_unknown"


def test_an_answer_says_of_which_version_it_is(world: World) -> None:
    assert ask(world, "GET", ENDPOINTS).headers["Stripe-Version"] == DEFAULT_VERSION
    answer = ask(world, "GET", ENDPOINTS, version="2024-06-20")
    assert answer.headers["Stripe-Version"] == "2024-06-20"


@pytest.mark.parametrize(
    ("version", "is_taken"),
    [
        ("2025-03-31.basil", True),
        ("2025-06-30.basil", True),
        ("2024-09-30.acacia", False),
        ("2024-06-20", False),
        (None, False),
    ],
)
def test_a_receiver_takes_events_of_its_librarys_release_alone(
    version: str | None, *, is_taken: bool
) -> None:
    body = json.dumps({"api_version": version} if version else {}).encode()
    signed = hmac.new(SECRET.encode(), b"12." + body, hashlib.sha256).hexdigest()
    call = Call("POST", "/", {}, {"stripe-signature": f"t=12,v1={signed}"}, body)

    assert takes_event(call, SECRET) is is_taken
    assert not takes_event(call, "whsec_another")
