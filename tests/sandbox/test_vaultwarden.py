"""The vault double refuses and forgets what the real server refuses and forgets."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from sandbox.vaultwarden.crypto import Kdf
from sandbox.vaultwarden.seed import VaultOptions
from sandbox.vaultwarden.vault import Rates
from sandbox.world import Options, World

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.conftest import VaultClient


def test_client_of_its_own_opens_what_the_world_seeded(signed_in: VaultClient) -> None:
    for name, path in (
        ("Anthropic API key", "ai_agents.anthropic_api_key"),
        ("OpenRouter API key", "ai_agents.openrouter_api_key"),
    ):
        cipher = signed_in.find(name)

        assert signed_in.open(cipher, cipher["login"]["password"]) == signed_in.world.values[path]


def test_one_item_has_a_key_of_its_own_and_one_of_the_same_name_is_in_the_trash(
    signed_in: VaultClient,
) -> None:
    ciphers = signed_in.sync()["ciphers"]
    trashed = [c for c in ciphers if c["deletedDate"] is not None]

    assert signed_in.find("OpenRouter API key")["key"] is not None
    assert [signed_in.open(c, c["name"]) for c in trashed] == ["Anthropic API key"]


def test_cipher_carries_the_new_null_keys(signed_in: VaultClient) -> None:
    cipher = signed_in.find("Redis password")

    assert [cipher[key] for key in ("bankAccount", "driversLicense", "passport")] == [None] * 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"device_identifier": None}, "device_identifier cannot be blank"),
        ({"device_name": None}, "device_name cannot be blank"),
        ({"device_type": ""}, "device_type cannot be blank"),
        ({"scope": "api.secrets"}, "Scope not supported"),
        ({"client_id": "organization.1"}, "Malformed client_id"),
        ({"client_id": "user.1"}, "Invalid client_id"),
        ({"client_secret": "wrong"}, "Incorrect client_secret"),
        ({"grant_type": "password"}, "SSO sign-in is required"),
    ],
)
def test_sign_in_is_refused_with_400_and_a_message(
    vault: VaultClient, changes: dict[str, Any], message: str
) -> None:
    answer = vault.token(**changes)

    assert (answer.status_code, answer.json()["message"]) == (400, message)


def test_prelogin_tells_the_kdf_and_invents_one_for_strangers(vault: VaultClient) -> None:
    def ask(email: str) -> dict[str, Any]:
        answer = vault.http.post("/identity/accounts/prelogin", json={"email": email})
        found: dict[str, Any] = answer.json()
        return found

    assert ask("Runbook-Engine@planapulse.com")["kdf"] == 1
    assert ask("nobody@planapulse.com") == {
        "kdf": 0,
        "kdfIterations": 600_000,
        "kdfMemory": None,
        "kdfParallelism": None,
    }


@pytest.mark.parametrize(("behind", "status"), [(1.999, 200), (2.0, 400), (3600, 400)])
def test_stale_write_is_refused_from_two_seconds_on(
    signed_in: VaultClient, behind: float, status: int
) -> None:
    name = "Penpot secret key"
    signed_in.world.vaultwarden.edit_as_human(name, "by a person")
    cipher = signed_in.find(name)
    login = {**cipher["login"], "password": signed_in.seal(cipher, "by the engine")}
    known = datetime.fromisoformat(cipher["revisionDate"]) - timedelta(seconds=behind)

    answer = signed_in.put(cipher, login=login, lastKnownRevisionDate=known.isoformat())

    held = signed_in.world.vaultwarden.value(name)
    assert (answer.status_code, held == "by a person") == (status, status == 400)
    if status == 400:
        words = "The client copy of this cipher is out of date."
        assert answer.json()["message"].startswith(words)


def test_stale_write_with_an_unreadable_date_or_none_goes_through(signed_in: VaultClient) -> None:
    name = "Penpot database password"
    cipher = signed_in.find(name)
    for value, known in (("one", "yesterday"), ("two", None)):
        signed_in.world.vaultwarden.edit_as_human(name, "by a person")
        login = {**cipher["login"], "password": signed_in.seal(cipher, value)}

        assert signed_in.put(cipher, login=login, lastKnownRevisionDate=known).status_code == 200
        assert signed_in.world.vaultwarden.value(name) == value


def test_write_without_the_cipher_key_makes_the_item_unreadable(
    signed_in: VaultClient, tmp_path: Path
) -> None:
    with World.create(tmp_path / "world") as world:
        client = type(signed_in)(world)
        with client.http:
            client.sign_in()
            cipher = client.find("OpenRouter API key")
            del cipher["key"]

            assert client.put(cipher).status_code == 200
            assert client.http.get(f"/api/ciphers/{cipher['id']}").json()["key"] is None
        with pytest.raises(LookupError):
            world.vaultwarden.value("OpenRouter API key")


def test_write_replaces_the_whole_cipher(signed_in: VaultClient) -> None:
    cipher = signed_in.find("Stripe webhook secret")
    kept = ("id", "type", "organizationId", "name", "login", "key", "revisionDate")

    signed_in.put({name: cipher[name] for name in kept})
    after = signed_in.find("Stripe webhook secret")

    assert (after["notes"], after["fields"], after["passwordHistory"]) == (None, None, None)


def test_write_with_another_organisation_is_refused(signed_in: VaultClient) -> None:
    answer = signed_in.put(signed_in.find("Redis password"), organizationId=None)

    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Organization mismatch.")


def test_read_only_collection_refuses_writes_and_says_so_in_sync(signed_in: VaultClient) -> None:
    name, vaultwarden = "Exoscale API secret", signed_in.world.vaultwarden
    writes = vaultwarden.writes
    vaultwarden.set_read_only("plana-admins")
    try:
        answer = signed_in.set(name, "new")
        rights = {c["id"]: c["readOnly"] for c in signed_in.sync()["collections"]}
    finally:
        vaultwarden.set_read_only("plana-admins", read_only=False)

    assert (answer.status_code, answer.json()["message"]) == (400, "Cipher is not write accessible")
    assert rights[vaultwarden.collection_ids()["plana-admins"]] is True
    assert vaultwarden.writes == writes


def test_created_item_can_be_trashed_and_restored(signed_in: VaultClient) -> None:
    template = signed_in.find("Redis password")
    world = signed_in.world
    name = signed_in.seal({"key": None}, "New item")
    body = {
        "cipher": {**template, "name": name, "id": None},
        "collectionIds": [world.vaultwarden.collection_ids()["plana-staff"]],
    }

    made = signed_in.http.post("/api/ciphers/create", json=body).json()
    signed_in.http.put(f"/api/ciphers/{made['id']}/delete")
    assert "New item" not in world.vaultwarden.names()
    signed_in.http.put(f"/api/ciphers/{made['id']}/restore")

    assert world.vaultwarden.value("New item") == world.values["redis.password"]


def test_creation_without_a_collection_is_refused(signed_in: VaultClient) -> None:
    body = {"cipher": signed_in.find("Redis password"), "collectionIds": []}
    answer = signed_in.http.post("/api/ciphers/create", json=body)

    assert answer.json()["message"] == "You must select at least one collection."


def test_token_dies_after_two_hours(signed_in: VaultClient) -> None:
    signed_in.world.clock.advance(7100)
    assert signed_in.http.get("/api/sync").status_code == 200
    signed_in.world.clock.advance(101)

    assert signed_in.http.get("/api/sync").status_code == 401


def test_plain_member_may_not_list_the_whole_organisation(signed_in: VaultClient) -> None:
    assert signed_in.http.get("/api/ciphers/organization-details").status_code == 401


def test_api_key_is_shown_only_for_the_password_hash(signed_in: VaultClient) -> None:
    answer = signed_in.http.post("/api/accounts/api-key", json={"masterPasswordHash": "wrong"})

    assert (answer.status_code, answer.json()["message"]) == (400, "Invalid password")


def test_deauth_ends_sessions_but_only_disable_shuts_the_api_key_out(
    signed_in: VaultClient,
) -> None:
    world, user = signed_in.world, signed_in.world.vaultwarden.machine.user_id
    with httpx.Client(base_url=world.urls["vaultwarden"]) as admin:
        assert admin.get("/admin/users").status_code == 401
        assert admin.post("/admin", data={"token": "wrong"}).status_code == 401
        admin.post("/admin", data={"token": world.values["vaultwarden.admin_token"]})
        as_json = {"Content-Type": "application/json"}

        assert admin.post(f"/admin/users/{user}/deauth").status_code == 404
        admin.post(f"/admin/users/{user}/deauth", headers=as_json)
        assert signed_in.http.get("/api/sync").status_code == 401
        assert signed_in.token().status_code == 200

        admin.post(f"/admin/users/{user}/disable", headers=as_json)
        assert admin.get(f"/admin/users/{user}").json()["userEnabled"] is False
        assert signed_in.token().status_code == 400
        admin.post(f"/admin/users/{user}/enable", headers=as_json)


def test_human_edit_keeps_the_former_value_in_the_history(world: World) -> None:
    name = "Grafana admin password"
    world.vaultwarden.edit_as_human(name, "by a person")

    assert world.vaultwarden.value(name) == "by a person"
    assert world.vaultwarden.history(name) == [world.values["monitoring.grafana_admin_password"]]


def test_names_need_not_be_unique(world: World) -> None:
    world.vaultwarden.add_duplicate("Plana ERP admin password")

    with pytest.raises(LookupError, match="2 live items"):
        world.vaultwarden.value("Plana ERP admin password")


def test_pbkdf2_account_signs_in_and_the_burst_of_sign_ins_ends(
    signed_in: VaultClient, tmp_path: Path
) -> None:
    options = Options(vault=VaultOptions(kdf=Kdf.pbkdf2(), rates=Rates(login_burst=2)))
    with World.create(tmp_path / "world", options=options) as world:
        client = type(signed_in)(world)
        with client.http:
            client.sign_in()
            assert client.key == world.vaultwarden.vault.organization_key
            assert [client.token().status_code for _ in range(2)] == [200, 429]
            world.clock.advance(60)
            assert client.token().status_code == 200
