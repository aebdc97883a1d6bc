"""`<provider>.delete_key`: the old key goes for good, and with it every orphan of the run.

Where the provider can disable a key, one that is still active is not deleted: disabling is the step
that can be taken back, and comes first.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from adapters.shared.keys.key import Key, listed
from adapters.shared.keys.names import PREFIX, orphans
from adapters.shared.keys.provider import Making, Provider
from adapters.shared.keys.survivor import find, survivor
from engine.errors import Refused
from engine.step import Call, Done, Effect, Frozen, Irreversible, NotYet, Probe, Step


class DeleteKey(Frozen):
    """Parameters of `delete_key`."""

    key_id: str = Field(min_length=1, description="Id of the key to delete.")
    keep: str = Field(min_length=1, description="Id of the new key, which must be active.")
    name: str = Field(
        pattern=PREFIX,
        description="What the names of minted keys begin with; those of this run go, but `keep`.",
    )


class Deleted(Frozen):
    """Outputs of `delete_key`."""

    key_id: str = Field(description="Id of the key.")
    orphans: int = Field(description="How many keys of this run went that nobody had the value of.")


def delete_key_step(
    provider: Provider[Making], *, disabled_first: bool
) -> Step[DeleteKey, Deleted]:
    """Return `delete_key` of a provider; `disabled_first` where it can disable keys."""
    return Step(
        name=f"{provider.name}.delete_{provider.noun}",
        summary="Delete a key for good, and every key of this run that nobody holds.",
        params=DeleteKey,
        outputs=Deleted,
        effect=Effect.REVOKE,
        probe=lambda params, call: _probe(provider, params, call),
        run=lambda params, call: _run(provider, params, call, disabled_first),
        undo=Irreversible("a deleted key cannot be made again, and its value is accepted no more"),
        preflight=provider.access(),
        describe=lambda params: _describe(provider, params),
    )


def _describe(provider: Provider[Making], params: DeleteKey) -> str:
    return (
        f"Deletes {provider.noun} `{params.key_id}` at {provider.title} for good, after making sure that "
        f"`{params.keep}` is active, and any other key `{params.name}` that this run has made."
    )


def _doomed(params: DeleteKey, call: Call, keys: Sequence[Key]) -> list[Key]:
    old = find(keys, params.key_id)
    lost = orphans(keys, params.name, call, keep=params.keep)
    return [key for key in (*lost, old) if key is not None]


def _probe(provider: Provider[Making], params: DeleteKey, call: Call) -> Probe[Deleted]:
    with provider.connect() as keys:
        left = _doomed(params, call, keys.listing())
    if left:
        return NotYet(f"{listed(left)} at {provider.name}")
    return _gone(provider, params, 0)


def _run(
    provider: Provider[Making], params: DeleteKey, call: Call, disabled_first: bool
) -> Done[Deleted]:
    with provider.connect() as keys:
        every = keys.listing()
        stays = survivor(every, params.key_id, params.keep)
        old = find(every, params.key_id)
        if disabled_first and old is not None and old.is_active:
            raise Refused(
                f"{old.title} is active, and a key is disabled before it is deleted",
                hint=f"Put {provider.name}.disable_{provider.noun} and a proof that it is refused before.",
            )
        doomed = _doomed(params, call, every)
        for key in doomed:
            call.report(f"{stays.title} stays active; {key.title} is deleted")
            keys.delete(key.identity)
    return _gone(provider, params, len([key for key in doomed if key is not old]))


def _gone(provider: Provider[Making], params: DeleteKey, lost: int) -> Done[Deleted]:
    outputs = Deleted(key_id=params.key_id, orphans=lost)
    words = f"; {lost} orphans of this run went with it" if lost else ""
    return Done(outputs, f"{params.key_id} is gone at {provider.name}{words}")
