"""What a runbook is held against: the steps, secrets, people and facts there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.catalogue import Catalogue, People
from engine.step import AnyStep


@dataclass(frozen=True)
class Surroundings:
    """What a runbook is held against."""

    registry: Mapping[str, AnyStep]
    catalogue: Catalogue = field(default_factory=Catalogue)
    people: People = field(default_factory=People)
    platform: Mapping[str, Any] | None = None
    """Facts of this platform; None where they are not known, so that references to them pass."""
