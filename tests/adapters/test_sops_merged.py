"""What came to main by a merge: it is read as well as what was committed to main itself."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from adapters.platform import Platform
from adapters.sops.datakeys import data_key
from adapters.sops.document import parse
from engine.step import Done, NotYet
from tests.adapters import circle as made
from tests.adapters import infra as world
from tests.adapters.circle import BANK, PULSE, Circle
from tests.adapters.exposures import CLIENT, MATOMO, REDIS, found, leave

SIDE = "infra/secrets/side.enc.yaml"
TOKEN, OTHER = f'{SIDE}#["pay"]["token"]', f'{SIDE}#["pay"]["other"]'
EVERYONE = ("engine", "operator", "leaver")
PAY = {"pay": {"token": "side-value-1", "other": "side-value-2"}}


def let_out(circle: Circle, file: str, branch: str) -> bytes:
    """Take the leaver out of a file of a branch by updatekeys alone; return it as it was."""
    before = circle.read(file, branch)
    target = circle.work(file, before)
    named = ",".join(circle.recipient(owner) for owner in ("engine", "operator"))
    (target.parent / ".sops.yaml").write_text(f"creation_rules:\n  - age: {named}\n")
    words = [*circle._sops, "updatekeys", "--yes", str(target)]
    world.run_program(words, target.parent, circle.keys["engine"])
    circle.commit({file: target.read_bytes()}, branch)
    return before


def merged(circle: Circle) -> bytes:
    """Merge a branch that let the leaver read a file, and then took them out."""
    circle.branch("feature")
    circle.commit({SIDE: circle.lock(PAY, SIDE, EVERYONE)}, "feature")
    theirs = let_out(circle, SIDE, "feature")
    circle.merge("feature")
    return theirs


def pulled(circle: Circle) -> bytes:
    """Let a colleague pull main into a commit of their own and push: main is a second parent."""
    circle.branch("local")
    circle.commit({"README.md": b"mine\n"}, "local")
    circle.commit({SIDE: circle.lock(PAY, SIDE, EVERYONE)})
    theirs = let_out(circle, SIDE, "main")
    circle.merge("main", into="local")
    return theirs


HOW = pytest.mark.parametrize("how", [merged, pulled])


@HOW
def test_a_file_under_a_data_key_that_only_a_merge_tells_of_gets_a_new_one(
    circle: Circle, how: Any
) -> None:
    theirs = how(circle)
    kept = data_key(parse(theirs, SIDE), circle.keys["leaver"])
    assert kept == data_key(parse(circle.read(SIDE), SIDE), circle.keys["engine"])

    leave(circle)

    assert data_key(parse(circle.read(SIDE), SIDE), circle.keys["engine"]) != kept
    document = yaml.safe_load(circle.read(SIDE))
    document["sops"]["age"] += yaml.safe_load(theirs)["sops"]["age"]
    with_theirs = yaml.safe_dump(document, sort_keys=False).encode()
    assert not circle.can_open("leaver", with_theirs, SIDE)


@HOW
def test_what_only_a_merge_tells_of_is_listed(circle: Circle, platform: Platform, how: Any) -> None:
    how(circle)

    listed = found(circle, platform)

    assert {TOKEN, OTHER} < set(listed)
    assert listed[TOKEN].since == circle.head()
    assert listed[TOKEN].mark


def test_a_value_that_was_another_one_on_the_branch_is_not_theirs(
    circle: Circle, platform: Platform
) -> None:
    circle.branch("feature")
    circle.commit({SIDE: circle.lock(PAY, SIDE, EVERYONE)}, "feature")
    newer = {"pay": {**PAY["pay"], "token": "side-value-3"}}
    circle.commit({SIDE: circle.lock(newer, SIDE, ("engine", "operator"))}, "feature")
    circle.merge("feature")

    listed = found(circle, platform)

    assert OTHER in listed
    assert TOKEN not in listed


def test_what_a_branch_alone_ever_held_is_listed_as_gone(
    circle: Circle, platform: Platform
) -> None:
    circle.branch("feature")
    circle.commit({SIDE: circle.lock(PAY, SIDE, EVERYONE)}, "feature")
    circle.commit({SIDE: None, "README.md": b"no side\n"}, "feature")
    circle.merge("feature")

    listed = found(circle, platform)

    assert (listed[TOKEN].mark, listed[TOKEN].since) == ("", "")


def test_a_version_of_a_branch_that_the_engine_cannot_open_counts_as_the_same(
    circle: Circle, platform: Platform
) -> None:
    circle.branch("feature")
    circle.commit({SIDE: circle.lock(PAY, SIDE, ("operator", "leaver"))}, "feature")
    circle.commit({SIDE: circle.lock(PAY, SIDE, ("engine", "operator"))}, "feature")
    circle.merge("feature")
    assert TOKEN in found(circle, platform)

    circle.commit({SIDE: circle.edited('["pay"]["token"]', "side-value-3", SIDE)})

    listed = found(circle, platform)
    assert OTHER in listed
    assert TOKEN not in listed, "it was replaced since, on main"


def test_an_old_branch_that_is_merged_late_makes_no_replaced_value_theirs(
    circle: Circle, platform: Platform
) -> None:
    circle.branch("feature")
    leave(circle)
    circle.commit({PULSE: circle.edited('["redis"]["password"]', "redis-value-2", PULSE)})
    circle.commit({"README.md": b"late\n"}, "feature")
    circle.merge("feature")

    listed = found(circle, platform)

    assert {MATOMO, CLIENT} < set(listed)
    assert REDIS not in listed


def absent(circle: Circle) -> Any:
    step = circle.steps()["sops.check_reader"]
    given = world.params(step, recipients=circle.recipient("leaver"), expect="absent")
    return world.probe(step, given, world.call())


def test_a_branch_that_was_cut_before_and_changes_no_secret_stops_nothing(circle: Circle) -> None:
    circle.branch("feature")
    circle.branch("stale")
    page = f"ask {circle.recipient('leaver')}\n".encode()
    circle.commit({"README.md": page}, "feature")

    leave(circle)

    assert isinstance(absent(circle), Done)


@pytest.mark.parametrize(
    "changed",
    [
        lambda circle: {BANK: circle.edited('["bank"]["client_secret"]', "bank-value-2", BANK)},
        lambda circle: {"infra/new.enc.yaml": circle.read(BANK), BANK: None},
        lambda circle: {".sops.yaml": circle.rules().encode() + b"# more\n"},
        lambda circle: {"x.env": circle.lock("A=b\n", "x.env", EVERYONE)},
    ],
)
def test_a_branch_with_a_change_that_they_can_read_stops_it(circle: Circle, changed: Any) -> None:
    files = changed(circle)
    circle.branch("rotate/run-2")
    circle.commit(files, "rotate/run-2")

    seen = absent(circle)

    assert isinstance(seen, NotYet)
    assert seen.finding == "what waits on rotate/run-2 can be read by the one who leaves"


def test_a_branch_that_shares_no_commit_with_main_counts_as_a_whole(circle: Circle) -> None:
    circle.commit({BANK: circle.lock(made.VALUES[BANK], BANK, EVERYONE)}, "other")

    assert isinstance(absent(circle), NotYet)
