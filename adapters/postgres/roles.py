"""`postgres.find_roles`: which of the two login roles is in force, and which one rests."""

from __future__ import annotations

from typing import Self

from pydantic import Field, SecretStr, model_validator

from adapters.postgres.admin import open_admin
from adapters.postgres.checks import listed, require_member, require_plain, require_ready
from adapters.postgres.credential import RoleName, credential_in
from adapters.postgres.login import try_login
from adapters.postgres.settings import PostgresSettings
from engine.errors import Refused
from engine.step import Call, Done, Effect, Frozen, Preflight, Repeatable, Step, Untouched


class LoginRoles(Frozen):
    """The roles of one service."""

    logins: tuple[RoleName, RoleName] = Field(description="The two login roles of the service.")
    group: RoleName = Field(description="The role that owns what both use, and that both are in.")

    @model_validator(mode="after")
    def _are_three(self) -> Self:
        if len({*self.logins, self.group}) != 3:
            raise ValueError("the two login roles and their group must be three different roles")
        return self


class FindRoles(LoginRoles):
    """Parameters of `postgres.find_roles`."""

    value: SecretStr = Field(description="The connection URL in force.")


class FoundRoles(Frozen):
    """Outputs of `postgres.find_roles`."""

    active: str = Field(description="The role that the service signs in as.")
    resting: str = Field(description="The other one, which nobody uses.")


def find_roles_step(settings: PostgresSettings) -> Step[FindRoles, FoundRoles]:
    """Return `postgres.find_roles`."""
    return Step(
        name="postgres.find_roles",
        summary="Find which of two login roles a service uses, and that nobody uses the other.",
        params=FindRoles,
        outputs=FoundRoles,
        effect=Effect.OBSERVE,
        probe=Repeatable("it signs in and off again"),
        run=lambda params, call: _run(settings, params, call),
        undo=Untouched("it only looks"),
        preflight=Preflight(LoginRoles, lambda roles: _preflight(settings, roles)),
        describe=_describe,
    )


def _describe(params: FindRoles) -> str:
    one, other = params.logins
    return (
        f"Reads from the connection URL whether the service uses `{one}` or `{other}`, signs in with "
        f"it, and sees that nobody is connected as the other. Both are members of `{params.group}`."
    )


def _preflight(settings: PostgresSettings, roles: LoginRoles) -> str:
    return require_ready(settings, *roles.logins, group=roles.group)


def _run(settings: PostgresSettings, params: FindRoles, call: Call) -> Done[FoundRoles]:
    held = credential_in(params.value)
    if held.role not in params.logins:
        raise Refused(
            f"the service signs in as {held.role}, which is neither of {', '.join(params.logins)}",
            hint="Correct the catalogue, or bring the service to one of the two first.",
        )
    resting = params.logins[1 - params.logins.index(held.role)]
    known_as = call.fingerprint(params.value)
    if try_login(settings, held.role, params.value).word != "accepted":
        raise Refused(
            f"{settings.title} does not accept {known_as}, which is said to be in force",
            hint="Find out what the service really uses before anything is rotated.",
        )
    with open_admin(settings) as admin:
        for name in params.logins:
            require_plain(admin, name)
            require_member(admin, name, params.group, held.database or settings.database)
        if strangers := admin.sessions(resting):
            raise Refused(
                f"{resting} should rest, and is in use: {listed(strangers)}",
                hint="Bring these to the role in force first; a new password would lock them out.",
            )
    evidence = f"{known_as} is accepted for {held.role}; nobody is connected as {resting}"
    return Done(FoundRoles(active=held.role, resting=resting), evidence)
