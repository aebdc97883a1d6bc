"""Checks before a run: what does not answer is asked again, with as much patience as in the run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.errors import Refused, Transient
from engine.job import IMPATIENT, Patience
from engine.preflight import preflight
from engine.step import AnyStep, Preflight
from tests.engine.bench import Bench
from tests.engine.lamp import Bulb


def busy(times: int) -> Preflight[Any]:
    """Return a check that gets no answer so many times, and is told how long to wait."""
    asked: list[object] = []

    def look(bulb: Bulb) -> str:
        asked.append(bulb)
        if len(asked) <= times:
            raise Transient("the shop asks for patience", retry_after=60)
        return f"fine at look {len(asked)}"

    return Preflight(Bulb, look)


def looked(check: Preflight[Any], folder: Path, patience: Patience) -> dict[str, str]:
    bench = Bench.of("steps:\n  - {id: light, uses: lamp.light}\n", folder)
    declared: AnyStep = replace(bench.desk.registry["lamp.light"], preflight=check)
    registry = {**bench.desk.registry, "lamp.light": declared}
    return preflight(bench.plan, registry, str, patience, lambda text: None)


def test_who_asks_for_patience_is_asked_again_after_the_time_they_named(tmp_path: Path) -> None:
    slept: list[float] = []

    found = looked(busy(2), tmp_path, Patience(attempts=3, sleep=slept.append))

    assert found == {"light": "fine at look 3"}
    assert slept == [60, 60]


def test_patience_has_an_end_and_a_look_by_hand_has_none(tmp_path: Path) -> None:
    slept: list[float] = []

    with pytest.raises(Refused, match="light: the shop asks for patience"):
        looked(busy(3), tmp_path / "a", Patience(attempts=3, sleep=slept.append))
    with pytest.raises(Refused, match="nothing was done"):
        looked(busy(1), tmp_path / "b", IMPATIENT)
    assert slept == [60, 60]
