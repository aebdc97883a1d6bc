"""The platform of a rehearsal: the author's runbooks, catalogue and people, and a sandbox for all else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from adapters.platform import Platform
from adapters.settings import Settings
from engine.cases import Case, Cases
from engine.catalogue import Catalogue, Secret
from engine.freeze import Freeze
from rehearsal.systems import systems_of
from rehearsal.worlds import World


@dataclass(frozen=True)
class Rehearsed(Platform):
    """A platform that stands in one world, with the freezes of one case."""

    frozen: tuple[Freeze, ...] = ()
    more: Mapping[str, Secret] = field(default_factory=dict)
    """Entries of the catalogue that the case file brings."""

    @cached_property
    def catalogue(self) -> Catalogue:
        """The author's catalogue, with what the case file adds."""
        known = super().catalogue
        return known.model_copy(update={"secrets": {**known.secrets, **self.more}})

    @cached_property
    def freezes(self) -> tuple[Freeze, ...]:
        """The windows of the case; what holds on the real platform does not hold here."""
        return self.frozen


def rehearsed(author: Platform, cases: Cases, case: Case, world: World, folder: Path) -> Rehearsed:
    """Return the platform for one case; of the author's settings the files of runbooks alone count."""
    own = author.settings
    files: dict[str, Any] = {
        "runbooks": own.runbooks,
        "catalogue": own.catalogue,
        "people": own.people,
        "ledger": {"url": f"sqlite:///{folder / 'ledger.db'}"},
    }
    settings = Settings.model_validate({**files, **systems_of(world.facts)})
    return Rehearsed(settings, frozen=case.freeze, more=cases.catalogue)
