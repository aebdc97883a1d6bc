"""`http.check` and `http.request` against a small server that answers what a test tells it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import ValidationError

from adapters import http
from adapters.http import HttpSettings
from adapters.http.expect import Expect, holds
from engine.errors import NotConverged, OutcomeUnknown, Refused, Transient
from engine.step import Effect, Irreversible, Once, Step, Untouched
from tests.adapters import infra, sky


@dataclass
class Service:
    """What it will answer, and what it was asked."""

    url: str = ""
    status: int = 200
    body: bytes = b'{"reply": "hello", "models": [{"id": "a", "size": 1}]}'
    headers: dict[str, str] = field(default_factory=dict)
    failures: int = 0
    """How many requests are answered with 503 first."""
    cuts: bool = False
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    def answer(self, asked: BaseHTTPRequestHandler) -> None:
        length = int(asked.headers.get("Content-Length") or 0)
        body = asked.rfile.read(length)
        self.asked.append((asked.command, asked.path, dict(asked.headers), body))
        if self.cuts:
            asked.close_connection = True
            return
        asked.send_response(503 if len(self.asked) <= self.failures else self.status)
        for name, value in {"Content-Length": str(len(self.body)), **self.headers}.items():
            asked.send_header(name, value)
        asked.end_headers()
        if asked.command != "HEAD":
            asked.wfile.write(self.body)


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.answer(self)

        do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET  # noqa: N815 - the library's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


def step(name: str, *allowed: str) -> Step[Any, Any]:
    offered = http.steps(HttpSettings(allowed_hosts=allowed))
    return {each.name: each for each in offered}[f"http.{name}"]


def check(service: Service, path: str = "/chat", **given: Any) -> Any:
    return sky.run(step("check"), **{"url": f"{service.url}{path}", "timeout": 1, **given})


def request(service: Service, **given: Any) -> Any:
    return sky.run(step("request"), **{"url": f"{service.url}/hook", "method": "POST", **given})


@pytest.mark.parametrize(
    "expect",
    [
        {},
        {"status": 200},
        {"status": [204, 200]},
        {"contains": "hello"},
        {"json": {"reply": "hello"}},
        {"json": {"models": [{"id": "a"}]}},
    ],
)
def test_an_answer_as_expected_passes(service: Service, expect: Any) -> None:
    done = check(service, expect=expect)

    assert done.outputs.status == 200
    assert f"GET {service.url}/chat answered 200" in done.evidence


@pytest.mark.parametrize(
    ("status", "expect", "message"),
    [
        (401, {}, "expected status 200 and got 401"),
        (403, {}, "expected status 200 and got 403"),
        (404, {"status": [200, 204]}, "expected status 200 or 204 and got 404"),
        (302, {}, "expected status 200 and got 302"),
        (200, {"contains": "goodbye"}, "lacks the expected text"),
        (200, {"json": {"reply": "goodbye"}}, "lacks the expected JSON"),
        (200, {"json": {"models": []}}, "lacks the expected JSON"),
        (500, {}, "500"),
        (503, {}, "503"),
        (429, {}, "429"),
    ],
)
def test_any_other_answer_never_converges_and_is_not_quoted(
    service: Service, status: int, expect: Any, message: str
) -> None:
    service.status = status
    service.body = json.dumps({"reply": "hello", "echo": sky.MARKER}).encode()

    assert message in sky.refusal(NotConverged, lambda: check(service, expect=expect)).message


def test_a_body_that_is_no_json_is_no_match(service: Service) -> None:
    service.body = b"<html>"

    sky.refusal(NotConverged, lambda: check(service, expect={"json": {}}))


def test_it_asks_until_the_answer_is_right(service: Service) -> None:
    service.failures = 2

    assert check(service, timeout=20).outputs.status == 200
    assert len(service.asked) == 3


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_cut_connection_never_converges(service: Service, method: str) -> None:
    service.cuts = True

    sky.refusal(NotConverged, lambda: check(service, method=method))


def test_nobody_there_never_converges() -> None:
    given = {"url": "http://127.0.0.1:1/", "timeout": 1}

    sky.refusal(NotConverged, lambda: sky.run(step("check"), **given))


def test_a_redirect_is_not_followed_with_the_secret(service: Service) -> None:
    service.status, service.headers = 302, {"Location": f"{service.url}/elsewhere"}

    sky.refusal(NotConverged, lambda: check(service, bearer=sky.MARKER))

    assert {path for _, path, _, _ in service.asked} == {"/chat"}


def test_secrets_body_and_query_go_where_they_belong(service: Service) -> None:
    check(
        service,
        "/chat?room=a%20b",
        method="POST",
        json={"message": "hi"},
        headers={"X-Trace": "1"},
        bearer=sky.MARKER,
        header="X-Key",
        header_value=sky.MARKER,
    )

    ((method, path, headers, body),) = service.asked
    assert (method, path) == ("POST", "/chat?room=a%20b")
    assert headers["Authorization"] == f"Bearer {sky.MARKER}"
    assert headers["X-Key"] == sky.MARKER
    assert headers["X-Trace"] == "1"
    assert json.loads(body) == {"message": "hi"}


def test_head_is_asked_as_head(service: Service) -> None:
    assert check(service, method="HEAD").outputs.status == 200
    assert service.asked[0][0] == "HEAD"


@pytest.mark.parametrize("bad", ["line\nbreak", "trailing ", "ümlaut", ""])
def test_a_secret_that_cannot_stand_in_a_header_is_refused_unlogged(
    service: Service, bad: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        error = sky.refusal(
            Refused, lambda: check(service, bearer=f"{sky.MARKER}{bad}" if bad else "")
        )

    assert "bearer cannot stand in a header" in error.message
    assert sky.MARKER not in caplog.text
    assert service.asked == []


def test_header_and_its_value_come_together(service: Service) -> None:
    sky.refusal(Refused, lambda: check(service, header="X-Key"))
    sky.refusal(Refused, lambda: check(service, header_value=sky.MARKER))


@pytest.mark.parametrize(
    "url",
    ["", "/chat", "ftp://x/", "http://", "chat.example", "http://[::1", "http://u:p@x/"],
)
def test_an_unusable_address_is_refused_at_validation(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        infra.params(step("check"), url=url)
    assert "u:p" not in str(caught.value)


@pytest.mark.parametrize("name", ["Authorization", "cookie", "X-Api-Key"])
def test_a_credential_in_clear_is_refused_at_validation(name: str) -> None:
    with pytest.raises(ValidationError, match="holds a secret") as caught:
        infra.params(step("check"), url="http://x/", headers={name: sky.MARKER})
    assert sky.MARKER not in str(caught.value)


@pytest.mark.parametrize("status", [429, 500, 503, 99, 600])
def test_a_status_that_proves_nothing_cannot_be_expected(status: int) -> None:
    with pytest.raises(ValidationError, match="proves nothing"):
        Expect(status=status)


def test_subset_match_goes_deep_and_keeps_types_apart() -> None:
    assert holds({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}})
    assert holds([{"a": 1, "b": 2}], [{"a": 1}])
    assert not holds([1, 2], [1])
    assert not holds({"a": True}, {"a": 1})
    assert not holds({"a": "1"}, {"a": 1})
    assert not holds(None, {"a": 1})
    assert holds({"a": None}, {"a": None})
    assert not holds({}, {"a": None})


def test_only_allowed_hosts_are_asked(service: Service) -> None:
    barred, open_to = step("check", "bos.example"), step("check", "127.0.0.1")
    given = {"url": f"{service.url}/chat", "timeout": 1}

    error = sky.refusal(Refused, lambda: sky.run(barred, **given))
    assert "http.allowed_hosts" in error.hint
    sky.refusal(Refused, lambda: infra.look(barred, url=given["url"]))
    assert service.asked == []

    assert sky.run(open_to, **given).outputs.status == 200
    assert "may be asked" in infra.look(open_to, url=given["url"])
    assert "bos.example" in http.check(HttpSettings(allowed_hosts=("bos.example",)))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_request_is_sent_once_with_its_method(service: Service, method: str) -> None:
    done = request(service, method=method, json={"new": True})

    assert done.outputs.status == 200
    assert [asked[0] for asked in service.asked] == [method]


def test_a_refused_request_is_told_and_not_repeated(service: Service) -> None:
    service.status, service.body = 422, sky.MARKER.encode()

    error = sky.refusal(Refused, lambda: request(service, bearer=sky.MARKER))

    assert "expected status 200 and got 422" in error.message
    assert len(service.asked) == 1


@pytest.mark.parametrize("change", [{"status": 503}, {"cuts": True}])
def test_a_request_without_an_answer_may_have_happened(service: Service, change: Any) -> None:
    for name, value in change.items():
        setattr(service, name, value)

    sky.refusal(OutcomeUnknown, lambda: request(service))

    assert len(service.asked) == 1


def test_a_request_that_never_left_is_transient() -> None:
    given = {"url": "http://127.0.0.1:1/", "method": "POST"}

    sky.refusal(Transient, lambda: sky.run(step("request"), **given))


def test_each_declares_what_it_does_to_the_world() -> None:
    asking, acting = step("check"), step("request")

    assert (asking.effect, acting.effect) == (Effect.VERIFY, Effect.DISTRIBUTE)
    assert isinstance(asking.undo, Untouched)
    assert isinstance(acting.undo, Irreversible)
    assert isinstance(acting.probe, Once)


def test_no_log_line_holds_a_secret(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    with sky.all_logs(caplog):
        check(service, bearer=sky.MARKER, header="X-Key", header_value=sky.MARKER)
        request(service, bearer=sky.MARKER)
