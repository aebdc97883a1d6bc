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
            require_plain(admin, name, group)
    return f"{settings.title} lets {settings.user} change the passwords of {' and '.join(roles)}"


def require_plain(admin: Admin, name: str, group: str = "") -> None:
    """Raise `Refused` unless the role is a plain one, of the group, and ours to change."""
    role = admin.role(name)
    if role.is_mighty:
        raise Refused(
            f"{name} is a superuser or may make roles or databases, which no service needs",
            hint="Give the service a plain role; the engine changes no other.",
        )
    if role.is_expired:
        raise Refused(
            f"VALID UNTIL of {name} is over, so that no password of it is accepted",
            hint=f"Decide about it: ALTER ROLE {name} VALID UNTIL 'infinity'.",
        )
    if group and not admin.is_member(name, group):
        raise Refused(
            f"{name} is no member of {group}, so it could not do what the service does",
            hint=f"GRANT {group} TO {name}, and ALTER ROLE {name} SET role TO {group}.",
        )
    if group and not admin.acts_as(name, group):
        raise Refused(
            f"{name} does not act as {group}: what the service makes while it signs in as {name} "
            "would be out of its reach after the next rotation",
            hint=f"ALTER ROLE {name} SET role TO {group}; see who owns what it has made so far.",
        )
    missing = admin.missing_right(name)
    if missing:
        raise Refused(f"the engine's role may not change {name}: it lacks {missing}", hint=SETUP)


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
