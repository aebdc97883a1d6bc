"""The search for leaks, made once for all tests that look at what it found."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import pytest

from engine.state import Outcome
from tests.leaks.marker import FOREIGN, TELLING, Marker, draw
from tests.leaks.planting import IN_BYTES
from tests.leaks.plants import PLANTS
from tests.leaks.play import play_every_runbook
from tests.leaks.scanner import Find, Scanner
from tests.leaks.sinks import (
    ask_prefect,
    ask_runbook,
    search,
    search_credentials,
    search_hints,
)
from tests.leaks.theatre import Theatre, open_theatre

TELLING_LENGTH = 71
"""Characters of the marker whose length is told on purpose; no other secret is as long."""


@dataclass(frozen=True)
class Evidence:
    """What was played, and what the search found."""

    theatre: Theatre
    ends: dict[str, Outcome | str]
    """How each runbook ended, or why nobody could play it."""
    found: list[Find]
    misplaced: list[Find]
    hints: list[Find]

    def of(self, marker: str) -> list[Find]:
        """Return what was found of one marker."""
        return [find for find in (*self.found, *self.hints) if find.marker == marker]


@pytest.fixture(scope="session")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Play every runbook, leak on purpose, end it all, and search what is left."""
    with open_theatre(tmp_path_factory.mktemp("leaks") / "theatre") as theatre:
        ends = play_every_runbook(theatre)
        planted = _plant(theatre)
        ask_prefect(theatre)
        ask_runbook(theatre)
    real = list(theatre.markers.values())
    return Evidence(
        theatre,
        ends,
        search(theatre, Scanner([*real, *planted])),
        search_credentials(theatre, real),
        search_hints(theatre, [*real, *planted]),
    )


def _plant(theatre: Theatre) -> list[Marker]:
    planted = []
    for plant in PLANTS:
        marker = Marker(plant.sink, draw(odd=TELLING + FOREIGN))
        plant.leak(theatre, IN_BYTES[plant.form](marker.value))
        planted.append(marker)
    digested, short, told = draw(), draw(), draw(length=TELLING_LENGTH)
    theatre.texts["planted digest"] = f"it is md5:{hashlib.md5(digested.encode()).hexdigest()}"  # noqa: S324 - the worst
    theatre.texts["planted short digest"] = hashlib.sha256(short.encode()).hexdigest()[:12]
    theatre.texts["planted length"] = f"a value of {len(told)} characters"
    return [
        *planted,
        Marker("digest", digested),
        Marker("short digest", short),
        Marker("length", told),
    ]
