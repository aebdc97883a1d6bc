"""`postgres.lock_role`: the old role logs in no more, and its password is gone."""

from __future__ import annotations

from pydantic import Field

from adapters.postgres.admin import Admin, open_admin
from adapters.postgres.checks import listed, require_ours
from adapters.postgres.credential import RoleName
from adapters.postgres.settings import PostgresSettings
from engine.errors import Refused
from engine.step import Call, Done, Effect, Frozen, Irreversible, NotYet, Probe, Step


class LockRole(Frozen):
    """Parameters of `postgres.lock_role`."""

    role: RoleName = Field(description="The role to end.")
    keep: RoleName = Field(description="The role in force, which must be able to log in.")


class Locked(Frozen):
    """Outputs of `postgres.lock_role`."""

    role: str = Field(description="The role.")


def lock_role_step(settings: PostgresSettings) -> Step[LockRole, Locked]:
    """Return `postgres.lock_role`."""
    return Step(
        name="postgres.lock_role",
        summary="Let a role without sessions log in no more, and take its password away.",
        params=LockRole,
        outputs=Locked,
        effect=Effect.REVOKE,
        probe=lambda params, call: _probe(settings, params, call),
        run=lambda params, call: _run(settings, params, call),
        undo=Irreversible("the password is gone; the next rotation gives the role a new one"),
        describe=lambda params: (
            f"Sets `{params.role}` to NOLOGIN and takes its password away, after making sure that "
            f"`{params.keep}` may log in and that nobody is connected as `{params.role}`."
        ),
    )


def _probe(settings: PostgresSettings, params: LockRole, call: Call) -> Probe[Locked]:
    """Look; a lock that was not set by this run may have left the password, which nobody can see."""
    with open_admin(settings) as admin:
        if admin.role(params.role).may_log_in:
            return NotYet(f"{params.role} may log in")
    if not call.head:
        return NotYet(f"{params.role} is NOLOGIN; its password is taken away all the same")
    return Done(Locked(role=params.role), f"{params.role} is NOLOGIN at {settings.title}")


def _run(settings: PostgresSettings, params: LockRole, call: Call) -> Done[Locked]:
    if params.role == params.keep:
        raise Refused(
            f"{params.role} is both the role to end and the role to keep",
            hint="Let find_roles say which is which, before the new value is stored.",
        )
    with open_admin(settings) as admin:
        require_ours(admin, params.role)
        if not admin.role(params.keep).may_log_in:
            raise Refused(
                f"the role to keep, {params.keep}, may not log in",
                hint="Give it its password first; the old role stays as it is.",
            )
        _require_unused(admin, params.role, "is in use again")
        call.report(f"{params.keep} may log in; {params.role} is locked")
        admin.lock(params.role)
        _require_unused(admin, params.role, "was locked, and used once more just before")
    return Done(
        Locked(role=params.role),
        f"{params.role} is NOLOGIN, without a password and without sessions at {settings.title}",
    )


def _require_unused(admin: Admin, role: str, found: str) -> None:
    if sessions := admin.sessions(role):
        raise Refused(
            f"{role} {found}: {listed(sessions)}",
            hint="Restart these with the new value, let them drain, then retry.",
        )
