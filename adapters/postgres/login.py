"""Whether the server lets a role in with a password, and when a no is a proof.

A no counts as a proof in two cases: the password is wrong (28P01), or the role may not log in (28000,
and the role itself says so). 28000 alone may as well come from pg_hba.conf, which says nothing about
the password; and no answer is no answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import SecretStr

from adapters.postgres.admin import open_admin
from adapters.postgres.credential import credential_in
from adapters.postgres.failures import judged
from adapters.postgres.settings import PostgresSettings
from adapters.postgres.wire import Accepted, Turned, sign_in
from engine.errors import Refused

WRONG_PASSWORD = "28P01"  # noqa: S105 - a code, no password
NOT_LET_IN = "28000"
NO_RIGHT = "42501"
"""Without CONNECT on the database; told once the password is proven."""


@dataclass(frozen=True)
class Verdict:
    """What a sign-in has proven."""

    word: Literal["accepted", "refused"]
    sqlstate: str
    """Empty where it was accepted."""


def try_login(settings: PostgresSettings, role: str, value: SecretStr) -> Verdict:
    """Sign in with a secret and say what that proves.

    Raises `Transient` if there is no answer, `Refused` if the answer proves nothing.
    """
    held = credential_in(value, role)
    said = sign_in(settings, held.role, held.password, held.database or settings.database)
    match said:
        case Accepted(by_password=True):
            return Verdict("accepted", "")
        case Accepted():
            raise Refused(
                f"{settings.title} lets {role} in without its password, so nothing is proven",
                hint="Let pg_hba.conf ask for scram-sha-256 where the engine comes from.",
            )
        case Turned(sqlstate, by_password=True) if sqlstate == NO_RIGHT and not held.database:
            return Verdict("accepted", "")  # of a database that the secret does not name
        case Turned(sqlstate) if sqlstate == WRONG_PASSWORD:
            return Verdict("refused", sqlstate)
        case Turned(sqlstate) if sqlstate == NOT_LET_IN and _is_locked(settings, role):
            return Verdict("refused", sqlstate)
    raise judged(settings.title, role, said.sqlstate, said.reason)


def _is_locked(settings: PostgresSettings, role: str) -> bool:
    with open_admin(settings) as admin:
        return not admin.role(role).may_log_in
