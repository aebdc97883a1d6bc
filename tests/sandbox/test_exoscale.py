"""The double of Exoscale: it takes what is signed as the vendor says, and refuses all else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sandbox.access import AccessLog
from sandbox.clock import Clock
from sandbox.exoscale import DNS_ROLE, Exoscale, exoscale_keys
from sandbox.exosign import SCHEME, sign
from sandbox.faults import Faults
from sandbox.server import Server
from sandbox.wire import Wire

OWN = ("EXOown", "secret-of-the-own-key")
DNS = ("EXOdns", "secret-of-the-dns-key")


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    book, log = exoscale_keys(Clock(), *DNS), AccessLog(tmp_path / "log")
    server = Server("exoscale", Wire("exoscale", Exoscale(book, OWN).answer, log, Faults()))
    server.start()
    with httpx.Client(base_url=server.url) as opened:
        yield opened
    server.stop()
    log.close()
    assert log.problems == []


def ask(
    client: httpx.Client,
    method: str,
    path: str,
    pair: tuple[str, str] = OWN,
    *,
    body: bytes = b"",
    query: str = "",
    signed: tuple[str, str] = ("", ""),
    ends: int = 600,
) -> httpx.Response:
    """Send a signed request; `signed` are the names that are told and the values that are signed."""
    expires = int(time.time()) + ends
    names, values = signed
    parts = [
        f"{SCHEME} credential={pair[0]}",
        *([f"signed-query-args={names}"] if names else []),
        f"expires={expires}",
        f"signature={sign(pair[1], f'{method} {path}', body, values, expires)}",
    ]
    url = f"{path}?{query}" if query else path
    return client.request(method, url, content=body, headers={"Authorization": ",".join(parts)})


def test_a_key_is_made_told_once_and_deleted(client: httpx.Client) -> None:
    body = b'{"name": "x", "role-id": "%s"}' % DNS_ROLE.encode()
    made = ask(client, "POST", "/v2/api-key", body=body).json()
    pair = made["key"], made["secret"]

    assert ask(client, "GET", "/v2/dns-domain", pair).status_code == 200
    listed = ask(client, "GET", "/v2/api-key").json()["api-keys"]
    assert listed[0] == {"key": made["key"], "name": "x", "role-id": DNS_ROLE}
    assert ask(client, "GET", f"/v2/api-key/{made['key']}").json() == listed[0]
    ended = ask(client, "DELETE", f"/v2/api-key/{made['key']}")
    assert (ended.status_code, ended.json()["state"]) == (200, "pending")
    assert ask(client, "DELETE", f"/v2/api-key/{made['key']}").status_code == 404
    assert ask(client, "GET", "/v2/dns-domain", pair).status_code == 403


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"name": ""}', b'{"name": "x", "role-id": "of nobody"}']
)
def test_a_key_without_name_or_role_is_not_made(client: httpx.Client, body: bytes) -> None:
    assert ask(client, "POST", "/v2/api-key", body=body).status_code in (400, 404)
    assert len(ask(client, "GET", "/v2/api-key").json()["api-keys"]) == 2


@pytest.mark.parametrize(
    "pair", [("EXOnobody", "x"), (OWN[0], "wrong"), (DNS[0], OWN[1]), (OWN[0], "")]
)
def test_a_signature_of_another_secret_is_refused(
    client: httpx.Client, pair: tuple[str, str]
) -> None:
    answer = ask(client, "GET", "/v2/api-key", pair)

    assert (answer.status_code, answer.json()) == (403, {"message": "Invalid request signature"})


def test_a_signature_is_of_one_request_and_ends(client: httpx.Client) -> None:
    header = ask(client, "GET", "/v2/api-key").request.headers
    assert client.get("/v2/api-key", headers=header).status_code == 200
    assert client.get("/v2/api-key/EXOdns", headers=header).status_code == 403
    assert client.post("/v2/api-key", headers=header, content=b"{}").status_code == 403
    assert ask(client, "GET", "/v2/api-key", ends=-1).status_code == 403
    assert client.get("/v2/api-key").status_code == 403
    assert client.get("/v2/api-key", headers={"Authorization": f"{SCHEME} x"}).status_code == 403


def test_every_argument_must_be_signed(client: httpx.Client) -> None:
    def status(*signed: str) -> int:
        names, values = signed
        found = ask(client, "GET", "/v2/api-key", query="b=2&a=1", signed=(names, values))
        return found.status_code

    assert status("a;b", "12") == 200
    assert status("a;b", "21") == 403
    assert status("", "") == 403


@pytest.mark.parametrize(
    ("pair", "path", "service"),
    [
        (DNS, "/v2/api-key", "iam"),
        (OWN, "/v2/dns-domain", "dns"),
        (DNS, "/v2/sks-cluster", "compute"),
    ],
)
def test_a_role_allows_what_it_names_and_no_more(
    client: httpx.Client, pair: tuple[str, str], path: str, service: str
) -> None:
    answer = ask(client, "GET", path, pair)

    assert (answer.status_code, answer.json()["message"]) == (
        403,
        f"Forbidden by role policy for {service}",
    )
