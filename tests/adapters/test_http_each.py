"""One question for each item of a list, answered by a server on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.responses import JSONResponse, Response

from adapters.http import HttpSettings, steps
from engine.errors import NotConverged, Refused
from engine.step import Effect
from sandbox.access import AccessLog
from sandbox.faults import Faults
from sandbox.routes import Call, Routes
from sandbox.server import Server
from sandbox.wire import Wire
from tests.adapters import infra, sky

EACH = next(step for step in steps(HttpSettings()) if step.name == "http.check_each")


@pytest.fixture
def banks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that knows two banks, and serves one of them with an old certificate."""
    known = {"bunq": "new", "ing": "old"}

    def answer(_: Call, bank: str) -> Response:
        if bank not in known:
            return JSONResponse({"error": "unknown"}, status_code=404)
        return JSONResponse({"bank": bank, "certificate": known[bank]})

    routes = Routes()
    routes.add("GET", "/banks/{bank}", answer)
    log = AccessLog(tmp_path_factory.mktemp("log") / "access.log")
    server = Server("banks", Wire("banks", routes, log, Faults()))
    server.start()
    yield f"{server.url}/banks/{{item}}"
    server.ask_to_stop()
    server.stop()
    log.close()


def given(url: str, *items: str) -> dict[str, object]:
    wanted = {"json": {"certificate": "new"}}
    return {"url": url, "items": items, "expect": wanted, "timeout": 1}


def test_every_item_is_asked_about(banks: str) -> None:
    done = sky.run(EACH, **given(banks, "bunq"))

    assert done.outputs.answered == ("bunq",)
    assert done.evidence == "answered as expected: bunq"
    assert EACH.effect is Effect.VERIFY


def test_all_items_whose_answer_is_wrong_are_told_at_once(banks: str) -> None:
    step = EACH

    error = sky.refusal(NotConverged, lambda: sky.run(step, **given(banks, "bunq", "ing", "no")))

    assert "/banks/ing: status 200, but the body lacks the expected JSON" in error.message
    assert "/banks/no: expected status 200 and got 404" in error.message
    assert "/banks/bunq" not in error.message


def test_an_empty_list_is_said_to_be_empty(banks: str) -> None:
    assert sky.run(EACH, **given(banks)).evidence.endswith("nothing, as the list is empty")


def test_an_address_without_a_place_for_the_item_is_refused(banks: str) -> None:
    url = banks.replace("{item}", "bunq")

    error = sky.refusal(Refused, lambda: sky.run(EACH, **given(url, "ing")))

    assert "{item}" in error.message


@pytest.mark.parametrize("item", ["../admin", "a/b", "a?b", "", "a b", "%2e"])
def test_an_item_reaches_no_other_address(item: str) -> None:
    with pytest.raises(ValueError, match="items"):
        infra.params(EACH, **given("http://127.0.0.1/{item}", item))
