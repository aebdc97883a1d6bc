"""`anthropic.find_key`: which key at the provider is the one we hold."""

from __future__ import annotations

from pydantic import Field, SecretStr

from adapters.anthropic.access import access
from adapters.anthropic.admin import AnthropicSettings, Key, open_admin
from engine.errors import Refused
from engine.step import Call, Done, Effect, Frozen, Repeatable, Step, Untouched


class FindKey(Frozen):
    """Parameters of `anthropic.find_key`."""

    value: SecretStr = Field(description="The secret whose key is looked for.")
    name: str | None = Field(default=None, description="Name that the key must also have.")


class FoundKey(Frozen):
    """Outputs of `anthropic.find_key`."""

    key_id: str = Field(description="Id of the key.")
    key_name: str = Field(description="Name of the key in the console.")
    status: str = Field(description="Status of the key.")


def find_key_step(settings: AnthropicSettings) -> Step[FindKey, FoundKey]:
    """Return `anthropic.find_key`."""
    return Step(
        name="anthropic.find_key",
        summary="Find the active API key that a value belongs to, by the hint the provider shows.",
        params=FindKey,
        outputs=FoundKey,
        effect=Effect.OBSERVE,
        probe=Repeatable("it only lists keys"),
        run=lambda params, call: _run(settings, params, call),
        undo=Untouched("it only lists keys"),
        preflight=access(settings),
        describe=_describe,
    )


def _describe(params: FindKey) -> str:
    named = f" named `{params.name}`" if params.name else ""
    return f"Lists the active API keys at Anthropic and picks the one{named} that the value fits."


def _run(settings: AnthropicSettings, params: FindKey, call: Call) -> Done[FoundKey]:
    with open_admin(settings) as admin:
        active = admin.keys("active")
    call.report(f"{len(active)} active keys listed")
    found = _only(params, active)
    evidence = (
        f"{found.title} is the one active key whose hint fits {call.fingerprint(params.value)}"
    )
    return Done(FoundKey(key_id=found.identity, key_name=found.name, status=found.status), evidence)


def _only(params: FindKey, active: tuple[Key, ...]) -> Key:
    fitting = [
        key for key in active if params.name in (None, key.name) and key.may_be(params.value)
    ]
    if len(fitting) == 1:
        return fitting[0]
    wanted = "the value" if params.name is None else f"the value and the name {params.name}"
    if fitting:
        raise Refused(
            f"{len(fitting)} active keys fit {wanted}: {_listed(fitting)}",
            hint="Name the key in `name`, or end the one too many in the console.",
        )
    raise Refused(
        f"no active key fits {wanted}; active are: {_listed(active) or 'none'}",
        hint="Check that the value was copied whole and is of this organisation.",
    )


def _listed(keys: list[Key] | tuple[Key, ...]) -> str:
    return ", ".join(key.title for key in keys)
