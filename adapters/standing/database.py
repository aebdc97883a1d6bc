"""The database server: which roles of a secret may log in, and which of the values seen each accepts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import SecretStr

from adapters.postgres import PostgresSettings
from adapters.postgres.admin import open_admin
from adapters.postgres.credential import credential_in
from adapters.postgres.login import try_login
from adapters.standing.sighting import Sighting, unseen
from engine.catalogue import PostgresPlace
from engine.errors import Refused
from engine.standing import Place, Standing

NAME = "PostgreSQL"


def look(
    settings: PostgresSettings, at: PostgresPlace, values: Mapping[str, SecretStr]
) -> Sighting:
    """Return a standing for each role that may log in; a value is tried by signing in with it."""
    try:
        found = tuple(_roles(settings, at, values))
    except Exception as error:  # noqa: BLE001 - one broken look must not hide the others
        failed = error
    else:
        nobody = Standing(Place.PROVIDER, NAME, note="none of its roles may log in")
        return Sighting(found or (nobody,))
    return Sighting((unseen(Place.PROVIDER, NAME, failed),))


def _roles(
    settings: PostgresSettings, at: PostgresPlace, values: Mapping[str, SecretStr]
) -> Iterator[Standing]:
    with open_admin(settings) as admin:
        for name in at.logins or (at.role,):
            if not admin.role(name).may_log_in:
                continue
            fits = tuple(
                sorted(mark for mark, value in values.items() if _accepts(settings, name, value))
            )
            sessions = len(admin.sessions(name))
            said = "accepts it" if fits else "accepts no value seen"
            yield Standing(
                Place.PROVIDER,
                f"{NAME} role {name}",
                fits[0] if len(fits) == 1 else "",
                key=name,
                slot=at.logins is None,
                fits=fits,
                note=f"may log in; {said}; {sessions} sessions",
            )


def _accepts(settings: PostgresSettings, role: str, value: SecretStr) -> bool:
    try:
        credential_in(value, role)
    except Refused:
        return False  # it is of another role
    return try_login(settings, role, value).word == "accepted"
