"""What cannot be told for certain is unknown: neither fine nor the state that seems likely."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyrage
import pytest
import yaml

from adapters.drift import compare_stores
from adapters.vaultwarden import VaultwardenLocation
from adapters.vaultwarden.checks import preflight_read
from adapters.vaultwarden.models import At
from engine.drift import Compared, State
from engine.errors import Refused
from sandbox.placement import STAFF
from sandbox.vaultwarden import crypto
from tests.adapters.vault import settings
from tests.stores import Stores, item_of, stores

MADE = datetime(2026, 1, 10, 9, 0, tzinfo=UTC)
UNREADABLE = "2.AAAA|AAAA|AAAA"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Stores]:
    with stores(tmp_path, 3, MADE) as made:
        yield made


def amiss(pair: Stores) -> dict[str, Compared]:
    """Return what is not fine, by the secret or the place."""
    rows = compare_stores(pair.platform)
    assert pair.leaks(repr(rows)) == []
    return {row.secret or row.place: row for row in rows if not row.is_fine}


def encrypt(pair: Stores, text: str) -> str:
    return crypto.encrypt(pair.vault.vaultwarden.vault.organization_key, text.encode())


def day(number: int) -> datetime:
    return MADE + timedelta(days=number)


@pytest.mark.parametrize(
    ("changed", "state"), [(10, State.UNKNOWN), (20, State.UNKNOWN), (30, State.VAULTWARDEN_NEWER)]
)
def test_a_date_in_git_that_is_one_at_the_latest_makes_sops_no_newer(
    pair: Stores, changed: int, state: State
) -> None:
    """The value is of day 0; on day 20 every value got under a key that is the first of ours."""
    mine = pair.infra.keys["engine"]
    mine.chmod(0o600)
    mine.write_text(f"# a new one\n{pyrage.x25519.Identity.generate()}\n")
    pair.commit(pair.tree(), day(20))
    moment = day(changed).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    login = pair.vault.vaultwarden.cipher(item_of("s-0")).data
    login.update(password=encrypt(pair, "another"), passwordRevisionDate=moment)
    found = amiss(pair)

    assert {name: row.state for name, row in found.items()} == {"s-0": state}
    assert "at the latest" in found["s-0"].note


def custom(pair: Stores, item: str, *names: str) -> None:
    """Give an item custom fields of these encrypted names."""
    value = encrypt(pair, "x")
    pair.vault.vaultwarden.cipher(item).fields = [
        {"type": 1, "name": name, "value": value, "linkedId": None} for name in names
    ]


def test_a_field_name_that_cannot_be_read_does_not_end_the_comparison(pair: Stores) -> None:
    pair.mirror("s-0", item="Portal of a bank")
    for item in ("Portal of a bank", item_of("s-0")):
        custom(pair, item, UNREADABLE)

    assert {place: row.state for place, row in amiss(pair).items()} == {
        f"{STAFF} / Portal of a bank": State.UNREGISTERED
    }


@pytest.mark.parametrize("names", [(UNREADABLE,), ("token", UNREADABLE)])
def test_a_field_beside_one_whose_name_cannot_be_read_is_unknown(
    pair: Stores, names: tuple[str, ...]
) -> None:
    catalogue = yaml.safe_load((pair.folder / "secrets.yaml").read_text())
    catalogue["secrets"]["s-0"]["vaultwarden"]["field"] = "token"
    (pair.folder / "secrets.yaml").write_text(yaml.safe_dump(catalogue))
    custom(
        pair,
        item_of("s-0"),
        *(name if name == UNREADABLE else encrypt(pair, name) for name in names),
    )
    [row] = amiss(pair).values()

    assert (row.secret, row.state) == ("s-0", State.UNKNOWN)
    assert "a field name of item" in row.note


def test_a_collection_whose_name_cannot_be_read_spoils_only_itself(pair: Stores) -> None:
    collections = pair.vault.vaultwarden.vault.collections.values()
    for each in collections:
        if each.name != STAFF:
            each.encrypted_name = UNREADABLE
    assert amiss(pair) == {}

    for each in collections:
        each.encrypted_name = UNREADABLE
    at = VaultwardenLocation(collection=STAFF, item=item_of("s-0"))

    assert {row.state for row in amiss(pair).values()} == {State.UNKNOWN}
    with pytest.raises(Refused, match="the names of these cannot be read"):
        preflight_read(settings(pair.vault), At(at=at))


def test_an_item_whose_name_cannot_be_read_is_told_beside_complete_ones(pair: Stores) -> None:
    pair.mirror("s-0", item="Stranger")
    cipher = pair.vault.vaultwarden.cipher("Stranger")
    cipher.name = UNREADABLE
    place = f"{STAFF} / item {cipher.cipher_id}"

    assert {place: row.state for place, row in amiss(pair).items()} == {place: State.UNKNOWN}

    homes = pair.vault.vaultwarden.collection_ids()
    cipher.collection_ids = [each for name, each in homes.items() if name != STAFF]
    assert amiss(pair) == {}, "a collection that no entry names is not ours to watch"
