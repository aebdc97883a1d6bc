"""`new: true`: a secret is put where nothing is, and never over what somebody else has there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.vaultwarden.checks import preflight_set
from adapters.vaultwarden.models import Place
from engine.errors import Refused
from engine.step import Done, NotYet, Unclear
from tests.adapters import infra as world
from tests.adapters.infra import AT, FILE, NEW, Infra
from tests.adapters.vault import ITEM, Hand, VaultWorld, settings

BRAND_NEW = {"file": FILE, "path": "ai_agents.brand_new"}


@pytest.fixture
def infra(tmp_path: Path) -> Infra:
    return world.build(tmp_path)


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[VaultWorld]:
    with VaultWorld(tmp_path) as made:
        yield made


def test_a_value_comes_where_nothing_was_and_is_found_there(infra: Infra) -> None:
    step = infra.steps()["sops.set"]
    given = world.params(step, value=NEW, at=BRAND_NEW, new=True)

    assert "can be set" in world.look(step, at=BRAND_NEW, new=True)
    assert isinstance(world.probe(step, given, world.call()), NotYet)
    step.run(given, world.call())
    step.run(given, world.call())

    assert isinstance(world.probe(step, given, world.call()), Done)
    assert infra.values("rotate/run-1")["ai_agents"]["brand_new"] == NEW


def test_a_category_may_be_new_with_its_first_value_and_goes_with_it(infra: Infra) -> None:
    step, at = infra.steps()["sops.set"], {"file": FILE, "path": "pulse_calendar.webhook_secret"}
    given = world.params(step, value=NEW, at=at, new=True)

    assert "can be set" in world.look(step, at=at, new=True)
    found = world.probe(step, given, world.call())
    assert isinstance(found, NotYet)
    assert "pulse_calendar would be a new category, beside ai_agents, redis" in found.finding
    step.run(given, world.call())
    published = world.publish(infra)
    assert infra.values()["pulse_calendar"] == {"webhook_secret": NEW}

    world.rollback(infra, published)

    assert infra.values() == world.VALUES


def test_a_category_that_is_almost_another_is_a_slip(infra: Infra) -> None:
    step = infra.steps()["sops.set"]

    with pytest.raises(Refused, match=r"no category ai_agent in .*, and there is ai_agents"):
        world.look(step, at={"file": FILE, "path": "ai_agent.brand_new"}, new=True)


def test_what_would_lie_deeper_than_anything_else_is_refused(infra: Infra) -> None:
    step = infra.steps()["sops.set"]

    with pytest.raises(Refused, match="would lie 3 keys deep"):
        world.look(step, at={"file": FILE, "path": "redis.cache.password"}, new=True)


def test_what_is_in_the_file_already_is_never_written_over(infra: Infra) -> None:
    step = infra.steps()["sops.set"]
    given = world.params(step, value=NEW, at=AT, new=True)

    with pytest.raises(Refused, match="holds a value already, and has to be new"):
        world.look(step, at=AT, new=True)
    found = world.probe(step, given, world.call())
    assert isinstance(found, Unclear)
    with pytest.raises(Refused, match=r"holds fp:[0-9a-f]+ already"):
        step.run(given, world.call())
    assert infra.branches() == {"main"}


def test_a_value_that_an_earlier_step_brings_may_be_missing_before(infra: Infra) -> None:
    step = infra.steps()["sops.read"]

    assert "can read" in world.look(step, at=BRAND_NEW, later=True)
    with pytest.raises(Refused, match="nothing at"):
        world.look(step, at=BRAND_NEW)


def test_an_item_is_made_once_and_is_this_runs_own(vault: VaultWorld) -> None:
    hand = Hand(vault)
    given = hand.params(at={"item": "Brand new"}, new=True)

    assert isinstance(hand.probe(given), NotYet)
    hand.run(given)
    hand.run(given)

    assert isinstance(hand.probe(given), Done)
    assert vault.vaultwarden.writes == 1


def test_an_item_that_is_there_already_is_never_written_over(vault: VaultWorld) -> None:
    hand, before = Hand(vault), vault.vaultwarden.value(ITEM)
    given = hand.params(new=True)

    with pytest.raises(Refused, match="already, and has to be new"):
        preflight_set(settings(vault), Place(at=given.at, new=True))
    assert isinstance(hand.probe(given), Unclear)
    with pytest.raises(Refused, match="is not of this run"):
        hand.run(given)

    assert (vault.vaultwarden.value(ITEM), vault.vaultwarden.writes) == (before, 0)
    assert SecretStr(before) != given.value
