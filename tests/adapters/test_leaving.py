"""The end of somebody's access: `authentik.disable_user`, `forgejo.suspend_user` and
`vaultwarden.disable_user`, each against a double that refuses what the real one refuses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

import sandbox.vaultwarden.admin
from adapters import authentik, forgejo_admin, vaultwarden
from adapters.authentik import AuthentikSettings
from adapters.forgejo_admin import ForgejoAdminSettings
from adapters.vaultwarden import VaultwardenSettings
from adapters.vaultwarden.admin import check_admin
from engine.errors import Refused, Transient
from engine.step import Done, NotYet, Step
from sandbox.layout import VAULT_ADMIN
from sandbox.vaultwarden.seed import LEAVER_EMAIL, PETRA_EMAIL
from sandbox.world import World
from tests.adapters import sky

AUTHENTIK, FORGEJO, VAULT = (
    "authentik.disable_user",
    "forgejo.suspend_user",
    "vaultwarden.disable_user",
)
EVERY = (AUTHENTIK, FORGEJO, VAULT)


@dataclass
class Town:
    """A world, and the steps that may be done in it."""

    world: World
    steps: dict[str, Step[Any, Any]]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for all that changes nothing for good."""
    with sky.opened(tmp_path_factory.mktemp("town")) as made:
        yield made


@pytest.fixture
def town(world: World) -> Town:
    return Town(world, steps_in(world))


def steps_in(world: World, **files: Path) -> dict[str, Step[Any, Any]]:
    """Return the steps with the world's credentials, or with other files for them."""
    layout, urls = world.layout, world.urls
    offered = (
        *authentik.steps(
            AuthentikSettings(
                url=urls["authentik"],
                token_file=files.get(AUTHENTIK, layout.credential("authentik-token")),
            )
        ),
        *forgejo_admin.steps(
            ForgejoAdminSettings(
                url=urls["forgejo"],
                token_file=files.get(FORGEJO, layout.credential("forgejo-admin-token")),
            )
        ),
        *vaultwarden.steps(
            VaultwardenSettings(
                url=urls["vaultwarden"],
                admin_token_file=files.get(VAULT, layout.credential(VAULT_ADMIN)),
            )
        ),
    )
    return {step.name: step for step in offered}


def who(name: str, person: str = "nina") -> dict[str, str]:
    email = {"nina": LEAVER_EMAIL, "petra": PETRA_EMAIL}.get(person, f"{person}@example.org")
    return {"email": email} if name == VAULT else {"username": person}


def test_in_authentik_the_account_and_all_that_hangs_on_it_are_gone(town: Town) -> None:
    petras = town.world.authentik.has("petra")

    done = sky.run(town.steps[AUTHENTIK], **who(AUTHENTIK))

    assert not town.world.authentik.is_active("nina")
    assert set(town.world.authentik.has("nina").values()) == {0}
    assert town.world.authentik.is_active("petra")
    assert town.world.authentik.has("petra") == petras
    assert done.evidence == "nina has no access left at authentik"


def test_a_refresh_token_that_outlived_the_account_is_found(town: Town) -> None:
    sky.run(town.steps[AUTHENTIK], **who(AUTHENTIK))
    town.world.authentik.sign_in("nina")

    found = sky.probe(town.steps[AUTHENTIK], **who(AUTHENTIK))

    assert isinstance(found, NotYet)
    assert found.finding == "nina still has at authentik: 1 session, 1 refresh token"


def test_in_forgejo_nobody_can_sign_in_and_tokens_and_keys_are_gone(town: Town) -> None:
    sky.run(town.steps[FORGEJO], **who(FORGEJO))

    assert not town.world.forgejo.accepts("nina")
    assert town.world.forgejo.has("nina") == {"tokens": 0, "keys": 0}
    assert town.world.forgejo.accepts("petra")
    assert town.world.forgejo.has("petra") == {"tokens": 2, "keys": 1}


def test_in_vaultwarden_the_api_key_is_refused_too(town: Town) -> None:
    account = town.world.vaultwarden.vault.account_by_email(LEAVER_EMAIL)
    assert account is not None
    assert _api_key_login(town.world) == 200

    sky.run(town.steps[VAULT], **who(VAULT))

    assert not account.enabled
    assert _api_key_login(town.world) == 400


