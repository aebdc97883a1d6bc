"""A key and its secret through the whole platform: watched, held, listed and rotated as one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr, ValidationError

from adapters.drift import compare_stores, read_ages
from adapters.platform import open_platform
from adapters.standing import rotations_of, standings
from adapters.standing.looking import fingerprint_in
from engine.drift import State
from engine.exposure import Exposed
from engine.journal import resources_of
from engine.ledger import Draft, Event
from engine.recovery import conclude
from engine.standing import Place
from engine.state import Outcome, Status
from sandbox.naming import KEY_PATH, SECRET_PATH
from tests.adapters import infra
from tests.adapters.rotation import Rotation
from tests.ground import RUN, Ground, ground

KEY, SECRET = "exoscale-dns-key", "exoscale-dns-secret"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Ground]:
    with ground(tmp_path, SECRET) as found:
        yield found


@pytest.fixture
def rotation(place: Ground) -> Rotation:
    """The shipped rotation, begun; its run holds both halves."""
    made = Rotation.on(place, "rotate-exoscale-key")
    held = resources_of(made.plan.secret, identifier=made.plan.identifier)
    note = Draft(made.run, Event.RUN_RESUMED, attempt=2)
    made.desk.journal.append(note, hold=held)
    return made


def states(place: Ground) -> dict[str, State]:
    return {
        row.secret: row.state
        for row in compare_stores(place.platform)
        if row.secret in (KEY, SECRET)
    }


def test_main_gets_both_halves_in_one_commit_and_only_the_key_is_shown(
    place: Ground, rotation: Rotation
) -> None:
    world = place.world
    before = len(world.remote.log())
    rotation.sail_to("publish")
    assert (world.sops_value(KEY_PATH), world.sops_value(SECRET_PATH)) == (
        world.values[KEY_PATH],
        world.values[SECRET_PATH],
    )

    rotation.sail_to()

    assert rotation.outcome is Outcome.COMPLETED
    assert len(world.remote.log()) == before + 1
    pair = world.sops_value(KEY_PATH), world.sops_value(SECRET_PATH)
    assert world.exoscale.accepts_pair(*pair)
    told = "".join([*rotation.told, str(rotation.entries)])
    assert {pair[0], world.values[KEY_PATH]} <= {*_shown(told)}
    assert (
        world.values[KEY_PATH] in rotation.state.step("delete").evidence
    )  # though it is sealed as well
    assert pair[1] not in told
    assert place.old not in told


def _shown(text: str) -> list[str]:
    return re.findall(r"EXO[0-9a-f]{24}", text)


def test_while_a_run_is_between_the_stores_both_halves_are_explained_by_it(
    place: Ground, rotation: Rotation
) -> None:
    assert states(place) == {KEY: State.EQUAL, SECRET: State.EQUAL}
    rotation.sail_to("publish")

    assert states(place) == {KEY: State.IN_PROGRESS, SECRET: State.IN_PROGRESS}


@pytest.mark.parametrize("half", [KEY, SECRET])
def test_each_half_that_was_changed_alone_is_seen(place: Ground, half: str) -> None:
    place.world.clock.advance(60)
    item = place.platform.catalogue.secrets[half].vaultwarden.item
    place.world.vaultwarden.edit_as_human(item, "changed-by-somebody")

    other = SECRET if half == KEY else KEY
    assert states(place) == {half: State.VAULTWARDEN_NEWER, other: State.EQUAL}


def test_both_halves_are_due_and_by_the_same_runbook(place: Ground) -> None:
    ages = {each.secret: each for each in read_ages(place.platform)}

    assert ages[KEY].max_age == ages[SECRET].max_age is not None
    for half in (KEY, SECRET):
        assert [each.runbook for each in rotations_of(place.platform, half)] == [
            "rotate-exoscale-key"
        ]


def test_a_leaver_who_could_read_both_has_them_replaced_by_one_run(place: Ground) -> None:
    step = place.platform.registry["exposure.open_rotations"]
    items = [
        Exposed(place=f'f#["{name}"]', secret=name, runbook="rotate-exoscale-key", mark="fp:1")
        for name in (KEY, SECRET)
    ]
    asked: list[str] = []

    def start(runbook: str, _inputs: Mapping[str, Any], _key: str) -> str:
        asked.append(runbook)
        return "a-run"

    done = step.run(infra.params(step, items=items), infra.call(RUN, open_run=start))

    assert asked == ["rotate-exoscale-key"]
    assert done.outputs.runs == {SECRET: "a-run"}


def test_the_provider_is_looked_at_by_the_key_and_the_old_one_is_the_move(
    place: Ground, rotation: Rotation
) -> None:
    rotation.sail_to("delete")
    seen = standings(place.platform, KEY)
    keys = [each for each in seen if each.place is Place.PROVIDER]

    assert len(keys) == 3
    assert conclude(seen).revoke == place.world.values[KEY_PATH]
    assert Place.PROVIDER not in {each.place for each in standings(place.platform, SECRET)}
    assert place.leaks(repr(seen)) == []


def test_a_catalogue_that_exchanged_the_halves_shows_nothing(place: Ground, tmp_path: Path) -> None:
    told = yaml.safe_load(place.platform.settings.catalogue.read_text())
    entries = told["secrets"]
    entries[KEY]["sops"], entries[SECRET]["sops"] = entries[SECRET]["sops"], entries[KEY]["sops"]
    changed = tmp_path / "secrets.yaml"
    changed.write_text(yaml.safe_dump(told))
    settings = yaml.safe_load(place.settings.read_text())
    place.settings.write_text(yaml.safe_dump({**settings, "catalogue": str(changed)}))
    place.platform = open_platform(place.settings)
    rotation = Rotation.on(place, "rotate-exoscale-key")

    rotation.sail_to()

    assert rotation.state.step("current-key").status is Status.FAILED
    assert place.leaks(*rotation.told, str(rotation.entries)) == []
    assert place.world.values[SECRET_PATH] not in "".join([*rotation.told, str(rotation.entries)])


def test_halves_have_one_scope_of_fingerprints(place: Ground) -> None:
    one, other = (fingerprint_in(place.platform, each) for each in (KEY, SECRET))

    assert one(SecretStr("x")) == other(SecretStr("x"))
    assert one(SecretStr("x")) != fingerprint_in(place.platform, "redis-password")(SecretStr("x"))


def test_a_shape_that_is_no_expression_is_refused(place: Ground) -> None:
    step = place.platform.registry["sops.read_identifier"]
    at = place.platform.catalogue.secrets[KEY].sops.model_dump()

    with pytest.raises(ValidationError, match="no regular expression"):
        step.params.model_validate({"at": at, "shape": "EXO[0-9"})
