"""Where each entry of the catalogue lives, and why that cannot be said of some."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from pydantic import ValidationError

from adapters.platform import Platform
from adapters.sops import SopsLocation
from adapters.standing.looking import entry_of, places
from adapters.vaultwarden import VaultwardenLocation
from engine.errors import Refused


@dataclass(frozen=True)
class Places:
    """The catalogue, settled."""

    sops: Mapping[str, SopsLocation]
    vault: Mapping[str, VaultwardenLocation]
    faults: Mapping[str, str]
    """By secret, why it has no usable place."""
    certificates: tuple[SopsLocation, ...] = ()
    """Where certificates stand that are read from SOPS; they are known, and have no mirror."""

    @property
    def files(self) -> tuple[str, ...]:
        """Every encrypted file that is named, once."""
        return tuple(dict.fromkeys(at.file for at in self.sops.values()))


def settle(platform: Platform) -> Places:
    """Return the places of every secret; one that has none spoils only itself."""
    sops: dict[str, SopsLocation] = {}
    vault: dict[str, VaultwardenLocation] = {}
    faults: dict[str, str] = {}
    for name in platform.catalogue.secrets:
        try:
            sops[name], vault[name] = places(entry_of(platform, name))
        except Refused as error:
            faults[name] = error.message
    return Places(sops, vault, faults, tuple(_certificates(platform)))


def _certificates(platform: Platform) -> Iterator[SopsLocation]:
    for entry in platform.catalogue.certificates.values():
        if entry.sops is not None:
            with suppress(ValidationError):  # told where certificates are read
                yield SopsLocation.model_validate(entry.sops.model_dump())
