"""`matrix.find_key`: whose token a value is, of which device, and that it may administer."""

from __future__ import annotations

from pydantic import Field, SecretStr

from adapters.matrix.api import WHAT, Holder, greet, open_matrix
from adapters.matrix.settings import MatrixSettings
from engine.errors import Refused
from engine.step import Call, Done, Effect, Frozen, Nothing, Preflight, Repeatable, Step, Untouched


class FindKey(Frozen):
    """Parameters of `matrix.find_key`."""

    value: SecretStr = Field(description="The token whose user and device are looked for.")
    user: str | None = Field(default=None, description="User that the token must be of.")
    other_than: str | None = Field(
        default=None,
        description="Device that the token must not be of, as it ends with its device.",
    )


class FoundKey(Frozen):
    """Outputs of `matrix.find_key`."""

    user: str = Field(description="User whose token it is.")
    device: str = Field(description="Device whose token it is.")


def find_key_step(settings: MatrixSettings) -> Step[FindKey, FoundKey]:
    """Return `matrix.find_key`."""
    return Step(
        name="matrix.find_key",
        summary="Find the user and the device of a token, and see that it is a server admin's.",
        params=FindKey,
        outputs=FoundKey,
        effect=Effect.OBSERVE,
        probe=Repeatable("it only asks a token about itself"),
        run=lambda params, call: _run(settings, params, call),
        undo=Untouched("it only asks a token about itself"),
        preflight=Preflight(Nothing, lambda _: greet(settings)),
        describe=_describe,
    )


def _describe(params: FindKey) -> str:
    of = f" It must be of `{params.user}`." if params.user else ""
    other = f" It must not be of the device `{params.other_than}`." if params.other_than else ""
    return f"Asks the homeserver whose token the value is, and for the rights of a server admin.{of}{other}"


def _run(settings: MatrixSettings, params: FindKey, call: Call) -> Done[FoundKey]:
    with open_matrix(settings, params.value) as matrix:
        holder = matrix.holder()
        _fits(params, holder)
        matrix.require_admin(holder.user)
    known_as = call.fingerprint(params.value)
    evidence = (
        f"{WHAT} takes {known_as} for {holder.user} at the device {holder.device}, a server admin"
    )
    return Done(FoundKey(user=holder.user, device=holder.device), evidence)


def _fits(params: FindKey, holder: Holder) -> None:
    if params.user not in (None, holder.user):
        raise Refused(
            f"the token is of {holder.user}, and not of {params.user}",
            hint="Sign in as the user whose token is in force, at a new device.",
        )
    if params.other_than == holder.device:
        raise Refused(
            f"the token is of the device {holder.device}, as the one in force is",
            hint="Bring a token of a new device: ending the old one ends its device.",
        )
