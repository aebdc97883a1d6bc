"""Finding and proving the provider's keys, against the double of the Admin API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from adapters import anthropic
from adapters.anthropic import AnthropicSettings
from adapters.anthropic.admin import open_admin
from adapters.shared.keys.key import fits
from engine.errors import NotConverged, Refused, Transient
from engine.step import Done, Effect
from sandbox.world import World
from tests.adapters import infra, sky
from tests.adapters.console import (
    deactivate,
    find,
    old_key,
    prove,
    settings,
    step,
)


@pytest.mark.parametrize(
    ("hint", "is_of_it"),
    [
        ("sk-ant-api03-R2D...igAA", True),
        ("sk-ant-api03-R2D…igAA", True),
        ("sk-ant-....AA", True),
        ("sk-ant-api03-R2D...xxAA", False),
        ("sk-ant-api03-XXX...igAA", False),
        ("sk-ant-api03-R2D2-long-igAA...igAA", False),
        ("", False),
        ("sk-ant-api03-R2D2-long-igAA", False),
        ("...igAA", False),
    ],
)
def test_a_hint_fits_by_its_beginning_and_its_end(hint: str, *, is_of_it: bool) -> None:
    assert fits(hint, sky.secret("sk-ant-api03-R2D2-long-igAA")) is is_of_it


def test_the_key_of_a_value_is_found(world: World) -> None:
    done = find(world)

    assert done.outputs.key_id == old_key(world)
    assert done.outputs.key_name == "plana-ai-agents"
    assert done.outputs.status == "active"
    assert sky.MARKER not in done.evidence


def test_keys_beyond_the_first_page_are_seen(world: World) -> None:
    for number in range(120):
        world.anthropic.create(f"filler-{number}")

    assert find(world).outputs.key_id == old_key(world)
    with open_admin(settings(world)) as admin:
        assert len(admin.keys()) == 125


def test_a_value_of_no_active_key_is_refused_with_those_there_are(world: World) -> None:
    error = sky.refusal(Refused, lambda: find(world, "sk-ant-api03-of-nobody"))
    assert old_key(world) in error.message

    world.anthropic.update(old_key(world), status="inactive")
    sky.refusal(Refused, lambda: find(world))


def test_two_keys_with_the_same_hint_are_refused_unless_the_name_tells(world: World) -> None:
    twin = world.anthropic.create("twin")
    start, end = twin.secret[:16], twin.secret[-4:]
    lookalike = world.anthropic._add(  # no door leads to such a coincidence
        "lookalike", "active", twin.created_at, f"{start}{'x' * 30}{end}", None
    )

    error = sky.refusal(Refused, lambda: find(world, twin.secret))
    assert twin.key_id in error.message
    assert lookalike.key_id in error.message
    assert twin.secret not in str(error)
    assert find(world, twin.secret, name="twin").outputs.key_id == twin.key_id
    sky.refusal(Refused, lambda: find(world, twin.secret, name="plana-ai-agents"))


def test_an_accepted_key_is_proven_and_a_refused_one_too(world: World) -> None:
    assert prove(world, "accepted").outputs.verdict == "accepted"

    world.anthropic.update(old_key(world), status="inactive")
    done = prove(world, "refused")

    assert done.outputs.verdict == "refused"
    assert done.outputs.fingerprint == infra.call().fingerprint(sky.secret())


def test_the_wrong_answer_never_converges(world: World) -> None:
    assert "is accepted" in sky.refusal(NotConverged, lambda: prove(world, "refused")).message
    dead = "sk-ant-api03-never-was-one"
    assert "is refused" in sky.refusal(NotConverged, lambda: prove(world, "accepted", dead)).message


@pytest.mark.parametrize("expect", ["accepted", "refused"])
@pytest.mark.parametrize("number", [403, 429, 500, 503, 529])
def test_other_statuses_prove_nothing_either_way(world: World, expect: str, number: int) -> None:
    world.faults.add("anthropic", "status", status=number, times=None)

    assert str(number) in sky.refusal(NotConverged, lambda: prove(world, expect)).message


@pytest.mark.parametrize("expect", ["accepted", "refused"])
def test_a_cut_connection_proves_nothing_either_way(world: World, expect: str) -> None:
    world.faults.add("anthropic", "drop", times=None)

    sky.refusal(NotConverged, lambda: prove(world, expect))


def test_a_short_outage_does_not_end_the_proof(world: World) -> None:
    world.faults.add("anthropic", "status", status=503, times=2)

    assert isinstance(prove(world, "accepted", timeout=20), Done)


@pytest.mark.parametrize("bad", ["sk\nant", "sk-änt", "sk ant"])
def test_a_value_that_cannot_stand_in_a_header_is_refused_unlogged(
    world: World, bad: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        error = sky.refusal(Refused, lambda: prove(world, "accepted", bad + sky.MARKER))

    assert "cannot stand in a header" in error.message
    assert sky.MARKER not in caplog.text


@pytest.mark.parametrize("name", ["find_key", "deactivate_key"])
def test_preflight_says_that_the_admin_key_works(world: World, name: str) -> None:
    assert "lists at least 5 keys" in infra.look(step(world, name))


@pytest.mark.parametrize(
    ("number", "kind", "word"),
    [
        (401, Refused, "does not accept the Admin API key"),
        (403, Refused, "may not do this"),
        (400, Refused, "rejects"),
        (429, Transient, "patience"),
        (500, Transient, "500"),
    ],
)
def test_each_status_of_the_admin_api_has_its_error(
    world: World, number: int, kind: Any, word: str
) -> None:
    world.faults.add("anthropic", "status", status=number, times=None)

    assert word in sky.refusal(kind, lambda: anthropic.check(settings(world))).message
    sky.refusal(kind, lambda: find(world))
    sky.refusal(kind, lambda: sky.probe(step(world, "deactivate_key"), key_id=old_key(world)))


@pytest.mark.parametrize("kind", ["drop", "half_body"])
def test_a_cut_connection_to_the_admin_api_is_transient(world: World, kind: Any) -> None:
    world.faults.add("anthropic", kind, times=None)

    sky.refusal(Transient, lambda: find(world))


def test_an_ordinary_key_is_no_admin_key(world: World, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(sky.MARKER)
    wrong = settings(world).model_copy(update={"admin_key_file": file})

    assert "401" in sky.refusal(Refused, lambda: anthropic.check(wrong)).message


def test_missing_setting_is_named() -> None:
    error = sky.refusal(Refused, lambda: anthropic.check(AnthropicSettings()))

    assert "anthropic.admin_key_file" in error.hint


def test_only_the_end_of_a_key_is_a_revocation(world: World) -> None:
    effects = {each.name: each.effect for each in anthropic.steps(settings(world))}

    assert effects == {
        "anthropic.find_key": Effect.OBSERVE,
        "anthropic.adopt_key": Effect.ADOPT,
        "anthropic.probe_key": Effect.VERIFY,
        "anthropic.deactivate_key": Effect.REVOKE,
    }


@pytest.mark.parametrize("key_id", ["", "../models", "a/b", "a?b", "a b"])
def test_a_key_id_must_be_one(world: World, key_id: str) -> None:
    with pytest.raises(ValidationError):
        infra.params(step(world, "deactivate_key"), key_id=key_id)


def test_no_log_line_holds_a_value(world: World, caplog: pytest.LogCaptureFixture) -> None:
    admin_key = world.credentials.anthropic_admin_key
    with sky.all_logs(caplog):
        find(world)
        prove(world, "accepted")
        sky.refusal(NotConverged, lambda: prove(world, "refused"))
        deactivate(world, old_key(world))
    assert admin_key not in caplog.text
