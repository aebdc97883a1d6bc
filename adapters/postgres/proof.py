"""`postgres.try_login`: the server accepts a secret, or refuses it, and says so itself."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from adapters.postgres.credential import RoleName
from adapters.postgres.login import try_login
from adapters.postgres.settings import PostgresSettings
from adapters.shared.convergence import converge
from engine.step import Call, Done, Effect, Frozen, NotYet, Repeatable, Step, Untouched


class TryLogin(Frozen):
    """Parameters of `postgres.try_login`."""

    role: RoleName = Field(description="The role to sign in as.")
    value: SecretStr = Field(description="The connection URL, or the password alone.")
    expect: Literal["accepted", "refused"] = Field(description="What the server must say to it.")
    timeout: int = Field(
        default=60, ge=1, le=3600, description="Seconds until the server must say so."
    )


class Proved(Frozen):
    """Outputs of `postgres.try_login`."""

    verdict: str = Field(description="`accepted` or `refused`.")
    fingerprint: str = Field(description="Keyed fingerprint of the value that was tried.")


def try_login_step(settings: PostgresSettings) -> Step[TryLogin, Proved]:
    """Return `postgres.try_login`."""
    return Step(
        name="postgres.try_login",
        summary="Prove that PostgreSQL accepts a role's password over SCRAM, or no longer does.",
        params=TryLogin,
        outputs=Proved,
        effect=Effect.VERIFY,
        probe=Repeatable("it signs in and off again"),
        run=lambda params, call: _run(settings, params, call),
        undo=Untouched("it only signed in and off again"),
        describe=lambda params: (
            f"Signs in as `{params.role}`, for up to {params.timeout} s, until the server says that "
            f"the value is {params.expect}. No answer, or a no for another reason, proves nothing."
        ),
    )


def _run(settings: PostgresSettings, params: TryLogin, call: Call) -> Done[Proved]:
    return converge(
        lambda: _look(settings, params, call),
        seconds=params.timeout,
        report=call.report,
        hint="Look at the role with \\du, and at pg_hba.conf.",
    )


def _look(settings: PostgresSettings, params: TryLogin, call: Call) -> Done[Proved] | NotYet:
    known_as = call.fingerprint(params.value)
    verdict = try_login(settings, params.role, params.value)
    code = f" with {verdict.sqlstate}" if verdict.sqlstate else ""
    told = f"{settings.title} {verdict.word} {known_as} for {params.role}{code}"
    if verdict.word == params.expect:
        return Done(Proved(verdict=verdict.word, fingerprint=known_as), told)
    return NotYet(f"{told}; {params.expect} was expected")
