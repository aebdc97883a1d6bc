"""`postgres.drain`: nobody is connected by the old password any more. It waits and ends no session."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from pydantic import Field, field_validator

from adapters.postgres.admin import Session, open_admin
from adapters.postgres.checks import listed
from adapters.postgres.credential import RoleName
from adapters.postgres.settings import PostgresSettings
from adapters.shared.convergence import converge
from engine.step import Call, Done, Effect, Frozen, NotYet, Repeatable, Step, Untouched


class Drain(Frozen):
    """Parameters of `postgres.drain`."""

    role: RoleName = Field(description="The role that must have no session.")
    opened_before: str | None = Field(
        default=None,
        description="Where the role stays in use: only sessions opened before this count, ISO 8601.",
    )
    timeout: int = Field(
        default=300, ge=1, le=7200, description="Seconds until the last session must have ended."
    )

    @field_validator("opened_before")
    @classmethod
    def _is_a_moment(cls, text: str | None) -> str | None:
        if text is not None and datetime.fromisoformat(text).tzinfo is None:
            raise ValueError("the moment needs a time zone")
        return text


class Drained(Frozen):
    """Outputs of `postgres.drain`."""

    role: str = Field(description="The role.")
    remaining: int = Field(description="Sessions of the role that may stay: those opened later.")


def drain_step(settings: PostgresSettings) -> Step[Drain, Drained]:
    """Return `postgres.drain`."""
    return Step(
        name="postgres.drain",
        summary="Wait until no session of a role is left, and say who still holds one.",
        params=Drain,
        outputs=Drained,
        effect=Effect.VERIFY,
        probe=Repeatable("it only looks at pg_stat_activity"),
        run=lambda params, call: _run(settings, params, call),
        undo=Untouched("it ends no session"),
        describe=_describe,
    )


def _describe(params: Drain) -> str:
    which = f"opened before {params.opened_before}" if params.opened_before else "at all"
    return (
        f"Waits up to {params.timeout} s until `{params.role}` has no session {which}. "
        "It ends none; who holds one is named."
    )


def _run(settings: PostgresSettings, params: Drain, call: Call) -> Done[Drained]:
    return converge(
        lambda: _look(settings, params),
        seconds=params.timeout,
        report=call.report,
        hint="Restart what holds these sessions, so that it signs in anew; then retry.",
    )


def _look(settings: PostgresSettings, params: Drain) -> Done[Drained] | NotYet:
    before = datetime.fromisoformat(params.opened_before) if params.opened_before else None
    with open_admin(settings) as admin:
        left = admin.sessions(params.role, before)
        every = admin.sessions(params.role)
    which = f" from before {params.opened_before}" if before else ""
    if left:
        return NotYet(f"{len(left)} sessions of {params.role}{which} are left: {listed(left)}")
    told = f"pg_stat_activity has no session of {params.role}{which}"
    if every:
        told += f"; later ones: {_counted(every)}"
    return Done(Drained(role=params.role, remaining=len(every)), told)


def _counted(sessions: tuple[Session, ...]) -> str:
    names = Counter(each.application or "without a name" for each in sessions)
    return ", ".join(f"{name} {count}" for name, count in sorted(names.items()))
