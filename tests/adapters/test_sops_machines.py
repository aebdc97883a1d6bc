"""Somebody with an age key on each of two machines leaves, and somebody who never had one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from adapters.sops.configuration import named
from adapters.sops.leaving import Readers
from engine.errors import Refused
from engine.step import Done, NotYet
from tests.adapters import circle as made
from tests.adapters import infra as world
from tests.adapters.circle import BANK, OPERATOR_ONLY, PULSE, Circle

MACHINES = ("leaver", "newcomer")
FILE = ".sops.yaml"


@pytest.fixture
def circle(tmp_path: Path) -> Circle:
    """A circle in which the leaver was let in once more, with the key of a second machine."""
    circle = made.build(tmp_path)
    step = circle.steps()["sops.add_reader"]
    given = world.params(step, recipient=circle.recipient("newcomer"), name="nina")
    step.run(given, world.call(key="run-0/add", secret="", about="nina"))
    return circle


def machines(circle: Circle, *owners: str) -> str:
    return " ".join(circle.recipient(owner) for owner in owners)


def remove(circle: Circle, *owners: str, **more: Any) -> Any:
    step = circle.steps()["sops.remove_reader"]
    given = world.params(step, recipients=machines(circle, *owners), name="nina", **more)
    return step.run(given, world.call(secret="", about="nina"))


def check(circle: Circle, *owners: str, **more: Any) -> Any:
    step = circle.steps()["sops.check_reader"]
    given = {"recipients": machines(circle, *owners), "name": "nina", "expect": "absent", **more}
    return world.probe(step, world.params(step, **given), world.call())


def test_all_machines_are_out_by_one_commit_under_new_data_keys(circle: Circle) -> None:
    before = circle.head()

    done = remove(circle, *MACHINES)

    assert circle.in_remote("rev-parse", "main^") == before
    for owner in MACHINES:
        for file in (PULSE, BANK, OPERATOR_ONLY):
            assert not circle.can_open(owner, circle.read(file), file)
        assert circle.recipient(owner) not in circle.read(FILE).decode()
    assert circle.can_open("engine", circle.read(PULSE))
    message = circle.in_remote("log", "-1", "--format=%B", "main")
    signed = " ".join(f"-{circle.recipient(owner)}" for owner in MACHINES)
    assert f"Runbook-Reader: {signed}" in message
    assert all(circle.recipient(owner) in done.evidence for owner in MACHINES)
    assert isinstance(check(circle, *MACHINES), Done)


def test_a_machine_that_was_not_named_stops_it_by_its_comment(circle: Circle) -> None:
    step = circle.steps()["sops.remove_reader"]
    left = circle.recipient("newcomer")
    before = circle.head()

    with pytest.raises(Refused, match=f"{left} is nina's as well, and was not given"):
        world.look(step, recipients=machines(circle, "leaver"), name="nina")
    with pytest.raises(Refused, match=left):
        remove(circle, "leaver")

    assert circle.head() == before


def test_a_machine_that_is_let_in_meanwhile_is_not_gone(circle: Circle) -> None:
    remove(circle, *MACHINES)
    circle.commit({FILE: circle.rules().replace("a laptop", "nina").encode()})

    found = check(circle, "newcomer")

    assert isinstance(found, NotYet)
    assert circle.recipient("leaver") in found.finding


def test_taken_back_both_machines_can_read_what_they_could(circle: Circle) -> None:
    done = remove(circle, *MACHINES)
    step = circle.steps()["sops.remove_reader"]
    given = world.params(step, recipients=machines(circle, *MACHINES))

    calling = world.call(key="run-1/out-back", secret="", about="nina")
    world.undo(step, given, done.outputs, calling)

    assert all(circle.can_open(owner, circle.read(PULSE)) for owner in MACHINES)
    can = [circle.can_open(o, circle.read(OPERATOR_ONLY), OPERATOR_ONLY) for o in MACHINES]
    assert can == [False, True]


def test_a_rule_that_only_their_machines_can_read_is_refused(circle: Circle) -> None:
    theirs = machines(circle, *MACHINES).replace(" ", ",")
    text = circle.read(FILE).decode()
    text = text.replace("stores:", f"  - path_regex: mine\n    age: {theirs}\nstores:")
    circle.commit({FILE: text.encode()})

    with pytest.raises(Exception, match="nobody else could read what this rule is for"):
        remove(circle, *MACHINES)


def test_each_machine_must_have_been_a_reader_once(tmp_path: Path) -> None:
    circle = made.build(tmp_path)

    with pytest.raises(Refused, match=f"ever a reader as {circle.recipient('newcomer')}"):
        remove(circle, *MACHINES)


def test_who_has_no_key_is_not_looked_for_and_nothing_changes(tmp_path: Path) -> None:
    circle = made.build(tmp_path)
    before = circle.head()
    step = circle.steps()["sops.remove_reader"]

    found = world.probe(
        step, world.params(step, recipients="", name="nina", exists=False), world.call()
    )
    checked = check(circle, exists=False)

    assert isinstance(found, Done)
    assert "nina is said to have no age key" in found.evidence
    assert isinstance(checked, Done)
    assert "no age key was to be looked for" in checked.evidence
    assert circle.head() == before


def test_who_is_said_to_have_no_key_and_has_one_is_refused(circle: Circle) -> None:
    step = circle.steps()["sops.remove_reader"]

    with pytest.raises(Refused, match="is nina's as well"):
        world.look(step, recipients="", name="nina", exists=False)
    with pytest.raises(Refused, match="told that they have no age key"):
        world.look(step, recipients=machines(circle, "leaver"), exists=False)
    with pytest.raises(Refused, match="no age recipient is given"):
        world.look(step, recipients="", name="nina")


def test_a_text_and_a_list_of_recipients_are_the_same() -> None:
    one, two = ("age1" + letter * 30 for letter in "an")

    assert Readers(recipients=f" {one},\n{two} {one} ").recipients == (one, two)
    assert Readers(recipients=(one, two)).recipients == (one, two)


def test_a_comment_names_its_person_by_its_first_word_in_every_form() -> None:
    ada, bob, new = ("age1" + letter * 30 for letter in "abn")
    text = (
        f"keys:\n  - &one {ada}  # Nina, laptop\n  - &two {bob} # ninette\n"
        f"creation_rules:\n  - path_regex: x\n    age:\n      - *one\n      - *two  # nina\n"
        f"  - path_regex: y\n    age: [\n      {new}, # of nina\n    ]\n"
        f"  - path_regex: z\n    age: {ada},{new}  # nina\n"
    )

    assert named(text, FILE, "nina") == (ada, bob)
    assert named(text, FILE, "ni") == ()
