"""Who is known, by what, from where, and until when."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from adapters.gateway import GatewaySettings, Role
from engine.errors import Refused
from gateway import tokens
from gateway.identity import Unknown
from gateway.store import Store
from tests.gateway.porch import SECRET, Porch

HOUR = 3600
PROXY = "10.0.0.5"
NAMED = {
    "x-runbook-proxy-secret": SECRET.get_secret_value(),
    "x-authentik-username": "olga",
    "x-authentik-groups": "staff| admins |",
}


@pytest.fixture
def porch(tmp_path: Path) -> Iterator[Porch]:
    made = Porch(tmp_path)
    yield made
    made.store.close()


def bearer(token: SecretStr) -> dict[str, str]:
    return {"authorization": f"Bearer {token.get_secret_value()}"}


def test_nobody_is_known_without_a_proof(porch: Porch) -> None:
    for headers in ({}, {"cookie": "runbook="}, {"cookie": "runbook=made-up"}):
        with pytest.raises(Unknown):
            porch.doors.identify(headers, "127.0.0.1")


def test_a_session_ends_by_itself_used_or_not(porch: Porch) -> None:
    headers = {"cookie": f"other=1; runbook={porch.session()}"}
    assert porch.doors.identify(headers, "").roles == {Role.OPERATOR, Role.APPROVER}

    for _ in range(7):
        porch.clock.second += HOUR - 1
        assert porch.doors.identify(headers, "").subject == "olga"
    porch.clock.second += HOUR + 7
    with pytest.raises(Unknown):
        porch.doors.identify(headers, "")


def test_a_session_that_nobody_uses_ends_sooner(porch: Porch) -> None:
    headers = {"cookie": f"runbook={porch.session()}"}
    porch.clock.second += HOUR + 1

    with pytest.raises(Unknown, match="your session is over"):
        porch.doors.identify(headers, "")


def test_a_cookie_that_is_sent_twice_counts_for_nobody(porch: Porch) -> None:
    headers = {"cookie": f"runbook={porch.session()}; runbook={porch.session('anna')}"}

    with pytest.raises(Unknown):
        porch.doors.identify(headers, "")


def test_a_bad_token_does_not_fall_back_on_a_good_cookie(porch: Porch) -> None:
    cookie = {"cookie": f"runbook={porch.session()}"}
    for given in ("Bearer rbt_made-up", "Basic b2xnYTp4", "Bearer", "Bearer a, Bearer b"):
        with pytest.raises(Unknown):
            porch.doors.identify({**cookie, "authorization": given}, "")


def test_a_token_is_good_until_its_end_and_not_after_it_is_ended(porch: Porch) -> None:
    worker = tokens.new_machine(porch.store, "worker-1", Role.WORKER, HOUR)
    other = tokens.new_machine(porch.store, "worker-2", Role.WORKER, 2 * HOUR)

    known = porch.doors.identify(bearer(worker), "")
    assert (known.subject, known.way) == ("worker-1", "token")
    assert known.roles == {Role.WORKER}
    assert not known.is_ambient
    porch.clock.second += HOUR
    with pytest.raises(Unknown):
        porch.doors.identify(bearer(worker), "")
    [left] = tokens.listed(porch.store)
    assert tokens.revoke(porch.store, left.id) == "worker-2"
    with pytest.raises(Unknown):
        porch.doors.identify(bearer(other), "")


def test_a_token_of_a_person_has_the_roles_of_their_groups(porch: Porch) -> None:
    made = tokens.new_person(porch.store, "anna", ["admins"], HOUR, signed_in=5)

    known = porch.doors.identify(bearer(made), "")

    assert (known.subject, known.groups, known.signed_in) == ("anna", ("admins",), 5)
    assert known.roles == {Role.ADMIN}


def test_only_hashes_of_tokens_and_sessions_are_kept(porch: Porch) -> None:
    secrets = [
        tokens.new_machine(porch.store, "w", Role.WORKER, HOUR).get_secret_value(),
        porch.session(),
    ]
    kept = b"".join(file.read_bytes() for file in porch.folder.glob("state.db*"))

    for secret in secrets:
        assert secret.removeprefix("rbt_").encode() not in kept
    assert (porch.folder / "state.db").stat().st_mode & 0o077 == 0


def test_a_machine_has_a_role_of_machines(porch: Porch) -> None:
    with pytest.raises(Refused, match="no role of a machine"):
        tokens.new_machine(porch.store, "w", Role.APPROVER, HOUR)


@pytest.mark.parametrize("peer", [PROXY, "10.1.2.3"])
def test_a_trusted_proxy_names_people(porch: Porch, peer: str) -> None:
    known = porch.doors.identify(NAMED, peer)

    assert (known.subject, known.groups, known.way) == ("olga", ("staff", "admins"), "proxy")
    assert known.roles == {Role.OPERATOR, Role.APPROVER, Role.ADMIN}
    assert known.is_ambient
    assert known.signed_in == 0


@pytest.mark.parametrize(
    ("changes", "peer"),
    [
        ({}, "10.0.0.6"),
        ({}, "127.0.0.1"),
        ({}, ""),
        ({"x-runbook-proxy-secret": ""}, PROXY),
        ({"x-runbook-proxy-secret": "shared-with-the-proxY"}, PROXY),
        ({"x-runbook-proxy-secret": "ü"}, PROXY),
        ({"x-authentik-username": " "}, PROXY),
        ({"x-forwarded-for": PROXY}, "10.0.0.6"),
    ],
)
def test_headers_of_anybody_else_name_nobody(
    porch: Porch, changes: dict[str, str], peer: str
) -> None:
    with pytest.raises(Unknown):
        porch.doors.identify({**NAMED, **changes}, peer)


def test_headers_do_not_change_whose_session_it_is(porch: Porch) -> None:
    headers = {**NAMED, "x-authentik-username": "anna", "cookie": f"runbook={porch.session()}"}

    assert porch.doors.identify(headers, "10.0.0.6").subject == "olga"


def test_a_name_of_the_cookie_that_no_other_host_can_set_where_there_is_tls(
    tmp_path: Path,
) -> None:
    porch = Porch(tmp_path, changes={"url": "https://runs.example.org"})

    assert porch.doors.cookie.startswith("__Host-")
    porch.store.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://runs.example.org"},
        {"oidc_issuer": "https://id.example.org"},
        {"proxy_peers": ["10.0.0.5"]},
        {"proxy_peers": ["not an address"], "proxy_secret_file": "x"},
        {"roles": {"worker": ["staff"]}},
        {"roles": {"king": ["staff"]}},
    ],
)
def test_settings_that_open_a_door_by_mistake_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        GatewaySettings.model_validate(wrong)


def test_a_state_that_cannot_be_kept_is_said(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be kept"):
        Store(tmp_path / "missing" / "state.db")


def test_looking_at_somebody_again_keeps_no_session_alive(porch: Porch) -> None:
    headers = {"cookie": f"runbook={porch.session()}"}
    for _ in range(3):
        porch.clock.second += HOUR // 3
        assert porch.doors.identify(headers, "", is_use=False).subject == "olga"

    porch.clock.second += 1
    with pytest.raises(Unknown):
        porch.doors.identify(headers, "")


def test_what_is_taken_is_taken_once_and_what_has_ended_is_gone(porch: Porch) -> None:
    secret = porch.store.new("x", {"a": 1}, porch.clock() + 10)
    lasting = porch.store.new("x", {"a": 2}, porch.clock() + 10)

    assert porch.store.take("x", secret) is not None
    assert porch.store.take("x", secret) is None
    assert porch.store.take("y", lasting) is None
    porch.clock.second += 10
    assert porch.store.find("x", lasting) is None
    assert porch.store.take("x", lasting) is None
