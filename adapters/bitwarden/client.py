"""The package `bitwarden-sdk`: imported when it is needed, and its one kind of error translated."""

from __future__ import annotations

import importlib
import importlib.metadata
import re
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias, TypeVar

from adapters.bitwarden.settings import BitwardenSettings, missing, needed
from adapters.shared.files import read_secret
from engine.errors import OutcomeUnknown, Refused, RunbookError, Transient

PACKAGE = "bitwarden-sdk"
TOO_MANY_REQUESTS = "429"
NOT_REACHED = "sending request"
"""What the package says when there was no connection."""
_STATUS = re.compile(r"\[([45]\d\d)\b")
"""How the package writes the status of a refused request."""

T = TypeVar("T")
Ids: TypeAlias = list[str]


class SecretsManager(Protocol):
    """The part of `bitwarden_sdk`'s `SecretsClient` that is used here; ids are UUIDs."""

    def list(self, organization_id: str, /) -> Any:
        """Return `.data.data`, each with `id` and `key`."""

    def get(self, identity: str, /) -> Any:
        """Return `.data` with id, key, value, note, project_id and revision_date."""

    def create(
        self,
        organization_id: str,
        key: str,
        value: str,
        note: str | None,
        project_ids: Ids | None,
        /,
    ) -> Any:
        """Return as `get` does."""

    def update(  # noqa: PLR0917 - as the package has it
        self,
        organization_id: str,
        identity: str,
        key: str,
        value: str,
        note: str | None,
        project_ids: Ids | None,
        /,
    ) -> Any:
        """Replace the whole secret and return as `get` does."""

    def delete(self, identities: Ids, /) -> Any:
        """Move secrets to the trash."""


Opener: TypeAlias = Callable[[BitwardenSettings], SecretsManager]


def open_secrets(settings: BitwardenSettings) -> SecretsManager:
    """Sign in and return the client; raise `Refused` if the package is not installed."""
    sdk = _package()
    if settings.access_token_file is None:
        raise missing("access_token_file")
    token = read_secret(settings.access_token_file, "the bitwarden access token")
    addresses = {"apiUrl": settings.api_url, "identityUrl": settings.identity_url}
    client = ask("sign in", lambda: sdk.BitwardenClient(sdk.client_settings_from_dict(addresses)))
    ask("sign in", lambda: client.auth().login_access_token(token.get_secret_value()))
    secrets: SecretsManager = client.secrets()
    return secrets


def check(settings: BitwardenSettings) -> str:
    """Return one sentence about package and account; raise `Refused`, `Transient` if not usable."""
    organisation = needed(settings, "organisation")
    secrets = open_secrets(settings)
    seen = ask("list secrets", lambda: secrets.list(organisation).data.data)
    version = importlib.metadata.version(PACKAGE)
    return f"{PACKAGE} {version} is signed in at {settings.api_url} and sees {len(seen)} secrets"


def ask(what: str, call: Callable[[], T], *, writes: bool = False) -> T:
    """Return the package's answer; its only exception is `Exception`, whose text is not shown."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - the package raises nothing narrower
        failure = _translated(what, str(error), writes=writes)
    raise failure


def _package() -> Any:
    try:
        return importlib.import_module("bitwarden_sdk")
    except ImportError:
        pass
    raise Refused(
        f"bitwarden.set needs the package {PACKAGE}, which is not installed",
        hint="Run `pip install 'runbook-engine[bitwarden]'`; mind its licence.",
    )


def _translated(what: str, said: str, *, writes: bool) -> RunbookError:
    found = _STATUS.search(said)
    status = found[1] if found else ""
    if status == TOO_MANY_REQUESTS:
        return Transient("bitwarden asks for patience: it gave 429")
    if status.startswith("4"):
        return Refused(
            f"bitwarden did not {what}: it answered {status}",
            hint="Check the access token, and that the machine account may write to the project.",
        )
    if writes:
        return OutcomeUnknown(f"bitwarden gave no usable answer when asked to {what}")
    if status or NOT_REACHED in said:
        return Transient(
            f"bitwarden gave no usable answer when asked to {what}",
            hint="Check bitwarden.api_url and bitwarden.identity_url, and whether they answer.",
        )
    return Refused(
        f"the package {PACKAGE} could not {what}",
        hint="Check that bitwarden.access_token_file holds a whole access token.",
    )
