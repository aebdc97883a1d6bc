"""All secrets compared at once: each state as it comes to be, and nothing told but states."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from adapters.drift import compare_stores
from engine.drift import State
from engine.errors import Refused, Transient
from engine.ledger import Draft, Event
from sandbox.placement import STAFF
from tests.adapters.infra import FILE, MANIFEST
from tests.stores import Stores, item_of, stores

NEW, THIRD = "a-new-value-of-the-test", "a-third-value-of-the-test"
RUN = "1f0c0000-0000-4000-8000-000000000001"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Stores]:
    with stores(tmp_path) as made:
        yield made


def states(pair: Stores) -> dict[str, State]:
    """Return each state by the secret, or by the place of what is unregistered."""
    rows = compare_stores(pair.platform)
    assert pair.leaks(repr(rows)) == []
    return {row.secret or row.place: row.state for row in rows}


def test_equal_stores_are_equal(pair: Stores) -> None:
    assert states(pair) == dict.fromkeys(pair.values, State.EQUAL)


def test_a_value_set_in_sops_alone_makes_sops_newer(pair: Stores) -> None:
    pair.put("s-1", NEW)

    assert states(pair) == {**dict.fromkeys(pair.values, State.EQUAL), "s-1": State.SOPS_NEWER}


def test_a_value_set_in_the_vault_alone_makes_vaultwarden_newer(pair: Stores) -> None:
    pair.vault.clock.advance(60)
    pair.vault.vaultwarden.edit_as_human(item_of("s-2"), NEW)

    assert states(pair)["s-2"] is State.VAULTWARDEN_NEWER


def test_a_later_edit_of_another_value_does_not_make_sops_newer(pair: Stores) -> None:
    pair.vault.clock.advance(60)
    pair.vault.vaultwarden.edit_as_human(item_of("s-2"), NEW)
    pair.vault.clock.advance(3600)
    pair.put("s-1", NEW)

    assert states(pair)["s-2"] is State.VAULTWARDEN_NEWER


def test_a_note_on_the_item_does_not_make_vaultwarden_newer(pair: Stores) -> None:
    cipher = pair.vault.vaultwarden.cipher(item_of("s-1"))
    cipher.data["passwordRevisionDate"] = "2026-01-01T00:00:00.000Z"
    pair.put("s-1", NEW)
    cipher.updated_at = pair.vault.clock.now() + timedelta(hours=1)

    assert states(pair)["s-1"] is State.SOPS_NEWER


def test_what_is_in_one_store_only_is_missing_in_the_other(pair: Stores) -> None:
    tree = pair.tree()
    del tree["keys"]["s_3"]
    del tree["keys"]["s_4"]
    pair.commit(tree)
    for name in ("s-1", "s-4"):
        pair.vault.vaultwarden.cipher(item_of(name)).deleted_at = pair.vault.clock.now()

    assert states(pair) == {
        "s-0": State.EQUAL,
        "s-1": State.MISSING_IN_VAULTWARDEN,
        "s-2": State.EQUAL,
        "s-3": State.MISSING_IN_SOPS,
        "s-4": State.MISSING_IN_BOTH,
    }


def test_an_item_without_a_password_is_missing(pair: Stores) -> None:
    pair.vault.vaultwarden.cipher(item_of("s-0")).data["password"] = None

    assert states(pair)["s-0"] is State.MISSING_IN_VAULTWARDEN


def test_two_items_of_one_name_are_told_even_if_they_are_equal(pair: Stores) -> None:
    pair.vault.vaultwarden.add_duplicate(item_of("s-0"))

    assert states(pair)["s-0"] is State.DUPLICATE_ITEM


def test_what_the_catalogue_does_not_know_is_unregistered(pair: Stores) -> None:
    pair.commit({**pair.tree(), "forgotten": {"token": THIRD}, "empty": None})
    pair.mirror("s-0", item="A portal login")
    strange = {row: state for row, state in states(pair).items() if state is not State.EQUAL}

    assert strange == {
        f'{FILE}#["forgotten"]["token"]': State.UNREGISTERED,
        f"{STAFF} / A portal login": State.UNREGISTERED,
    }


def test_an_encrypted_file_that_the_catalogue_does_not_name_is_looked_at_too(pair: Stores) -> None:
    other, strange, page = "infra/other.enc.yaml", "infra/app.enc.env", "docs/sops.md"
    dotenv = b"TOKEN=ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]\nsops_lastmodified=2026\n"
    pair.infra.commit(
        {
            other: pair.infra.encrypt({"forgotten": {"token": THIRD}}, other),
            strange: dotenv,
            page: b"What sops encrypts looks like `ENC[AES256_GCM,data:...]`.",
        }
    )
    place = f'{other}#["forgotten"]["token"]'
    found = {row: state for row, state in states(pair).items() if state is not State.EQUAL}
    pair.write_catalogue(
        alone=[
            {"sops": {"file": file, "path": "*"}, "because": "of another team, which keeps it"}
            for file in (other, strange)
        ]
    )

    assert found == {place: State.UNREGISTERED, strange: State.UNKNOWN}
    assert {states(pair)[each] for each in found} == {State.BY_CHOICE}


def test_what_is_alone_by_choice_is_fine_and_nothing_beside_it(pair: Stores) -> None:
    pair.commit({**pair.tree(), "forgotten": {"token": THIRD}, "people": {"anna": "key [1]"}})
    for item in ("root password (old)", "A portal login"):
        pair.mirror("s-0", item=item)
    reasons = "for people at a console alone", "tells whose key it is, and opens nothing"
    pair.write_catalogue(
        alone=[
            {
                "vaultwarden": {"collection": STAFF, "item": "root password (*"},
                "because": reasons[0],
            },
            {"sops": {"file": FILE, "path": "people.*"}, "because": reasons[1]},
        ]
    )
    told = {row.place: row for row in compare_stores(pair.platform) if not row.secret}

    assert {place: (row.state, row.note, row.is_fine) for place, row in told.items()} == {
        f'{FILE}#["forgotten"]["token"]': (State.UNREGISTERED, "", False),
        f'{FILE}#["people"]["anna"]': (State.BY_CHOICE, reasons[1], True),
        f"{STAFF} / A portal login": (State.UNREGISTERED, "", False),
        f"{STAFF} / root password (old)": (State.BY_CHOICE, reasons[0], True),
    }


def test_a_live_run_explains_the_values_it_knows_and_no_others(pair: Stores) -> None:
    with pair.platform.journal as journal:
        journal.append(
            Draft(RUN, Event.RUN_STARTED, attempt=1, details={"plan": ""}),
            hold=["secret:s-1", "secret:s-2"],
        )
        for step, name, value in (
            ("current", "s-1", pair.values["s-1"]),
            ("generate", "s-1", NEW),
            ("other", "s-2", pair.values["s-2"]),
        ):
            outputs = {"fingerprint": pair.mark(name, value)}
            told = {"outputs": outputs, "sealed": [], "evidence": "it is done"}
            journal.append(Draft(RUN, Event.STEP_SUCCEEDED, step=step, attempt=1, details=told))
    pair.put("s-1", NEW)
    pair.put("s-2", THIRD)
    during = states(pair)
    with pair.platform.journal as journal:
        ended = {"outcome": "completed"}
        journal.append(Draft(RUN, Event.RUN_ENDED, attempt=1, details=ended), end=True)
    after = states(pair)

    assert (during["s-1"], during["s-2"]) == (State.IN_PROGRESS, State.SOPS_NEWER)
    assert (after["s-1"], after["s-2"]) == (State.SOPS_NEWER, State.SOPS_NEWER)


def test_a_comparison_makes_no_ledger(pair: Stores) -> None:
    states(pair)

    assert not pair.ledger.exists()


def test_a_value_of_another_type_is_compared_as_sops_prints_it(pair: Stores) -> None:
    for name, value in {"s-0": 6379, "s-1": True, "s-2": 1.5}.items():
        pair.put(name, value)  # type: ignore[arg-type] # a colleague may set any kind of value
    for name, text in {"s-0": "6379", "s-1": "true", "s-2": "1.5"}.items():
        pair.vault.vaultwarden.edit_as_human(item_of(name), text)

    assert set(states(pair).values()) == {State.EQUAL}


def test_a_value_of_a_manifest_is_compared_as_the_cluster_decodes_it(pair: Stores) -> None:
    catalogue = yaml.safe_load((pair.folder / "secrets.yaml").read_text())
    place = {"file": MANIFEST, "path": "data.token"}
    pair.infra.commit({MANIFEST: pair.manifest})
    catalogue["secrets"]["s-0"]["sops"] = place
    (pair.folder / "secrets.yaml").write_text(yaml.safe_dump(catalogue))
    pair.vault.vaultwarden.edit_as_human(item_of("s-0"), "old")

    found = states(pair)

    assert found["s-0"] is State.EQUAL
    assert found[f'{MANIFEST}#["stringData"]["plain"]'] is State.UNREGISTERED
    assert found[f'{FILE}#["keys"]["s_0"]'] is State.UNREGISTERED


def test_a_value_in_clear_is_not_equal(pair: Stores) -> None:
    tree = pair.tree()
    pair.infra.commit({FILE: pair.infra.encrypt(tree, FILE, "--unencrypted-regex", "^s_1$")})
    rows = {row.secret: row for row in compare_stores(pair.platform)}

    assert pair.values["s-1"].encode() in pair.infra.read()
    assert pair.leaks(repr(rows)) == []
    assert (rows["s-0"].state, rows["s-1"].state) == (State.EQUAL, State.UNKNOWN)
    assert "is kept in clear" in rows["s-1"].note


def test_one_broken_file_or_item_spoils_only_itself(pair: Stores) -> None:
    catalogue = yaml.safe_load((pair.folder / "secrets.yaml").read_text())
    catalogue["secrets"]["s-0"]["sops"]["file"] = "infra/secrets/gone.enc.yaml"
    catalogue["secrets"]["s-1"]["vaultwarden"]["collection"] = "nobody"
    catalogue["secrets"]["s-2"]["sops"]["path"] = "sops.mac"
    (pair.folder / "secrets.yaml").write_text(yaml.safe_dump(catalogue))
    pair.vault.vaultwarden.cipher(item_of("s-3")).data["password"] = "2.AAAA|AAAA|AAAA"
    found = states(pair)

    assert [found[f"s-{n}"] for n in range(5)] == [State.UNKNOWN] * 4 + [State.EQUAL]


def test_an_unreadable_item_may_be_the_missing_one(pair: Stores) -> None:
    pair.vault.vaultwarden.cipher(item_of("s-3")).name = "2.AAAA|AAAA|AAAA"
    found = states(pair)

    assert found["s-3"] is State.UNKNOWN
    assert found["s-0"] is State.EQUAL


def test_a_vault_that_is_away_is_no_drift(pair: Stores) -> None:
    pair.vault.faults.add("vaultwarden", "status", path="/api/sync", status=503, times=None)

    with pytest.raises(Transient):
        states(pair)


def test_a_file_changed_by_hand_is_unknown_and_its_values_stay_unsaid(pair: Stores) -> None:
    raw = pair.infra.read()
    pair.infra.commit({FILE: raw.replace(b"s_1: ENC[", b"s_9: ENC[")})
    rows = compare_stores(pair.platform)

    assert {row.state for row in rows} == {State.UNKNOWN}
    assert pair.leaks(repr(rows)) == []


def test_a_key_that_opens_nothing_tells_no_value(pair: Stores) -> None:
    pair.write(sops={"age_key_file": str(pair.infra.keys["stranger"])})
    rows = compare_stores(pair.platform)

    assert {row.state for row in rows} == {State.UNKNOWN}
    assert "no age identity" in rows[0].note


def test_without_a_key_for_fingerprints_nothing_is_compared(pair: Stores) -> None:
    pair.write(engine={})

    with pytest.raises(Refused) as caught:
        states(pair)

    assert pair.leaks("".join(traceback.format_exception(caught.value))) == []


def test_a_thousand_secrets_take_one_decryption_and_one_sync(tmp_path: Path) -> None:
    with stores(tmp_path, 1000) as many:
        calls = many.count_sops()
        many.put("s-500", NEW)
        found = states(many)
        syncs = many.vault.vaultwarden.counts()["syncs"]

    assert calls.read_text().split().count("decrypt") == 1
    assert syncs == 1
    assert {name for name, state in found.items() if state is not State.EQUAL} == {"s-500"}
    assert len(found) == 1000
