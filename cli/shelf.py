"""The runbooks on disk, with settings or without: they can be read before a platform is known."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from adapters.catalogue import read_shipped
from adapters.platform import Platform, open_platform
from adapters.settings import VARIABLE, Settings, settings_file
from cli.text import clean
from engine.catalogue import Catalogue, People
from engine.errors import Refused, Transient
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


@dataclass(frozen=True)
class Patient(Platform):
    """A platform that can be read about where its repository cannot be reached."""

    asks: bool = True
    """Whether the repository is asked at all."""

    @cached_property
    def catalogue(self) -> Catalogue:
        """The catalogue; the shipped part of it alone, said on stderr, where git cannot be asked."""
        own = read_shipped(self.settings.catalogue).catalogue
        if not self.asks:
            return own
        try:
            return super().catalogue
        except (Refused, Transient) as error:
            told = f"the catalogue in git is left out: {error.message}"
            print(clean(told), file=sys.stderr)
        return own


def open_patient() -> Patient:
    """Return the platform of the settings, for what must not need its repository; raises as `open_platform`."""
    return Patient(open_platform().settings)


def open_shelf(*, asks: bool = True) -> Platform:
    """Return the platform of the settings, or a shelf where there are none.

    Without `asks` nothing but files is read: of the catalogue the shipped part. Raises `Refused` if settings were asked for and are not there, `Invalid` if they are wrong.
    """
    if VARIABLE not in os.environ and not settings_file().exists():
        return Shelf(Settings())
    return replace(open_patient(), asks=asks)


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
