"""The runbooks on disk, with settings or without: they can be read before a platform is known."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from adapters.platform import Platform, open_platform
from adapters.settings import VARIABLE, Settings, settings_file
from engine.catalogue import Catalogue, People
from engine.surroundings import Surroundings


@dataclass(frozen=True)
class Shelf(Platform):
    """Runbooks without a platform: its facts are not known, so references to them pass."""

    @cached_property
    def catalogue(self) -> Catalogue:
        """The catalogue, or an empty one where there is none."""
        return super().catalogue if self.settings.catalogue.exists() else Catalogue()

    @cached_property
    def people(self) -> People:
        """The groups, or none where there is no list of them."""
        return super().people if self.settings.people.exists() else People()

    @property
    def around(self) -> Surroundings:
        """What runbooks are checked against."""
        return replace(super().around, platform=None)


def open_shelf() -> Platform:
    """Return the platform of the settings, or a shelf where there are none.

    Raises `Refused` if settings were asked for and are not there, `Invalid` if they are wrong.
    """
    if VARIABLE not in os.environ and not settings_file().exists():
        return Shelf(Settings())
    return open_platform()


def beside(platform: Platform, folder: Path) -> Platform:
    """Return the platform for runbooks in `folder`.

    Where there are no settings, a catalogue and a list of groups in the folder itself are theirs.
    """
    if not isinstance(platform, Shelf):
        return platform
    settings = platform.settings
    return Shelf(
        settings.model_copy(
            update={
                name: folder / usual.name
                for name, usual in (("catalogue", settings.catalogue), ("people", settings.people))
                if (folder / usual.name).exists()
            }
        )
    )
