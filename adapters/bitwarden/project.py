"""The secrets of one project: finding one, writing it, and reading it back."""

from __future__ import annotations

import difflib
import hmac
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from adapters.bitwarden.client import Opener, SecretsManager, ask
from adapters.bitwarden.models import BitwardenLocation, Place
from adapters.bitwarden.settings import BitwardenSettings, needed
from engine.errors import NotConverged, Refused


@dataclass(frozen=True)
class Found:
    """One secret as it is now."""

    id: str
    value: SecretStr
    note: str
    revision: str


@dataclass(frozen=True)
class Project:
    """An open project."""

    secrets: SecretsManager
    organisation: str
    id: str

    def find(self, place: Place) -> Found | None:
        """Return the secret, None if it may be created; raise `Refused` if it is not plainly one."""
        listed = ask("list secrets", lambda: self.secrets.list(self.organisation).data.data)
        named = [str(entry.id) for entry in listed if entry.key == place.at.key]
        inside = [data for data in map(self._get, named) if str(data.project_id) == self.id]
        if len(inside) > 1:
            ids = ", ".join(str(data.id) for data in inside)
            raise Refused(
                f"{len(inside)} secrets are named {place.at}: {ids}",
                hint="Rename or delete one of them.",
            )
        if inside:
            return _found(inside[0])
        if place.create:
            return None
        close = difflib.get_close_matches(place.at.key, sorted({one.key for one in listed}), n=3)
        raise Refused(
            f"there is no secret {place.at} in project {self.id}",
            hint=f"Did you mean {' or '.join(f'`{name}`' for name in close)}?"
            if close
            else "Create it there, or say `create: true`.",
        )

    def create(self, at: BitwardenLocation, value: SecretStr, note: str) -> Found:
        """Create a secret and return it as read back."""
        ask(
            "create the secret",
            lambda: self.secrets.create(
                self.organisation, at.key, value.get_secret_value(), note, [self.id]
            ),
            writes=True,
        )
        return self._read_back(at, value)

    def write(self, at: BitwardenLocation, found: Found, value: SecretStr) -> Found:
        """Replace the value of a secret, leaving its note, and return it as read back."""
        if same(found.value, value):
            return found
        ask(
            "store the secret",
            lambda: self.secrets.update(
                self.organisation,
                found.id,
                at.key,
                value.get_secret_value(),
                found.note,
                [self.id],
            ),
            writes=True,
        )
        return self._read_back(at, value)

    def delete(self, found: Found) -> None:
        """Move a secret to the trash."""
        ask("delete the secret", lambda: self.secrets.delete([found.id]), writes=True)

    def _read_back(self, at: BitwardenLocation, value: SecretStr) -> Found:
        found = self.find(Place(at=at))
        if found is None or not same(found.value, value):
            raise NotConverged(f"bitwarden took the new value of {at} and gives back another")
        return found

    def _get(self, identity: str) -> Any:
        return ask("read the secret", lambda: self.secrets.get(identity).data)


def open_project(settings: BitwardenSettings, opener: Opener, at: BitwardenLocation) -> Project:
    """Sign in and return the project that `at` or the settings name."""
    organisation = needed(settings, "organisation")
    identity = at.project or needed(settings, "project")
    return Project(opener(settings), organisation, identity)


def same(one: SecretStr, other: SecretStr) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(one.get_secret_value().encode(), other.get_secret_value().encode())


def _found(data: Any) -> Found:
    return Found(str(data.id), SecretStr(data.value), data.note or "", str(data.revision_date))
