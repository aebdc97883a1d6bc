"""`postgres.set_password` on a role that rests, and `postgres.replace_password` on one in force.

The server is given a verifier, never the password; that it is the right one is proven by signing in.
A text that is no verifier would be taken for a password and hashed in silence, and that sign-in
would fail.
"""

from __future__ import annotations

from typing import TypeVar

from pydantic import Field, SecretStr

from adapters.postgres.admin import Admin, open_admin
from adapters.postgres.checks import listed, require_plain, require_ready
from adapters.postgres.credential import RoleName, credential_in
from adapters.postgres.login import try_login
from adapters.postgres.scram import make_verifier
from adapters.postgres.settings import PostgresSettings
from engine.errors import Refused
from engine.step import (
    Call,
    Done,
    Effect,
    Exclusive,
    Frozen,
    Irreversible,
    NotYet,
    Preflight,
    Probe,
    Step,
)

LEASE = 300.0
"""Seconds a run has a role to itself while it sets the password."""


class OneRole(Frozen):
    """A role whose password is to be set."""

    role: RoleName = Field(description="The role.")


class SetPassword(OneRole):
    """Parameters of `postgres.set_password`."""

    value: SecretStr = Field(description="The new connection URL, or the new password alone.")


class ReplacePassword(SetPassword):
    """Parameters of `postgres.replace_password`."""

    replaces: SecretStr = Field(description="The value in force; if it is not accepted, stop.")
    consumers: dict[str, object] = Field(
        description="Everything that signs in as the role, by name; shown at the gate."
    )


class PasswordSet(Frozen):
    """Outputs of both steps."""

    role: str = Field(description="The role.")
    changed_at: str = Field(
        description="Time of the server, ISO 8601 in UTC, after which only the new password is "
        "accepted; sessions opened before it may be with the old one."
    )


S = TypeVar("S", bound=SetPassword)


def set_password_step(settings: PostgresSettings) -> Step[SetPassword, PasswordSet]:
    """Return `postgres.set_password`."""
    return Step(
        name="postgres.set_password",
        summary="Give a resting role a new password, as a SCRAM verifier, and let it log in.",
        params=SetPassword,
        outputs=PasswordSet,
        effect=Effect.MINT,
        probe=lambda params, call: _probe(settings, params, call),
        run=lambda params, call: _set(settings, params, call),
        undo=lambda params, outputs, call: _rest_again(settings, params, outputs),
        preflight=Preflight(OneRole, lambda one: require_ready(settings, one.role)),
        describe=_describe_set,
        exclusive=_exclusive,
    )


def replace_password_step(settings: PostgresSettings) -> Step[ReplacePassword, PasswordSet]:
    """Return `postgres.replace_password`."""
    return Step(
        name="postgres.replace_password",
        summary="Replace the password of a role in force; from then on only the new one is accepted.",
        params=ReplacePassword,
        outputs=PasswordSet,
        effect=Effect.CUTOVER,
        probe=lambda params, call: _probe(settings, params, call),
        run=lambda params, call: _replace(settings, params, call),
        undo=Irreversible("who was restarted since has the new password and would be locked out"),
        preflight=Preflight(OneRole, lambda one: require_ready(settings, one.role)),
        describe=_describe_replace,
        exclusive=_exclusive,
    )


def _exclusive(params: OneRole) -> Exclusive:
    return Exclusive((f"postgres:{params.role}",), LEASE)


def _describe_set(params: SetPassword) -> str:
    return (
        f"Gives the resting role `{params.role}` a new password and lets it log in. The server gets a "
        "SCRAM-SHA-256 verifier and never the password. The role in force is not touched."
    )


def _describe_replace(params: ReplacePassword) -> str:
    named = "\n".join(f"- `{name}`" for name in sorted(params.consumers))
    return (
        f"**Replaces the password of `{params.role}` while it is in use. There is no way back.** "
        "Open connections go on; each new one with the old password fails, until all of these have "
        f"been restarted with the new one:\n\n{named}\n\n"
        "The new value is in both stores already. Have the window free for all steps that follow."
    )


def _probe(settings: PostgresSettings, params: SetPassword, call: Call) -> Probe[PasswordSet]:
    known_as = call.fingerprint(params.value)
    verdict = try_login(settings, params.role, params.value)
    if verdict.word != "accepted":
        return NotYet(
            f"{settings.title} refuses {known_as} for {params.role} with {verdict.sqlstate}"
        )
    with open_admin(settings) as admin:
        moment = admin.now()
    return Done(
        PasswordSet(role=params.role, changed_at=moment),
        f"{settings.title} accepts {known_as} for {params.role}, by SCRAM-SHA-256",
    )


def _set(settings: PostgresSettings, params: SetPassword, call: Call) -> Done[PasswordSet]:
    with open_admin(settings) as admin:
        require_plain(admin, params.role)
        _require_unused(admin, params.role)
        _write(admin, params, call)
    return _proven(settings, params, call)


def _replace(settings: PostgresSettings, params: ReplacePassword, call: Call) -> Done[PasswordSet]:
    if try_login(settings, params.role, params.replaces).word != "accepted":
        raise Refused(
            f"{settings.title} accepts neither the new value for {params.role} nor the old one "
            f"{call.fingerprint(params.replaces)}: somebody changed it",
            hint="Find out who, and which password the services have; nothing was changed now.",
        )
    with open_admin(settings) as admin:
        require_plain(admin, params.role)
        _write(admin, params, call)
    return _proven(settings, params, call)


def _write(admin: Admin, params: SetPassword, call: Call) -> None:
    password = credential_in(params.value, params.role).password
    is_shielded = admin.set_verifier(params.role, make_verifier(password))
    where = "nowhere" if is_shielded else "wherever the server keeps or shows statements"
    call.report(f"the verifier of {params.role} was set; it could be read {where}")


def _proven(settings: PostgresSettings, params: SetPassword, call: Call) -> Done[PasswordSet]:
    found = _probe(settings, params, call)
    if isinstance(found, Done):
        return found
    raise Refused(
        f"the password of {params.role} was set, and signing in with it fails",
        hint="Look at pg_hba.conf for this role, and at checks of passwords on the server.",
    )


def _rest_again(
    settings: PostgresSettings, params: SetPassword, outputs: PasswordSet
) -> PasswordSet:
    """Lock the role that was to come; nobody has its password any more when this is reached."""
    with open_admin(settings) as admin:
        if admin.role(params.role).may_log_in:
            _require_unused(admin, params.role)
            admin.lock(params.role)
    return outputs


def _require_unused(admin: Admin, role: str) -> None:
    if sessions := admin.sessions(role):
        raise Refused(
            f"{role} should rest, and is in use: {listed(sessions)}",
            hint="Restart what uses it with the value in force; then try again.",
        )
