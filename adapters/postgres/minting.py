"""`postgres.new_credential`: the secret that is to come, in the form of the one in force."""

from __future__ import annotations

from pydantic import Field, SecretStr

from adapters.postgres.credential import RoleName, draw_password, is_url, with_login
from engine.step import Call, Done, Effect, Frozen, Repeatable, Step, Untouched


class NewCredential(Frozen):
    """Parameters of `postgres.new_credential`."""

    current: SecretStr = Field(description="The connection URL in force, or the password alone.")
    role: RoleName = Field(description="The role that the new one is for.")
    bytes: int = Field(default=32, ge=16, le=64, description="Random bytes in the password.")


class Minted(Frozen):
    """Outputs of `postgres.new_credential`."""

    value: SecretStr = Field(description="The new connection URL, or password alone.")
    password: SecretStr = Field(description="The password in it, so that no text may show it.")
    fingerprint: str = Field(description="Keyed fingerprint of the new value.")


def new_credential_step() -> Step[NewCredential, Minted]:
    """Return `postgres.new_credential`."""
    return Step(
        name="postgres.new_credential",
        summary="Draw a password for a role, and put both into the connection URL, where it is one.",
        params=NewCredential,
        outputs=Minted,
        effect=Effect.MINT,
        probe=Repeatable("nothing outside changes until the value is sealed and set"),
        run=_run,
        undo=Untouched("a value that nobody uses does no harm and goes with the run"),
        describe=lambda params: (
            f"Draws {params.bytes} random bytes as the password of `{params.role}`. Of a connection "
            "URL, host, port, database and options stay as they are."
        ),
    )


def _run(params: NewCredential, call: Call) -> Done[Minted]:
    password = draw_password(params.bytes)
    value = with_login(params.current, params.role, password)
    known_as = call.fingerprint(value)
    return Done(
        Minted(value=value, password=password, fingerprint=known_as),
        f"a new {_form(params.current)} for {params.role} was made, fingerprint {known_as}",
    )


def _form(value: SecretStr) -> str:
    return "connection URL" if is_url(value) else "password"
