"""What git takes as the name of a branch, and what the two branches of a run name."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from adapters.shared.checkout import one_look, open_checkout
from adapters.shared.heads import is_branch
from engine.errors import Refused
from tests.adapters import infra as world
from tests.adapters.infra import FILE, Infra

ODD = "/.~^:?*[\\@{ \x7f\x01lock-é"
names = some.text(some.sampled_from("ab" + ODD), min_size=1, max_size=8)


@pytest.fixture
def infra(tmp_path: Path) -> Infra:
    return world.build(tmp_path)


@given(names)
@example("rotate/run-1.lock")
@example("a.lock/b")
@example("@")
@example("-x")
@example("a..b")
@example("a@{b")
@example("a.")
def test_a_branch_is_what_git_takes_for_one(name: str) -> None:
    asked = subprocess.run(["git", "check-ref-format", f"refs/heads/{name}"], check=False)  # noqa: S603, S607 - the real judge

    assert is_branch(name) == (asked.returncode == 0)


@pytest.mark.parametrize("name", ["a b", "a:b", "a*", "x.lock", "../main"])
def test_no_other_name_gets_as_far_as_the_remote(infra: Infra, name: str) -> None:
    with (
        pytest.raises(Refused, match="cannot name a branch"),
        open_checkout(infra.git, "run-1", pending_branch=name),
    ):
        pass


def test_looks_in_one_look_see_the_same_moment_and_later_ones_see_what_came(infra: Infra) -> None:
    with one_look():
        with open_checkout(infra.git, "run-1") as first:
            before = first.main
        infra.commit({"notes.txt": b"meanwhile"})
        with open_checkout(infra.git, "run-1") as second:
            assert second.main == before
            assert second.place(before, [FILE]).is_dir()
        with open_checkout(infra.git, "run-2") as other:
            assert other.main != before
    assert not first.home.exists()
    with open_checkout(infra.git, "run-1") as later:
        assert later.main == other.main
