"""No text that leaves the vault's adapter holds a secret: not when it works, not when it fails."""

from __future__ import annotations

import logging
import traceback
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.vaultwarden import check, read_all
from adapters.vaultwarden.api import open_api
from adapters.vaultwarden.settings import credentials
from adapters.vaultwarden.vault import read_vault
from engine.errors import RunbookError
from tests.adapters.vault import ITEM, NEW, Hand, VaultWorld, interfere, settings

Deed = Callable[[VaultWorld], object]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[VaultWorld]:
    with VaultWorld(tmp_path) as made:
        yield made


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    for name in (None, "httpx", "httpcore"):
        caplog.set_level(logging.DEBUG, name)
    return caplog


def set_value(world: VaultWorld) -> object:
    hand = Hand(world)
    return hand.run(hand.params(replaces=SecretStr(world.vaultwarden.value(ITEM))))


def match(world: VaultWorld) -> object:
    hand = Hand(world, "matches")
    return hand.run(hand.params(NEW))


def with_fault(kind: str, method: str, path: str, **details: object) -> Deed:
    def deed(world: VaultWorld) -> object:
        world.faults.add("vaultwarden", kind, method=method, path=path, **details)  # type: ignore[arg-type]  # from a table
        return set_value(world)

    return deed


def with_edit(world: VaultWorld) -> object:
    interfere(world, "PUT", lambda: world.vaultwarden.edit_as_human(ITEM, NEW.get_secret_value()))
    return set_value(world)


def with_foreign_value(world: VaultWorld) -> object:
    hand = Hand(world)
    return hand.probe(hand.params(replaces=SecretStr("old-old-old-old")))


def with_wrong_password(world: VaultWorld) -> object:
    client_secret = world.layout.credential("vaultwarden-client-secret")
    return check(settings(world, master_password_file=client_secret))


def with_wrong_client_secret(world: VaultWorld) -> object:
    password = world.layout.credential("vaultwarden-master-password")
    return check(settings(world, client_secret_file=password))


def with_broken_field(world: VaultWorld) -> object:
    world.vaultwarden.cipher(ITEM).data["password"] = "2.x|y|z"
    return match(world)


def with_long_notes(world: VaultWorld) -> object:
    hand = Hand(world)
    return hand.run(hand.params(SecretStr(NEW.get_secret_value() * 500), at={"field": "notes"}))


DEEDS: dict[str, Deed] = {
    "it works": set_value,
    "all is read": lambda world: read_all(settings(world)),
    "no match": match,
    "somebody edits": with_edit,
    "a foreign value": with_foreign_value,
    "wrong password": with_wrong_password,
    "wrong client secret": with_wrong_client_secret,
    "broken field": with_broken_field,
    "too long": with_long_notes,
    "sign-in dropped": with_fault("drop", "POST", "*/token"),
    "sign-in cut in half": with_fault("half_body", "POST", "*/token"),
    "sync cut in half": with_fault("half_body", "GET", "/api/sync"),
    "write refused": with_fault("status", "PUT", "*", status=400),
    "write lost": with_fault("lost_reply", "PUT", "*"),
    "write failed": with_fault("status", "PUT", "*", status=500),
    "never let in": with_fault("status", "*", "/api/*", status=401, times=None),
}


@pytest.mark.parametrize("name", DEEDS)
def test_neither_errors_nor_logs_nor_reprs_hold_a_secret(
    world: VaultWorld, log: pytest.LogCaptureFixture, name: str
) -> None:
    told: list[str] = []
    try:
        told.append(repr(DEEDS[name](world)))
    except RunbookError as error:
        told.extend(everything_about(error))

    text = "\n".join([log.text, *told])

    assert "send_request_body" in log.text  # the log was listened to
    assert told
    for what, form in forms(world):
        assert form not in text, f"{what} is in the text"


def test_open_vault_shows_no_key_and_no_value(world: VaultWorld) -> None:
    chosen = settings(world)
    with open_api(chosen) as api:
        vault = read_vault(api, chosen)
        shown = repr((api, api.session(), vault, credentials(chosen), vault.key))
        token = api.session().access_token.get_secret_value()

    assert ITEM in shown
    assert token not in shown
    for what, form in forms(world):
        assert form not in shown, f"{what} is shown"


def test_access_token_is_in_no_log(world: VaultWorld, log: pytest.LogCaptureFixture) -> None:
    set_value(world)
    with open_api(settings(world)) as api:
        token = api.session().access_token.get_secret_value()

    assert "POST" in log.text
    assert token not in log.text


def everything_about(error: BaseException) -> Iterator[str]:
    """Tell an error as any log or debugger of chained exceptions would."""
    yield "".join(traceback.format_exception(error))
    current: BaseException | None = error
    while current is not None:
        yield f"{current!s} {current!r} {current.args!r} {vars(current)!r}"
        current = current.__cause__ or current.__context__


def forms(world: VaultWorld) -> Iterator[tuple[str, str]]:
    """Every secret of this world as it might be spelled."""
    known = {
        "the new value": NEW.get_secret_value(),
        "the old value": world.values["ai_agents.anthropic_api_key"],
        "another value": world.values["redis.password"],
        "the client secret": world.credentials.vaultwarden_client_secret,
        "the master password": world.credentials.vaultwarden_master_password,
    }
    with suppress(LookupError):
        known["the present value"] = world.vaultwarden.value(ITEM)
    for what, value in known.items():
        if value:
            yield what, value
            yield what, repr(value)[1:-1]
            yield what, b64encode(value.encode()).decode().rstrip("=")
    yield "the organisation key", world.vaultwarden.vault.organization_key.hex()
    yield "the organisation key", repr(world.vaultwarden.vault.organization_key)[2:-1]
