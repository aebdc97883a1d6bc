"""What must hold at the server before a run begins, and for `runbook doctor`."""

from __future__ import annotations

from adapters.postgres.admin import MOST_NAMED, Admin, Session, open_admin
from adapters.postgres.settings import PostgresSettings
from engine.errors import Refused

SETUP = "Run adapters/postgres/setup.sql there, as its superuser."


def check(settings: PostgresSettings) -> str:
    """Say that the engine's role is let in; raise `Refused` or `Transient` where it is not."""
    with open_admin(settings) as admin:
        _require_sight(admin, settings)
        return f"{settings.title}, version {admin.version()}, lets {settings.user} in"


def require_ready(settings: PostgresSettings, *roles: str, group: str = "") -> str:
    """Say that the passwords of all roles may be changed there; raise `Refused` or `Transient`."""
    with open_admin(settings) as admin:
        _require_sight(admin, settings)
        for name in roles:
            require_plain(admin, name)
            if group:
                require_member(admin, name, group)
    return f"{settings.title} lets {settings.user} change the passwords of {' and '.join(roles)}"


def require_ours(admin: Admin, name: str) -> None:
    """Raise `Refused` unless the role is without power over others, and ours to change."""
    if admin.role(name).is_mighty:
        raise Refused(
            f"{name} is a superuser or may make roles or databases, which no service needs",
            hint="Give the service a plain role; the engine changes no other.",
        )
    missing = admin.missing_right(name)
    if missing:
        raise Refused(f"the engine's role may not change {name}: it lacks {missing}", hint=SETUP)


def require_plain(admin: Admin, name: str) -> None:
    """Raise `Refused` unless the role is ours to change, and a password of it would be accepted."""
    require_ours(admin, name)
    if admin.role(name).is_expired:
        raise Refused(
            f"VALID UNTIL of {name} is over, so that no password of it is accepted",
            hint=f"Decide about it: ALTER ROLE {name} VALID UNTIL 'infinity'.",
        )


def require_member(admin: Admin, name: str, group: str, database: str = "") -> None:
    """Raise `Refused` unless the role acts as the group, which nobody signs in as.

    Without a database it is enough that it does so in any.
    """
    if admin.role(group).may_log_in:
        raise Refused(
            f"{group} may log in itself, and its password stays what it is when {name} rotates",
            hint=f"Bring what signs in as it to {name}, then ALTER ROLE {group} NOLOGIN.",
        )
    if not admin.is_member(name, group):
        raise Refused(
            f"{name} is no member of {group}, so it could not do what the service does",
            hint=f"GRANT {group} TO {name}, and ALTER ROLE {name} SET role TO {group}.",
        )
    if not admin.acts_as(name, group, database):
        where = f" in {database}" if database else ""
        raise Refused(
            f"{name} does not act as {group}{where}: what the service makes while it signs in as {name} "
            "would be out of its reach after the next rotation",
            hint=f"ALTER ROLE {name} SET role TO {group}; see who owns what it has made so far.",
        )


def listed(sessions: tuple[Session, ...]) -> str:
    """Name the first sessions, and how many more there are."""
    named = ", ".join(map(str, sessions[:MOST_NAMED]))
    more = len(sessions) - MOST_NAMED
    return f"{named}, and {more} more" if more > 0 else named


def _require_sight(admin: Admin, settings: PostgresSettings) -> None:
    if not admin.sees_sessions():
        raise Refused(
            f"{settings.user} may not see who is connected at {settings.title}",
            hint=f"GRANT pg_read_all_stats TO {settings.user}; setup.sql has it.",
        )
