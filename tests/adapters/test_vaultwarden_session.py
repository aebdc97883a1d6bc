"""Signing in to the vault: what works, what is wrong, and how often it is done."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import HTMLResponse

from adapters.vaultwarden import VaultwardenSettings, check
from adapters.vaultwarden.settings import credentials, safe_url
from engine.errors import Refused, Transient
from sandbox.vaultwarden.crypto import Kdf
from sandbox.vaultwarden.seed import VaultOptions
from sandbox.vaultwarden.vault import Rates
from tests.adapters.vault import Hand, VaultWorld, settings

TOKEN = "/identity/connect/token"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[VaultWorld]:
    with VaultWorld(tmp_path) as made:
        yield made


def logins(world: VaultWorld) -> int:
    return world.vaultwarden.counts().get("logins", 0)


def file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "credential"
    path.write_text(text)
    return path


def test_check_tells_version_account_and_collections(world: VaultWorld) -> None:
    said = check(settings(world))

    assert "vaultwarden speaks Bitwarden 2026.7.0" in said
    assert "runbook-engine@planapulse.com is signed in and sees 2 collections" in said
    assert world.vaultwarden.vault.organization_id in said


def test_pbkdf2_account_works_too(tmp_path: Path) -> None:
    with VaultWorld(tmp_path, VaultOptions(kdf=Kdf.pbkdf2())) as world:
        assert "is there once" in Hand(world).preflight()


def test_one_sign_in_serves_many_steps(world: VaultWorld) -> None:
    hand = Hand(world)
    for _ in range(3):
        hand.probe(hand.params())

    assert logins(world) == 1
    assert len(world.vaultwarden.machine.devices) == 1


def test_device_is_the_same_for_ever_and_can_be_chosen(world: VaultWorld) -> None:
    chosen = settings(world)

    expected = str(uuid.uuid5(uuid.NAMESPACE_URL, chosen.client_id))
    assert credentials(chosen).device == expected
    assert credentials(settings(world, device_identifier="d-1")).device == "d-1"


def test_who_signed_in_too_often_is_told_how_long_to_wait(tmp_path: Path) -> None:
    with VaultWorld(tmp_path, VaultOptions(rates=Rates(login_burst=1))) as world:
        hand = Hand(world)
        hand.probe(hand.params())
        world.vaultwarden.end_sessions()

        with pytest.raises(Transient, match="asks for patience") as told:
            hand.probe(hand.params())
        assert told.value.retry_after is not None
        world.clock.advance(told.value.retry_after)

        hand.probe(hand.params())
        assert logins(world) == 2


def test_ended_session_is_renewed_once(world: VaultWorld) -> None:
    hand = Hand(world)
    hand.probe(hand.params())
    world.vaultwarden.end_sessions()

    hand.run(hand.params())

    assert logins(world) == 2


def test_token_that_grew_old_at_the_server_is_renewed(world: VaultWorld) -> None:
    hand = Hand(world)
    hand.probe(hand.params())
    world.clock.advance(3 * 3600)

    hand.probe(hand.params())

    assert logins(world) == 2


def test_lasting_401_is_a_refusal_after_one_new_sign_in(world: VaultWorld) -> None:
    hand = Hand(world)
    hand.probe(hand.params())
    world.faults.add("vaultwarden", "status", path="/api/sync", status=401, times=None)

    with pytest.raises(Refused, match="does not let our account read the vault"):
        hand.probe(hand.params())
    assert logins(world) == 2


def test_wrong_client_secret_is_named(world: VaultWorld, tmp_path: Path) -> None:
    hand = Hand(world, client_secret_file=file(tmp_path, "not-the-secret"))

    with pytest.raises(Refused, match=r"does not accept the client secret of user\.") as caught:
        hand.preflight()
    assert "vaultwarden.client_secret_file" in caught.value.hint
    assert "not-the-secret" not in str(caught.value)


def test_unknown_client_id_is_named(world: VaultWorld) -> None:
    with pytest.raises(Refused, match=r"knows no account user\.nobody"):
        Hand(world, client_id="user.nobody").preflight()


def test_wrong_master_password_is_named(world: VaultWorld, tmp_path: Path) -> None:
    hand = Hand(world, master_password_file=file(tmp_path, "not-the-password"))

    with pytest.raises(Refused, match="the master password does not open") as caught:
        hand.preflight()
    assert "vaultwarden.master_password_file" in caught.value.hint
    assert "not-the-password" not in str(caught.value)


def test_wrong_email_is_told_as_what_it_does(world: VaultWorld) -> None:
    with pytest.raises(Refused, match="does not open the vaultwarden account of other@") as caught:
        Hand(world, email="other@example.org").preflight()
    assert "vaultwarden.email" in caught.value.hint


def test_disabled_account_is_named(world: VaultWorld) -> None:
    world.vaultwarden.machine.enabled = False

    with pytest.raises(Refused, match=r"account of runbook-engine@\S+ is disabled"):
        Hand(world).preflight()


@pytest.mark.parametrize(
    ("kdf", "words"),
    [
        (Kdf(1, 2, 4096, 1), "too strong: Argon2id memory in MiB is 4096"),
        (Kdf.pbkdf2(1000), "too weak: PBKDF2 iterations is 1000"),
    ],
)
def test_server_cannot_dictate_an_insane_key_derivation(
    world: VaultWorld, kdf: Kdf, words: str
) -> None:
    world.vaultwarden.machine.kdf = kdf

    with pytest.raises(Refused, match=words):
        Hand(world).preflight()


def test_request_for_patience_is_passed_on(world: VaultWorld) -> None:
    world.faults.add("vaultwarden", "status", path=TOKEN, status=429, retry_after=7)

    with pytest.raises(Transient) as caught:
        Hand(world).preflight()
    assert caught.value.retry_after == 7


def test_lost_sign_in_may_be_repeated(world: VaultWorld) -> None:
    world.faults.add("vaultwarden", "lost_reply", path=TOKEN)

    with pytest.raises(Transient, match="no usable answer"):
        Hand(world).preflight()
    assert "is there once" in Hand(world).preflight()


def test_server_that_is_down_is_transient(world: VaultWorld) -> None:
    world.faults.add("vaultwarden", "status", path="/api/sync", status=503)

    with pytest.raises(Transient):
        Hand(world).preflight()


def test_foreign_organisation_is_refused_with_the_visible_ones(world: VaultWorld) -> None:
    with pytest.raises(Refused, match="is not in organisation 1234; it sees PLANA"):
        Hand(world, organisation="1234").preflight()


def test_pinned_organisation_key_is_accepted_and_any_other_is_not(world: VaultWorld) -> None:
    pin = check(settings(world)).rsplit(" ", 1)[1]

    assert "is there once" in Hand(world, org_key_pin=pin.upper()).preflight()
    with pytest.raises(Refused, match="is not the pinned one"):
        Hand(world, org_key_pin="0" * 64).preflight()


def test_web_page_instead_of_the_api_is_recognised(world: VaultWorld) -> None:
    routes = world.vaultwarden.answer._routes
    page = HTMLResponse("<!doctype html><title>Sign in</title>")
    routes.insert(0, ("GET", re.compile(".*"), lambda _: page))

    with pytest.raises(Refused, match="did not answer like vaultwarden") as caught:
        check(settings(world))
    assert "vaultwarden.url" in caught.value.hint


@pytest.mark.parametrize(
    "name",
    ["url", "email", "client_id", "organisation", "client_secret_file", "master_password_file"],
)
def test_missing_setting_is_named(name: str, tmp_path: Path) -> None:
    known: dict[str, Any] = {
        "url": "https://vault.example",
        "email": "e@example.org",
        "client_id": "user.1",
        "organisation": "o",
        "client_secret_file": file(tmp_path, "s"),
        "master_password_file": file(tmp_path, "m"),
    }
    del known[name]

    with pytest.raises(Refused, match=f"`vaultwarden.{name}` is not set"):
        credentials(VaultwardenSettings(**known))


@pytest.mark.parametrize(
    "url",
    [
        "http://vault.example.com",
        "http://127.0.0.1.example.com",
        "http://10.0.0.1",
        "ftp://vault.example.com",
        "vault.example.com",
        "https://user:pass@vault.example.com",
        "https://",
    ],
)
def test_address_over_which_secrets_would_leak_is_refused(url: str) -> None:
    with pytest.raises(Refused) as caught:
        safe_url(VaultwardenSettings(url=url))
    assert "pass@" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["https://vault.example.com", "http://localhost:8080", "http://127.0.0.1:1", "http://[::1]:8"],
)
def test_https_and_loopback_are_fine(url: str) -> None:
    assert safe_url(VaultwardenSettings(url=url + "/")) == url


def test_organisation_api_key_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    chosen = VaultwardenSettings(
        url="https://vault.invalid",
        email="e",
        client_id="organization.1",
        organisation="o",
        client_secret_file=file(tmp_path, "s"),
        master_password_file=file(tmp_path, "m"),
    )

    with pytest.raises(Refused, match="not of the form user"):
        credentials(chosen)
