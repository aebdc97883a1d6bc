"""`<provider>.find_key`: which key at the provider is the one we hold."""

from __future__ import annotations

from pydantic import Field, SecretStr

from adapters.shared.keys.key import Key, listed
from adapters.shared.keys.provider import Keys, Provider
from engine.errors import Refused
from engine.secrets import Identifier
from engine.step import Call, Done, Effect, Frozen, Repeatable, Step, Untouched


class FindKey(Frozen):
    """Parameters of `find_key`."""

    value: SecretStr = Field(description="The secret whose key is looked for.")
    name: str | None = Field(default=None, description="Name that the key must also have.")


class FoundKey(Frozen):
    """Outputs of `find_key`."""

    key_id: Identifier = Field(description="Id of the key.")
    key_name: str = Field(description="Name of the key at the provider.")
    status: str = Field(description="Status of the key.")


def find_key_step(provider: Provider[Keys]) -> Step[FindKey, FoundKey]:
    """Return `find_key` of a provider."""
    return Step(
        name=f"{provider.name}.find_key",
        summary="Find the active key that a value belongs to, by the hint the provider shows.",
        params=FindKey,
        outputs=FoundKey,
        effect=Effect.OBSERVE,
        probe=Repeatable("it only lists keys"),
        run=lambda params, call: _run(provider, params, call),
        undo=Untouched("it only lists keys"),
        preflight=provider.access(),
        describe=lambda params: _describe(provider, params),
    )


def _describe(provider: Provider[Keys], params: FindKey) -> str:
    named = f" named `{params.name}`" if params.name else ""
    return f"Lists the active keys at {provider.title} and picks the one{named} the value fits."


def _run(provider: Provider[Keys], params: FindKey, call: Call) -> Done[FoundKey]:
    with provider.connect() as keys:
        active = [key for key in keys.listing() if key.is_active]
    call.report(f"{len(active)} active keys listed")
    found = _only(provider, params, active)
    evidence = (
        f"{found.title} is the one active key whose hint fits {call.fingerprint(params.value)}"
    )
    return Done(FoundKey(key_id=found.identity, key_name=found.name, status=found.status), evidence)


def _only(provider: Provider[Keys], params: FindKey, active: list[Key]) -> Key:
    fitting = [
        key for key in active if params.name in (None, key.name) and key.may_be(params.value)
    ]
    if len(fitting) == 1:
        return fitting[0]
    wanted = "the value" if params.name is None else f"the value and the name {params.name}"
    if fitting:
        raise Refused(
            f"{len(fitting)} active keys fit {wanted}: {listed(fitting)}",
            hint=f"Name the key in `name`, or end the one too many in {provider.console}.",
        )
    raise Refused(
        f"no active key fits {wanted}; active are: {listed(active) or 'none'}",
        hint="Check that the value was copied whole and is of this account.",
    )
