"""Which key is whose, told by its name or by the hint that a provider shows of it."""

from __future__ import annotations

import pytest

from adapters.shared.keys.key import Key, fits
from adapters.shared.keys.names import minted_name, orphans
from tests.adapters import sky
from tests.adapters.house import OTHER_RUN, at


def test_an_orphan_is_known_by_prefix_run_and_pick_up() -> None:
    def key(name: str) -> Key:
        return Key(name, name, "active", "")

    call = at(2)
    own = [key(f"a.{call.run}.1"), key(f"a.{call.run}.2")]
    others = [
        key(name)
        for name in (f"a.{call.run}.3", f"b.{call.run}.1", f"a.{OTHER_RUN}.1", f"a.{call.run}.x")
    ]

    assert orphans([*own, *others], "a", call) == own
    assert orphans(own, "a", call, keep=own[1].identity) == own[:1]
    assert minted_name("a", call) == own[1].name


@pytest.mark.parametrize(
    ("hint", "is_of_it"), [("...16c3e37d", True), ("...c3e37d", False), ("...16c3e37e", False)]
)
def test_a_hint_of_the_end_alone_must_be_long_enough(hint: str, *, is_of_it: bool) -> None:
    assert fits(hint, sky.secret("9fcb1158165773dd010fca5f0cf7174316c3e37d")) is is_of_it
