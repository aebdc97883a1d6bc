"""`sops.set` and `sops.read` against real sops, git and age."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from engine.errors import Refused
from tests.adapters import infra as world
from tests.adapters.infra import AT, FILE, MANIFEST, NEW, OLD, Infra


@pytest.fixture
def infra(tmp_path: Path) -> Infra:
    return world.build(tmp_path)


def test_the_new_value_is_on_the_pending_branch_and_main_stays(infra: Infra) -> None:
    before = infra.head()

    outputs = world.store(infra)

    assert outputs.branch == "rotate/run-1"
    assert infra.head("rotate/run-1") == outputs.commit
    assert infra.head() == before
    assert infra.values("rotate/run-1")["ai_agents"]["anthropic_api_key"] == NEW
    assert infra.values()["ai_agents"]["anthropic_api_key"] == OLD


def test_only_the_wanted_line_the_mac_and_the_date_change(infra: Infra) -> None:
    world.store(infra)

    before = infra.read().decode().splitlines()
    after = infra.read(revision="rotate/run-1").decode().splitlines()
    changed = {new.split(":")[0].strip() for new in after if new not in before}
    assert len(before) == len(after)
    assert changed - {"lastmodified"} == {"anthropic_api_key", "mac"}


def test_the_layout_the_repository_asks_for_is_kept(infra: Infra) -> None:
    world.store(infra)

    assert b"\n  anthropic_api_key: ENC[" in infra.read(revision="rotate/run-1")


def test_probe_finds_the_effect_and_not_before(infra: Infra) -> None:
    step = infra.steps()["sops.set"]
    given = world.params(step, value=NEW, at=AT)

    assert not world.is_done(world.probe(step, given, world.call()))
    made = step.run(given, world.call())
    found = world.probe(step, given, world.call())
    assert found == made


def test_probe_finds_a_value_that_main_already_holds(infra: Infra) -> None:
    step = infra.steps()["sops.set"]
    given = world.params(step, value=OLD, at=AT)

    found = world.probe(step, given, world.call())
    again = step.run(given, world.call())

    assert found == again
    assert again.outputs.branch == "main"
    assert infra.branches() == {"main"}


def test_probe_of_another_pending_value_says_not_yet(infra: Infra) -> None:
    world.store(infra, value="another-value-entirely")
    step = infra.steps()["sops.set"]
    given = world.params(step, value=NEW, at=AT)

    assert not world.is_done(world.probe(step, given, world.call()))
    step.run(given, world.call())
    assert world.is_done(world.probe(step, given, world.call()))


def test_running_twice_leaves_one_commit(infra: Infra) -> None:
    first = world.store(infra)

    assert world.store(infra) == first


def test_two_values_of_one_run_stand_on_one_branch(infra: Infra) -> None:
    world.store(infra)
    world.store(infra, value="redis-new", at={"file": FILE, "path": ["redis", "password"]})

    values = infra.values("rotate/run-1")
    assert (values["ai_agents"]["anthropic_api_key"], values["redis"]["password"]) == (
        NEW,
        "redis-new",
    )


@pytest.mark.parametrize(
    "value",
    ["line one\nline two\n", "q\"uo'te\\", "ünï €", " padded ", "123", "null", "{a: b}", "\t"],
)
def test_any_text_comes_back_as_it_was(infra: Infra, value: str) -> None:
    world.store(infra, value=value)

    step = infra.steps()["sops.set"]
    assert infra.values("rotate/run-1")["ai_agents"]["anthropic_api_key"] == value
    assert world.is_done(world.probe(step, world.params(step, value=value, at=AT), world.call()))


def test_undo_deletes_the_pending_branch(infra: Infra) -> None:
    outputs = world.store(infra)
    step = infra.steps()["sops.set"]
    given = world.params(step, value=NEW, at=AT)

    for _ in range(2):
        after = world.undo(step, given, outputs, world.call(key="back"))
        assert infra.branches() == {"main"}
        assert (after.branch, after.commit) == ("main", infra.head())


def test_undo_refuses_while_main_holds_the_value(infra: Infra) -> None:
    outputs = world.store(infra)
    world.publish(infra)
    step = infra.steps()["sops.set"]

    with pytest.raises(Refused, match="main holds the new value"):
        world.undo(step, world.params(step, value=NEW, at=AT), outputs, world.call())


def test_read_gives_the_value_of_main(infra: Infra) -> None:
    world.store(infra)
    step = infra.steps()["sops.read"]

    done = step.run(world.params(step, at=AT), world.call())

    assert done.outputs.value.get_secret_value() == OLD
    assert OLD not in done.evidence + repr(done)


def test_a_number_is_read_without_the_line_end_sops_adds(infra: Infra) -> None:
    step = infra.steps()["sops.read"]
    given = world.params(step, at={"file": FILE, "path": "redis.port"})

    assert step.run(given, world.call()).outputs.value.get_secret_value() == "6379"


@pytest.mark.parametrize(("field", "is_coded"), [("data.token", True), ("stringData.plain", False)])
def test_data_of_a_kubernetes_secret_is_base64_and_string_data_is_not(
    infra: Infra, field: str, *, is_coded: bool
) -> None:
    at = {"file": MANIFEST, "path": field}
    world.store(infra, at=at)

    section, key = field.split(".")
    held = infra.values("rotate/run-1", MANIFEST)[section][key]
    step = infra.steps()["sops.set"]
    assert held == (base64.b64encode(NEW.encode()).decode() if is_coded else NEW)
    assert world.is_done(world.probe(step, world.params(step, value=NEW, at=at), world.call()))


def test_data_of_a_secret_is_read_decoded(infra: Infra) -> None:
    step = infra.steps()["sops.read"]
    given = world.params(step, at={"file": MANIFEST, "path": "data.token"})

    assert step.run(given, world.call()).outputs.value.get_secret_value() == "old"


def test_equal_values_in_a_list_may_swap_their_ciphertexts(infra: Infra) -> None:
    world.store(infra, at={"file": FILE, "path": "pool.2"})

    assert infra.values("rotate/run-1")["pool"] == ["same", "same", NEW]


def test_an_empty_placeholder_can_be_filled(infra: Infra) -> None:
    world.store(infra, at={"file": FILE, "path": "ai_agents.spare"})

    assert infra.values("rotate/run-1")["ai_agents"]["spare"] == NEW


def test_a_new_key_needs_create(infra: Infra) -> None:
    step = infra.steps()["sops.set"]
    at = {"file": FILE, "path": "ai_agents.brand_new"}

    with pytest.raises(Refused, match="nothing at"):
        step.run(world.params(step, value=NEW, at=at), world.call())
    step.run(world.params(step, value=NEW, at=at, create=True), world.call())
    assert infra.values("rotate/run-1")["ai_agents"]["brand_new"] == NEW
