"""`<provider>.find_key`: which key at the provider is the one we hold.

Somebody may have disabled it already, because it leaked. Where it is to be ended anyway, it will do
all the same: a disabled key still shows the rights that the new one gets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field, SecretStr

from adapters.shared.keys.key import Key, listed
from adapters.shared.keys.provider import Keys, Named, Provider
from engine.errors import Refused
from engine.secrets import Identifier
from engine.step import Call, Done, Effect, Frozen, Repeatable, Step, Untouched


class FindKey(Frozen):
    """Parameters of `find_key`."""

    value: SecretStr = Field(description="The secret whose key is looked for.")
    name: str | None = Field(default=None, description="Name that the key must also have.")
    may_be_disabled: bool = Field(
        default=False,
        description="Whether a key that is disabled already will do where no active one fits, as it "
        "does for a key that is to be ended.",
    )


class FoundKey(Frozen):
    """What is told of a key that was found."""

    key_id: Identifier = Field(description="Id of the key.")
    key_name: str = Field(description="Name of the key at the provider.")
    status: str = Field(description="Status of the key.")


class FoundAmong(FoundKey):
    """Outputs of `find_key`."""

    seen: tuple[str, ...] = Field(description="Ids of all keys that were there, ended ones too.")


@dataclass(frozen=True)
class Sighting:
    """The one key that fits, among all that were listed."""

    key: Key
    seen: tuple[str, ...]
    """Ids of all keys there were."""
    evidence: str


def find_key_step(provider: Provider[Keys]) -> Step[FindKey, FoundAmong]:
    """Return `find_key` of a provider."""
    return Step(
        name=f"{provider.name}.find_key",
        summary="Find the key that a value belongs to, by the hint the provider shows.",
        params=FindKey,
        outputs=FoundAmong,
        effect=Effect.OBSERVE,
        probe=Repeatable("it only lists keys"),
        run=lambda params, call: _run(provider, params, call),
        undo=Untouched("it only lists keys"),
        preflight=provider.access(),
        describe=lambda params: _describe(provider, params),
    )


def _describe(provider: Provider[Keys], params: FindKey) -> str:
    named = f" named `{params.name}`" if params.name else ""
    dead = "; one that is disabled already will do" if params.may_be_disabled else ""
    return (
        f"Lists the active keys at {provider.title} and picks the one{named} the value fits{dead}."
    )


def _run(provider: Provider[Keys], params: FindKey, call: Call) -> Done[FoundAmong]:
    found = look_for(provider, params, call)
    key = found.key
    outputs = FoundAmong(key_id=key.identity, key_name=key.name, status=key.status, seen=found.seen)
    return Done(outputs, found.evidence)


def look_for(provider: Provider[Keys], params: FindKey, call: Call) -> Sighting:
    """Return the one key that fits; raise `Refused` where none does, or several."""
    with provider.connect() as keys:
        every = keys.listing()
    active = [key for key in every if key.is_active]
    call.report(f"{len(active)} active keys listed")
    found = _only(provider, params, every)
    known_as = call.fingerprint(params.value)
    evidence = (
        f"{found.title} is the one active key whose hint fits {known_as}"
        if found.is_active
        else f"no active key fits {known_as}, and {found.title} does, which is {found.status} already"
    )
    return Sighting(found, tuple(key.identity for key in every), evidence)


def _only(provider: Provider[Keys], params: FindKey, every: Sequence[Key]) -> Key:
    fitting = [key for key in every if params.name in (None, key.name) and key.may_be(params.value)]
    active = [key for key in fitting if key.is_active]
    if len(active) == 1:
        return active[0]
    wanted = "the value" if params.name is None else f"the value and the name {params.name}"
    if active:
        raise Refused(
            f"{len(active)} active keys fit {wanted}: {listed(active)}",
            hint=f"Name the key in `name`, or end the one too many in {provider.console}.",
        )
    if fitting:
        return only_ended(provider, fitting, f"fits {wanted}", allowed=params.may_be_disabled)
    living = [key for key in every if key.is_active]
    raise Refused(
        f"no active key fits {wanted}; active are: {listed(living) or 'none'}",
        hint="Check that the value was copied whole and is of this account. If the key was deleted "
        f"there, make a new one in {provider.console} and put it into both stores by hand.",
    )


def only_ended(provider: Named, ended: Sequence[Key], fits: str, *, allowed: bool) -> Key:
    """Return the one key that is looked for and is disabled already, where that will do.

    `fits` says by what it was found. Raises `Refused` where it will not do, or there are several.
    """
    told = ", ".join(f"{key.title}, {key.status}" for key in ended)
    if len(ended) > 1:
        raise Refused(
            f"no active {provider.noun} {fits}, and {len(ended)} do that are disabled already: {told}",
            hint=f"Delete those that are not of the value in force, in {provider.console}.",
        )
    if not allowed:
        raise Refused(
            f"the {provider.noun} that {fits} is disabled already: {told}",
            hint="Where it is to be ended anyway, say `may_be_disabled: true` in this step. Else "
            f"make it active again in {provider.console}, if it was not disabled on purpose.",
        )
    return ended[0]
