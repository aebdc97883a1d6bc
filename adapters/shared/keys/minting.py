"""`<provider>.mint_key`: a new key by the provider's API, whose secret is told exactly once.

The engine seals the value in the transaction that records the step. Whatever is lost before that,
the answer or the process, leaves an orphan; the next try finds it by its name (`names`), deletes it
and mints anew, so that there is one key of the run in the end.
"""

from __future__ import annotations

from pydantic import Field, SecretStr

from adapters.shared.keys.key import Key
from adapters.shared.keys.names import PREFIX, minted_name, orphans
from adapters.shared.keys.provider import Making, Provider
from adapters.shared.late import landed
from engine.secrets import Identifier
from engine.step import Call, Done, Effect, Frozen, Repeatable, Step


class MintKey(Frozen):
    """Parameters of `mint_key`."""

    like: str = Field(min_length=1, description="Id of the key whose rights the new one gets.")
    name: str = Field(
        pattern=PREFIX,
        description="What the name of the key begins with; run and pick-up follow after dots.",
    )


class MintedKey(Frozen):
    """Outputs of `mint_key`; empty where it was taken back without having come to its end."""

    key_id: Identifier = Field(default="", description="Id of the new key.")
    key_name: str = Field(default="", description="Name of the new key at the provider.")
    fingerprint: str = Field(default="", description="Keyed fingerprint of the new value.")
    value: SecretStr = Field(default=SecretStr(""), description="The new value.")


def mint_key_step(provider: Provider[Making]) -> Step[MintKey, MintedKey]:
    """Return `mint_key` of a provider."""
    return Step(
        name=f"{provider.name}.mint_{provider.noun}",
        summary=f"Make a new {provider.noun} at {provider.title} with the rights of another one.",
        params=MintKey,
        outputs=MintedKey,
        effect=Effect.MINT,
        probe=Repeatable("a key that an earlier try left is found by its name and deleted first"),
        run=lambda params, call: _run(provider, params, call),
        undo=lambda params, outputs, call: _undo(provider, params, outputs, call),
        preflight=provider.access(),
        describe=lambda params: _describe(provider, params),
    )


def _describe(provider: Provider[Making], params: MintKey) -> str:
    return (
        f"Makes a {provider.noun} at {provider.title} whose name begins with `{params.name}`, with the rights "
        f"of `{params.like}`. Its value is sealed before anything else happens; a key of this run "
        "whose value was lost is deleted first."
    )


def _run(provider: Provider[Making], params: MintKey, call: Call) -> Done[MintedKey]:
    with provider.connect() as keys:
        lost = _sweep(keys, params, call)
        made = landed(
            lambda: keys.mint(minted_name(params.name, call), params.like),
            lambda: bool(_sweep(keys, params, call)),
        )
    known_as = call.fingerprint(made.value)
    outputs = MintedKey(
        key_id=made.key.identity,
        key_name=made.key.name,
        fingerprint=known_as,
        value=made.value,
    )
    swept = f"; {len(lost)} of this run whose value was lost were deleted" if lost else ""
    return Done(outputs, f"{provider.name} made {made.key.title}, fingerprint {known_as}{swept}")


def _undo(provider: Provider[Making], params: MintKey, outputs: MintedKey, call: Call) -> MintedKey:
    with provider.connect() as keys:
        _sweep(keys, params, call)
        if outputs.key_id:
            keys.delete(outputs.key_id)
    return outputs


def _sweep(keys: Making, params: MintKey, call: Call) -> list[Key]:
    lost = [
        key for key in orphans(keys.listing(), params.name, call) if key.identity != params.like
    ]
    for key in lost:
        call.report(f"{key.title} is of this run and nobody has its value; it is deleted")
        keys.delete(key.identity)
    return lost
