"""Runbooks that nobody has written a play for can be played all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.platform import Platform
from adapters.settings import Settings
from engine.inputs import check_inputs
from engine.runbook import Input
from tests.leaks.form import inputs

TYPES = ("string", "integer", "boolean", "date", "secret", "secret_name")


@pytest.fixture
def platform(root: Path) -> Platform:
    folder = root / "runbooks"
    facts = {"app": "http://127.0.0.1:9", "anthropic_console": "http://127.0.0.1:9/console"}
    return Platform(
        Settings(
            runbooks=folder,
            catalogue=folder / "secrets.yaml",
            people=folder / "people.yaml",
            platform=facts,
        )
    )


def test_inputs_of_every_type_are_filled_in(platform: Platform) -> None:
    asked = {kind: Input(type=kind, description="Anything.") for kind in TYPES}
    asked["choice"] = Input(type="choice", choices=("one", "two"), description="Anything.")
    asked["known"] = Input(type="integer", default=7, description="Anything.")
    runbook = platform.runbook("rotate-api-key").model_copy(update={"inputs": asked})

    typed = inputs(runbook, platform.catalogue)

    assert set(typed) == {*TYPES, "choice"}
    assert check_inputs(runbook, typed, platform.catalogue)["known"] == 7


def test_what_a_shipped_runbook_asks_for_is_filled_in(platform: Platform) -> None:
    for file in platform.files():
        runbook = platform.runbook(file.stem)
        values = check_inputs(runbook, inputs(runbook, platform.catalogue), platform.catalogue)

        assert set(values) == set(runbook.inputs)
