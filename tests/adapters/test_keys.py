"""What holds for the keys of every provider: one is minted, orphans go, the last one stays."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from adapters.shared.keys.minting import MintedKey
from engine.errors import OutcomeUnknown, Refused, Transient
from engine.step import Done, NotYet
from sandbox.faults import Kind
from tests.adapters import house, sky
from tests.adapters.house import OTHER_RUN, PREFIX, House, at


@pytest.fixture
def openrouter_house(tmp_path: Path) -> Iterator[House]:
    with house.open_openrouter(tmp_path) as made:
        yield made


@pytest.fixture
def forgejo_house(tmp_path: Path) -> Iterator[House]:
    with house.open_forgejo(tmp_path) as made:
        yield made


@pytest.fixture
def stripe_house(tmp_path: Path) -> Iterator[House]:
    with house.open_stripe(tmp_path) as made:
        yield made


@pytest.fixture
def exoscale_house(tmp_path: Path) -> Iterator[House]:
    with house.open_exoscale(tmp_path) as made:
        yield made


SHOWING = ["openrouter_house", "forgejo_house"]
"""Providers that show a hint of a key and answer to its value themselves."""
HOUSES = [*SHOWING, "stripe_house", "exoscale_house"]


@pytest.fixture(params=HOUSES)
def kept(request: pytest.FixtureRequest) -> House:
    """Each provider that mints, in turn."""
    found: House = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=SHOWING)
def showing(request: pytest.FixtureRequest) -> House:
    """Each provider that shows a hint, in turn."""
    found: House = request.getfixturevalue(request.param)
    return found


def test_a_key_is_minted_with_a_name_that_says_whose_it_is(kept: House) -> None:
    done = kept.run("mint_key", at(3), like=kept.old, name=PREFIX)

    made = kept.book.find(done.outputs.key_id)
    assert made.name == done.outputs.key_name == f"{PREFIX}.{house.RUN}.3"
    assert kept.book.accepts(done.outputs.value.get_secret_value())
    assert made.secret not in done.evidence
    assert done.outputs.fingerprint in done.evidence


def test_a_new_key_may_do_what_the_old_one_may(kept: House) -> None:
    made = kept.book.find(kept.mint().key_id)

    told = {name: value for name, value in made.more.items() if name != "metadata"}
    was = kept.book.find(kept.old).more
    assert told == {name: value for name, value in was.items() if name != "metadata"}


@pytest.mark.parametrize("kind", ["lost_reply", "half_body"])
def test_a_key_whose_value_got_lost_is_deleted_before_the_next_is_made(
    kept: House, kind: Kind
) -> None:
    kept.fail(kind, method="POST")
    sky.refusal(OutcomeUnknown, kept.mint)
    assert len(kept.names()) == 1

    made = kept.mint()

    assert [key.key_id for key in kept.book.listing() if key.name in kept.names()] == [made.key_id]
    assert (kept.book.created, kept.book.deleted) == (2, 1)


def test_the_key_of_an_earlier_pick_up_that_died_is_an_orphan(kept: House) -> None:
    kept.mint(at(1))

    kept.mint(at(2))

    assert kept.names() == [f"{PREFIX}.{house.RUN}.2"]


def test_one_that_slept_does_not_take_the_key_of_a_later_pick_up_for_an_orphan(kept: House) -> None:
    in_force = kept.mint(at(2))

    late = kept.mint(at(1))

    assert kept.book.accepts(in_force.value.get_secret_value())
    given = {"key_id": kept.old, "keep": in_force.key_id, "name": PREFIX}
    if "disable_key" in kept.steps:
        kept.run("disable_key", at(2), key_id=kept.old, keep=in_force.key_id)
    done = kept.run("delete_key", at(2), **given)
    assert done.outputs.orphans == 1
    assert not kept.book.accepts(late.value.get_secret_value())
    assert kept.book.accepts(in_force.value.get_secret_value())


def test_keys_of_other_runs_are_left_alone(kept: House) -> None:
    kept.mint(at(1, OTHER_RUN))

    kept.mint(at(5))

    assert kept.names() == [f"{PREFIX}.{OTHER_RUN}.1", f"{PREFIX}.{house.RUN}.5"]


def test_taking_back_ends_the_new_key_and_every_orphan_and_may_be_repeated(kept: House) -> None:
    made = kept.mint(at(1))
    kept.mint(at(1, OTHER_RUN))
    for _ in range(2):
        kept.undo("mint_key", made, at(2), like=kept.old, name=PREFIX)

    assert kept.names() == [f"{PREFIX}.{OTHER_RUN}.1"]
    assert kept.book.accepts(sky.MARKER)


def test_taking_back_a_mint_that_never_ended_leaves_nothing(kept: House) -> None:
    kept.fail("lost_reply", method="POST")
    sky.refusal(OutcomeUnknown, kept.mint)

    kept.undo("mint_key", MintedKey(), like=kept.old, name=PREFIX)

    assert kept.names() == []


def test_the_key_of_a_value_is_found(showing: House) -> None:
    done = showing.run("find_key", value=sky.MARKER)

    assert done.outputs.key_id == showing.old
    assert sky.MARKER not in done.evidence


def test_a_value_of_no_key_is_refused(showing: House) -> None:
    wrong = "x" * 40

    assert (
        "no active key fits"
        in sky.refusal(Refused, lambda: showing.run("find_key", value=wrong)).message
    )


def test_a_key_that_is_disabled_already_is_told_and_taken_where_that_will_do(
    openrouter_house: House,
) -> None:
    kept, find = openrouter_house, partial(openrouter_house.run, "find_key", value=sky.MARKER)
    kept.book.change(kept.old, status="disabled")
    refused = sky.refusal(Refused, find)

    assert f"that fits the value is disabled already: {kept.old} (" in refused.message
    assert "may_be_disabled: true" in refused.hint
    done = find(may_be_disabled=True)
    assert (done.outputs.key_id, done.outputs.status) == (kept.old, "disabled")
    assert "is disabled already" in done.evidence
    assert sky.MARKER not in done.evidence
    made = kept.mint()
    assert kept.book.find(made.key_id).status == "active"


def test_an_active_key_comes_before_a_disabled_one_and_two_disabled_ones_are_too_many(
    openrouter_house: House,
) -> None:
    kept = openrouter_house
    find = partial(kept.run, "find_key", value=sky.MARKER, may_be_disabled=True)
    old = kept.book.find(kept.old)
    twin = kept.book.create("twin", sky.MARKER, old.more)
    kept.book.change(twin.key_id, status="disabled")
    assert find().outputs.key_id == old.key_id

    kept.book.change(old.key_id, status="disabled")
    refused = sky.refusal(Refused, find)
    assert "no active key fits the value, and 2 do that are disabled already" in refused.message
    assert old.key_id in refused.message


def test_where_a_key_that_was_ended_is_gone_it_is_said_what_to_do(forgejo_house: House) -> None:
    forgejo_house.book.remove(forgejo_house.old)
    given = {"value": sky.MARKER, "may_be_disabled": True}

    refused = sky.refusal(Refused, lambda: forgejo_house.run("find_key", **given))
    assert "If the key was deleted there, make a new one in" in refused.hint


@pytest.mark.parametrize(("value", "verdict"), [(sky.MARKER, "accepted"), ("gone", "refused")])
def test_the_provider_is_asked_what_it_says_to_a_value(
    showing: House, value: str, verdict: str
) -> None:
    done = showing.run("probe_key", value=value, expect=verdict, timeout=1)

    assert done.outputs.verdict == verdict


def test_the_key_to_keep_must_be_there_and_active(kept: House) -> None:
    given = {"key_id": kept.old, "name": PREFIX}

    for keep in (kept.old, "4711"):
        sky.refusal(Refused, partial(kept.run, "delete_key", keep=keep, **given))
    assert kept.book.accepts(sky.MARKER)


def test_a_deletion_is_found_done_and_its_lost_answer_is_asked_again(kept: House) -> None:
    keep = kept.mint().key_id
    given = {"key_id": kept.old, "keep": keep, "name": PREFIX}
    if "disable_key" in kept.steps:
        kept.run("disable_key", key_id=kept.old, keep=keep)
    assert isinstance(kept.probe("delete_key", **given), NotYet)

    kept.fail("lost_reply", method="DELETE")
    sky.refusal(Transient, lambda: kept.run("delete_key", **given))

    assert isinstance(kept.probe("delete_key", **given), Done)
    assert kept.run("delete_key", **given).outputs.orphans == 0


def test_a_key_is_disabled_before_it_is_deleted(openrouter_house: House) -> None:
    kept = openrouter_house
    keep = kept.mint().key_id
    act = partial(kept.run, "delete_key", key_id=kept.old, keep=keep, name=PREFIX)

    assert "is disabled before it is deleted" in sky.refusal(Refused, act).message
    kept.run("disable_key", key_id=kept.old, keep=keep)
    act()

    assert kept.book.key_of(sky.MARKER) is None


def test_disabling_can_be_taken_back(openrouter_house: House) -> None:
    kept = openrouter_house
    keep = kept.mint().key_id
    given = {"key_id": kept.old, "keep": keep}
    assert isinstance(kept.probe("disable_key", **given), NotYet)

    outputs = kept.run("disable_key", **given).outputs
    assert not kept.book.accepts(sky.MARKER)
    assert isinstance(kept.probe("disable_key", **given), Done)
    for _ in range(2):
        kept.undo("disable_key", outputs, **given)

    assert kept.book.accepts(sky.MARKER)


def test_what_was_found_disabled_is_not_enabled_by_taking_back(openrouter_house: House) -> None:
    kept = openrouter_house
    given = {"key_id": kept.old, "keep": kept.mint().key_id}
    kept.book.change(kept.old, status="disabled")
    found = kept.probe("disable_key", **given)
    assert isinstance(found, Done)

    sky.refusal(Refused, lambda: kept.undo("disable_key", found.outputs, **given))

    assert not kept.book.accepts(sky.MARKER)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_says_what_to_do_and_nothing_changes(kept: House, status: int) -> None:
    kept.fail("status", status=status, times=None)

    told = sky.refusal(Refused, kept.mint)

    assert str(status) in told.message
    assert told.hint
    assert kept.book.created == 0
