"""Colleagues who push to the same branch, and who of them is overtaken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.programs import ProgramFailed
from sandbox.remote import Remote
from sandbox.world import World

ONE, OTHER = "redis.password", "ai_agents.anthropic_api_key"


class Overtaken(Remote):
    """A remote to which colleagues push between somebody's pull and push."""

    def __init__(self, path: Path, *pushes: Callable[[], object]) -> None:
        super().__init__(path)
        self.pushes = [*pushes]

    def file(self, path: str, revision: str = "main") -> bytes | None:
        content = super().file(path, revision)
        if self.pushes:
            self.pushes.pop(0)()
        return content


def test_what_was_made_from_an_older_commit_is_not_pushed(tmp_path: Path) -> None:
    remote = Remote.init(tmp_path / "remote.git")
    first = remote.commit({"file": b"1"}, "First")
    second = remote.commit({"file": b"2"}, "Second", upon=first)
    with pytest.raises(ProgramFailed):
        remote.commit({"other": b"3"}, "Third", upon=first)
    assert remote.head() == second
    assert remote.log() == ["Second", "First"]
    assert remote.file("other") is None


def test_person_who_is_overtaken_takes_nothing_back(tmp_path: Path) -> None:
    with World.create(tmp_path / "world") as world:
        plain = world.remote
        world.remote = remote = Overtaken(
            plain.path,
            lambda: world.set_as_human(ONE, "a colleague's"),
            lambda: plain.commit({"notes": b"another colleague's"}, "Note it"),
        )
        made = world.set_as_human(OTHER, "by hand")
        assert not remote.pushes
        assert made == plain.head()
        assert plain.log()[:3] == [f"Set {OTHER}", f"Set {ONE}", "Note it"]
        assert plain.file("notes") == b"another colleague's"
        values = (world.sops_value(ONE), world.sops_value(OTHER))
        assert values == ("a colleague's", "by hand")
