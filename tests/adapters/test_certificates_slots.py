"""Two slots of one certificate: which is in force, and which a renewal may write over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from adapters.certificates import Look, read_certificates, slot_to_write
from adapters.shared import command
from engine.certificates import findings
from engine.errors import Refused
from tests import certs
from tests.adapters import infra
from tests.adapters.slots import BLANK, NEW_SLOT, OLD_SLOT, fill, two_slots, unreadable
from tests.stores import Stores

NOW = datetime.now(UTC)
SOON, FAR = NOW + timedelta(days=40), NOW + timedelta(days=380)
NEWER = certs.make(FAR, certs.statements())
UNREADABLE = unreadable(NEWER)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    with two_slots(tmp_path_factory.mktemp("slots")) as made:
        yield made


def look(pair: Stores) -> Look:
    [found] = read_certificates(pair.platform)
    assert "PRIVATE KEY" not in repr(found)
    return found


def told(found: Look) -> list[str]:
    """Return what `runbook certificates` and the reminders say is wrong."""
    return [*findings(found.entry, found.seen, NOW)] if found.seen else [found.unknown]


@pytest.mark.parametrize("case", UNREADABLE)
def test_beside_a_slot_that_cannot_be_read_none_is_free(pair: Stores, case: str) -> None:
    known = fill(pair, SOON, FAR)
    pair.put(NEW_SLOT, UNREADABLE[case])
    found = look(pair)

    assert found.seen is not None, "its end must not be forgotten"
    assert (found.seen.sha256, found.slot) == (known[OLD_SLOT], OLD_SLOT)
    assert (found.into, found.beside) == ("", None)
    [words] = told(found)
    assert words.startswith(f"it may not be the one in force: {NEW_SLOT} in ")
    for slot in (OLD_SLOT, NEW_SLOT):
        with pytest.raises(Refused, match="it cannot be told which of") as caught:
            slot_to_write(pair.platform, slot)
        assert f"is in force: {NEW_SLOT} in " in caught.value.message


@pytest.mark.parametrize("text", BLANK)
def test_a_slot_that_was_never_filled_is_the_free_one(pair: Stores, text: str) -> None:
    known = fill(pair, SOON, FAR)
    pair.put(OLD_SLOT, text)
    found = look(pair)

    assert found.seen is not None
    assert (found.seen.sha256, found.into, told(found)) == (known[NEW_SLOT], OLD_SLOT, [])
    assert slot_to_write(pair.platform, NEW_SLOT) == OLD_SLOT


def test_a_slot_that_main_lacks_was_never_filled(pair: Stores) -> None:
    known = fill(pair, SOON, FAR)
    tree = pair.tree()
    del tree["keys"]["s_0"]
    tree["keys"]["s_1"] = f"{NEWER.private.decode()}{NEWER.chain.decode()}"
    pair.commit(tree)
    found = look(pair)
    pair.commit(pair.tree())

    assert found.seen is not None
    assert (found.seen.sha256, found.into, told(found)) == (NEWER.sha256, OLD_SLOT, [])
    assert NEWER.sha256 not in known.values()


def test_what_cannot_be_read_is_told_where_the_other_slot_was_never_filled(pair: Stores) -> None:
    pair.put(OLD_SLOT, "to-be-filled")
    pair.put(NEW_SLOT, UNREADABLE["a trusted certificate"])
    found = look(pair)

    assert found.seen is None
    assert found.unknown.startswith(f"{NEW_SLOT} in ")


def test_two_slots_that_were_never_filled_are_told_as_such(pair: Stores) -> None:
    pair.put(OLD_SLOT, "to-be-filled")
    pair.put(NEW_SLOT, "to-be-filled")

    assert told(look(pair)) == [f"nothing was ever put into {OLD_SLOT} and {NEW_SLOT}"]


def test_a_slot_that_cannot_be_decrypted_may_be_the_one_in_force(
    pair: Stores, tmp_path: Path
) -> None:
    known = fill(pair, SOON, FAR)
    before = pair.settings.read_text()
    told_before = yaml.safe_load(before)
    real = command.find("sops").path
    script = f'#!/bin/sh\ncase "$*" in *s_1*) exit 128;; esac\nexec "{real}" "$@"\n'
    told_before["sops"]["binary"] = str(infra.program(tmp_path / "sops", script))
    pair.settings.write_text(yaml.safe_dump(told_before))
    found = look(pair)
    pair.settings.write_text(before)

    assert found.seen is not None
    assert (found.seen.sha256, found.into) == (known[OLD_SLOT], "")
    assert told(found)[0].startswith("it may not be the one in force: ")


def test_two_certificates_of_ours_in_a_slot_leave_none_free(pair: Stores) -> None:
    known = fill(pair, SOON, FAR)
    over = certs.make(NOW - timedelta(days=40), certs.statements())
    pair.put(NEW_SLOT, f"{NEWER.private.decode()}{over.pem.decode()}{NEWER.pem.decode()}")
    found = look(pair)

    assert found.seen is not None
    assert (found.seen.sha256, found.into) == (known[OLD_SLOT], "")
    assert "holds 2 certificates of ours" in found.seen.doubt
    with pytest.raises(Refused, match="holds 2 certificates of ours"):
        slot_to_write(pair.platform, OLD_SLOT)


TEN_YEARS = NOW + timedelta(days=3650)


def test_a_placeholder_that_ends_last_hides_no_certificate_and_may_be_written_over(
    pair: Stores,
) -> None:
    known = fill(pair, SOON, FAR)
    made = certs.make(TEN_YEARS, organisation="")
    pair.put(NEW_SLOT, f"{made.private.decode()}{made.pem.decode()}")
    found = look(pair)

    assert found.seen is not None
    assert (found.seen.sha256, found.into, found.beside) == (known[OLD_SLOT], NEW_SLOT, None)
    assert told(found) == [f"{NEW_SLOT}, the slot beside it, holds a certificate that is no qwac"]
    assert slot_to_write(pair.platform, NEW_SLOT) == NEW_SLOT


def test_a_certificate_of_the_other_kind_hides_none_and_is_not_written_over(pair: Stores) -> None:
    known = fill(pair, SOON, FAR)
    made = certs.make(TEN_YEARS, certs.statements(certs.SEAL))
    pair.put(NEW_SLOT, f"{made.private.decode()}{made.pem.decode()}")
    found = look(pair)

    assert found.seen is not None
    assert (found.seen.sha256, found.into) == (known[OLD_SLOT], "")
    with pytest.raises(Refused, match="holds a certificate that is no qwac"):
        slot_to_write(pair.platform, NEW_SLOT)


def test_one_that_is_malformed_may_be_the_one_in_force(pair: Stores) -> None:
    fill(pair, SOON, FAR)
    made = certs.make(TEN_YEARS, b"0\x03")
    pair.put(NEW_SLOT, f"{made.private.decode()}{made.pem.decode()}")
    found = look(pair)

    assert found.seen is not None
    assert (found.seen.sha256, found.into) == (made.sha256, OLD_SLOT)
