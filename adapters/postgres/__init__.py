"""PostgreSQL: passwords of roles, set as SCRAM verifiers, proven by signing in, and ended.

A service has two login roles under one group role; one is in force, the other rests. A rotation
gives the resting one a password, brings the service over, and locks the other. A role that everything
shares has no such twin: its password is replaced in one window, forward only.

The driver is psycopg; a sign-in that is to prove something is spoken in `wire`, for its SQLSTATE.
"""

from __future__ import annotations

from adapters.postgres.checks import check
from adapters.postgres.draining import drain_step
from adapters.postgres.locking import lock_role_step
from adapters.postgres.minting import new_credential_step
from adapters.postgres.passwords import replace_password_step, set_password_step
from adapters.postgres.proof import try_login_step
from adapters.postgres.roles import find_roles_step
from adapters.postgres.settings import PostgresSettings
from engine.step import AnyStep

__all__ = ["PostgresSettings", "check", "steps"]


def steps(settings: PostgresSettings) -> tuple[AnyStep, ...]:
    """Return what this adapter offers; nothing is opened yet."""
    return (
        find_roles_step(settings),
        new_credential_step(),
        set_password_step(settings),
        try_login_step(settings),
        drain_step(settings),
        lock_role_step(settings),
        replace_password_step(settings),
    )
