from __future__ import annotations

import pytest

from adapters.shared.clock import hastened, monotonic
from adapters.shared.waiting import wait_until
from engine.errors import Transient


def test_a_hastened_wait_still_looks_before_it_gives_up() -> None:
    looks: list[float] = []

    def look() -> None:
        looks.append(monotonic())

    with hastened(shorter=1000, longer=3), pytest.raises(Transient, match="waited 60 s"):
        wait_until(look, seconds=60, what="what never comes")

    assert len(looks) == 21
    assert looks[-1] == 60