def _api_key_login(world: World) -> int:
    account = world.vaultwarden.vault.account_by_email(LEAVER_EMAIL)
    assert account is not None
    form = {
        "grant_type": "client_credentials", "client_id": f"user.{account.user_id}",
        "client_secret": account.api_key, "scope": "api", "deviceType": "25",
        "deviceIdentifier": "7b0b5b0e-0000-4000-8000-000000000001", "deviceName": "laptop",
    }  # fmt: skip
    url = f"{world.urls['vaultwarden']}/identity/connect/token"
    return httpx.post(url, data=form).status_code


def test_each_can_be_done_twice_and_lost_answers_are_found(town: Town) -> None:
    for name in EVERY:
        double = name.partition(".")[0]
        step = town.steps[name]
        assert isinstance(sky.probe(step, **who(name)), NotYet)
        method = "POST" if name == VAULT else "PATCH"
        path = "*/disable" if name == VAULT else "*"
        town.world.faults.add(double, "lost_reply", method=method, path=path)  # type: ignore[arg-type]
        with pytest.raises(Transient):
            sky.run(step, **who(name))
        sky.run(step, **who(name))
        sky.run(step, **who(name))
        assert isinstance(sky.probe(step, **who(name)), Done)


@pytest.mark.parametrize("name", EVERY)
def test_a_name_that_is_not_there_is_refused_before_anything(shared: World, name: str) -> None:
    step = steps_in(shared)[name]
    assert step.preflight is not None
    for given in ({**who(name, "nobody")}, {**who(name), "exists": False}):
        params = step.preflight.params.model_validate(given)
        with pytest.raises(Refused, match="the run was told otherwise"):
            step.preflight.look(params)


@pytest.mark.parametrize("name", EVERY)
def test_that_there_is_no_account_can_be_what_is_wanted(shared: World, name: str) -> None:
    found = sky.probe(steps_in(shared)[name], **who(name, "nobody"), exists=False)

    assert isinstance(found, Done)
    assert found.outputs.account == ""


@pytest.mark.parametrize("name", EVERY)
def test_a_wrong_credential_is_refused_with_the_setting_and_never_shown(
    shared: World, name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "token"
    file.write_text(sky.MARKER)
    with sky.all_logs(caplog):
        error = sky.refusal(
            Refused, lambda: sky.probe(steps_in(shared, **{name: file})[name], **who(name))
        )

    assert "token" in error.hint


def test_without_the_rights_an_empty_list_is_not_believed(town: Town) -> None:
    town.world.authentik.demote()
    town.world.forgejo.demote()

    with pytest.raises(Refused, match="would not see everything"):
        sky.probe(town.steps[AUTHENTIK], **who(AUTHENTIK))
    with pytest.raises(Refused, match="would not see everything"):
        sky.probe(town.steps[FORGEJO], **who(FORGEJO))


def test_the_admin_page_is_signed_in_to_once_and_again_when_it_forgot_us(town: Town) -> None:
    settings = VaultwardenSettings(
        url=town.world.urls["vaultwarden"],
        admin_token_file=town.world.layout.credential(VAULT_ADMIN),
    )
    for _ in range(3):
        check_admin(settings)
    assert _sign_ins(town.world) == 1

    town.world.clock.advance(21 * 60)
    check_admin(settings)
    assert _sign_ins(town.world) == 2


def test_the_session_of_the_admin_page_stands_in_no_log(
    town: Town, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox.vaultwarden.admin, "draw_cookie", lambda: sky.MARKER)
    settings = VaultwardenSettings(
        url=town.world.urls["vaultwarden"],
        admin_token_file=town.world.layout.credential(VAULT_ADMIN),
    )
    with sky.all_logs(caplog):
        check_admin(settings)

    assert any("set-cookie" in record.getMessage() for record in caplog.records)


def _sign_ins(world: World) -> int:
    lines = world.layout.access_log.read_text().splitlines()
    return sum(" vaultwarden POST /admin " in line for line in lines)


@pytest.mark.parametrize("name", EVERY)
def test_a_system_that_is_not_set_up_says_which_setting_is_missing(name: str) -> None:
    offered = (
        *authentik.steps(AuthentikSettings()),
        *forgejo_admin.steps(ForgejoAdminSettings()),
        *vaultwarden.steps(VaultwardenSettings()),
    )
    step = next(step for step in offered if step.name == name)
    with pytest.raises(Refused) as caught:
        sky.probe(step, **who(name))
    assert caught.value.hint.startswith("Set ")
