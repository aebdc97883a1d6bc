"""What comes into being after its request was given up, which the run must not overlook."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.responses import JSONResponse, Response

from adapters.shared import clock, http
from adapters.shared.late import LANDING, landed
from engine.errors import OutcomeUnknown, Transient, Unanswered
from sandbox.routes import Call
from tests.adapters import house, sky

LATE = 3
"""The look at the list, after the request, at which the key is there."""


@pytest.fixture(autouse=True)
def hastened() -> Iterator[None]:
    with clock.hastened(shorter=1000, longer=1):
        yield


def nobody_answers() -> None:
    raise Unanswered("no answer in time")


def test_a_key_that_comes_late_is_deleted_before_the_next_is_made(tmp_path: Path) -> None:
    looks = 0

    def change(call: Call, answer: Response) -> Response:
        nonlocal looks
        if call.method == "POST" and kept.book.created == 1:
            [made] = [key for key in kept.book.listing() if key.name == name]
            kept.book.remove(made.key_id)
            return JSONResponse({}, 504)
        if call.method == "GET" and call.path == "/v2/api-key":
            looks += 1
            if looks == 1 + LATE:
                kept.book.create(name, "nobody-has-it", kept.book.find(kept.old).more)
        return answer

    name = f"{house.PREFIX}.{house.RUN}.1"
    with house.open_exoscale(tmp_path, change) as kept:
        sky.refusal(Unanswered, kept.mint)
        assert kept.names() == []

        made = kept.mint()

        assert [key.key_id for key in kept.book.listing() if key.name == name] == [made.key_id]
        assert kept.book.created == 1 + 1 + 1


def test_a_look_without_an_answer_is_no_end_of_the_wait() -> None:
    looks: list[bool] = []

    def is_there() -> bool:
        looks.append(len(looks) == LATE)
        if not looks[-1]:
            raise Transient("no answer")
        return True

    with pytest.raises(Unanswered):
        landed(nobody_answers, is_there)
    assert len(looks) == 1 + LATE


def test_what_never_comes_is_not_waited_for_without_an_end() -> None:
    looks: list[float] = []

    def is_there() -> bool:
        looks.append(clock.monotonic())
        return False

    with pytest.raises(Unanswered):
        landed(nobody_answers, is_there)
    assert LANDING <= looks[-1] - looks[0] < LANDING + 8


def test_who_was_told_that_it_failed_does_not_wait() -> None:
    def make() -> None:
        raise OutcomeUnknown("the connection was cut")

    def is_there() -> bool:
        raise AssertionError("it was looked for")

    with pytest.raises(OutcomeUnknown, match="cut"):
        landed(make, is_there)


def test_a_request_nobody_answers_in_time_may_have_its_effect_yet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http, "TIMEOUT", httpx.Timeout(0.2))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with http.client(url) as opened:
            sky.refusal(Unanswered, lambda: http.send(opened, "POST", "/", what="it"))
            sky.refusal(Transient, lambda: http.send(opened, "GET", "/", what="it"))
