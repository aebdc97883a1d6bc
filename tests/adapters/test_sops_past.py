"""A data key that a leaver had goes, whatever the file is called by now and whatever its form."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from adapters.sops.datakeys import data_key
from adapters.sops.document import parse
from engine.errors import Refused
from engine.step import Done
from tests.adapters import circle as made
from tests.adapters import infra as world
from tests.adapters.circle import BANK, PULSE, Circle

RENAMED = "infra/secrets/renamed.enc.yaml"
EVERYONE = ("engine", "operator", "leaver")
FORMS = [
    ("app.env", "TOKEN=env-value-1\n"),
    ("app.ini", "[app]\ntoken = ini-value-1\n"),
    ("app.txt", "text-value-1\n"),
    ("two.yaml", "token: yaml-value-1\n---\ntoken: yaml-value-2\n"),
]


def remove(circle: Circle) -> Any:
    step = circle.steps()["sops.remove_reader"]
    given = world.params(step, recipients=circle.recipient("leaver"))
    return step.run(given, world.call(secret="", about="nina")).outputs


def without_them(circle: Circle) -> bytes:
    return circle.rules().replace("          - *leaver  # since spring\n", "").encode()


@pytest.mark.parametrize("at_once", [True, False])
def test_a_file_that_was_rewrapped_and_renamed_gets_its_new_data_key(
    circle: Circle, at_once: bool
) -> None:
    kept = yaml.safe_load(circle.read(BANK))["sops"]["age"][-1:]
    rewrapped = circle.rewrapped(BANK)
    if not at_once:
        circle.commit({".sops.yaml": without_them(circle), BANK: rewrapped})
    circle.commit({".sops.yaml": without_them(circle), BANK: None, RENAMED: rewrapped})

    outputs = remove(circle)

    was, now = (parse(circle.read(RENAMED, name), RENAMED) for name in ("main^", "main"))
    assert RENAMED in outputs.files
    assert data_key(was, circle.keys["engine"]) != data_key(now, circle.keys["engine"])
    assert not circle.can_open("leaver", with_key(circle.read(RENAMED), kept), RENAMED)
    assert circle.values(file=RENAMED) == made.VALUES[BANK]


def with_key(raw: bytes, kept: list[Any]) -> bytes:
    """Return a file with a wrapped key that somebody kept."""
    document = yaml.safe_load(raw)
    document["sops"]["age"] += kept
    return yaml.safe_dump(document, sort_keys=False).encode()


def test_a_copy_under_a_key_that_its_file_had_earlier_gets_a_new_one(circle: Circle) -> None:
    """They read the file under two keys, one after the other, and the copy is under the first."""
    copy = circle.rewrapped(BANK)
    circle.commit({BANK: circle.lock(made.VALUES[BANK], BANK, EVERYONE)})
    circle.commit({RENAMED: copy})

    outputs = remove(circle)

    was, now = (parse(circle.read(RENAMED, name), RENAMED) for name in ("main^", "main"))
    assert RENAMED in outputs.files
    assert data_key(was, circle.keys["engine"]) != data_key(now, circle.keys["engine"])


def test_a_renamed_file_under_a_new_key_stays_as_it_is(circle: Circle) -> None:
    rotated = circle.rewrapped(BANK, rotates=True)
    circle.commit({".sops.yaml": without_them(circle), BANK: None, RENAMED: rotated})

    outputs = remove(circle)

    assert RENAMED not in outputs.files
    assert circle.read(RENAMED) == rotated


def test_a_key_that_the_engine_cannot_unwrap_is_known_by_its_ciphertexts(circle: Circle) -> None:
    theirs = circle.lock(made.VALUES[BANK], BANK, ("operator", "leaver"))
    circle.commit({BANK: theirs})
    document = yaml.safe_load(theirs)
    document["sops"]["age"].pop()
    only_rewrapped = yaml.safe_dump(document, sort_keys=False).encode()
    circle.commit({BANK: None, RENAMED: only_rewrapped})

    with pytest.raises(Refused, match=r"no age identity of the engine can open renamed\.enc\.yaml"):
        remove(circle)


@pytest.mark.parametrize(("file", "clear"), FORMS)
def test_a_file_in_another_form_stops_it_until_it_is_rotated_by_hand(
    circle: Circle, file: str, clear: str
) -> None:
    circle.commit({file: circle.lock(clear, file, EVERYONE)})
    with pytest.raises(Refused, match="is encrypted in a form that is not handled here"):
        remove(circle)
    only_rewrapped = circle.rewrapped(file)
    circle.commit({file: only_rewrapped})
    with pytest.raises(Refused, match="is under a data key that the one who leaves had"):
        remove(circle)
    rotated = circle.rewrapped(file, rotates=True)
    circle.commit({file: rotated})

    outputs = remove(circle)

    assert PULSE in outputs.files
    assert circle.read(file) == rotated
    step = circle.steps()["sops.check_reader"]
    given = world.params(step, recipients=circle.recipient("leaver"), expect="absent")
    assert isinstance(world.probe(step, given, world.call()), Done)


def test_taken_back_beside_a_file_in_another_form_they_can_read_what_they_could(
    circle: Circle,
) -> None:
    circle.commit({"app.env": circle.lock("TOKEN=t-1\n", "app.env", ("engine", "operator"))})
    outputs = remove(circle)
    step = circle.steps()["sops.remove_reader"]
    given = world.params(step, recipients=circle.recipient("leaver"))

    world.undo(step, given, outputs, world.call(key="run-1/out-back", secret="", about="nina"))

    assert circle.can_open("leaver", circle.read(PULSE))
