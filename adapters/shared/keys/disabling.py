"""`<provider>.disable_key`: the old key stops being accepted, and can be made active again."""

from __future__ import annotations

from pydantic import Field

from adapters.shared.keys.key import Key
from adapters.shared.keys.provider import Provider, Switching
from adapters.shared.keys.survivor import find, survivor
from engine.errors import Refused
from engine.step import Call, Done, Effect, Frozen, NotYet, Probe, Step

GONE, UNKNOWN = "gone", "unknown"
"""Status of a key that is not there; status before, of one that was found no longer active."""


class DisableKey(Frozen):
    """Parameters of `disable_key`."""

    key_id: str = Field(min_length=1, description="Id of the key to disable.")
    keep: str = Field(min_length=1, description="Id of the new key, which must be active.")


class Disabled(Frozen):
    """Outputs of `disable_key`."""

    key_id: str = Field(description="Id of the key.")
    status: str = Field(description="Status of the key now; `gone` if it is not there.")
    previous_status: str = Field(
        description="Status before; `unknown` if it was found as it is now."
    )


def disable_key_step(provider: Provider[Switching]) -> Step[DisableKey, Disabled]:
    """Return `disable_key` of a provider."""
    return Step(
        name=f"{provider.name}.disable_{provider.noun}",
        summary="Have a key no longer accepted, as long as the new one is.",
        params=DisableKey,
        outputs=Disabled,
        effect=Effect.REVOKE,
        probe=lambda params, _: _probe(provider, params),
        run=lambda params, call: _run(provider, params, call),
        undo=lambda params, outputs, _: _undo(provider, params, outputs),
        preflight=provider.access(),
        describe=lambda params: _describe(provider, params),
    )


def _describe(provider: Provider[Switching], params: DisableKey) -> str:
    return (
        f"Disables {provider.noun} `{params.key_id}` at {provider.title}, after making sure that "
        f"`{params.keep}` is active. It can be made active again until it is deleted."
    )


def _probe(provider: Provider[Switching], params: DisableKey) -> Probe[Disabled]:
    with provider.connect() as keys:
        found = find(keys.listing(), params.key_id)
    if found is not None and found.is_active:
        return NotYet(f"{found.title} is active")
    return _ended(provider, params, found, UNKNOWN)


def _run(provider: Provider[Switching], params: DisableKey, call: Call) -> Done[Disabled]:
    with provider.connect() as keys:
        every = keys.listing()
        found = find(every, params.key_id)
        if found is None or not found.is_active:
            return _ended(provider, params, found, UNKNOWN)
        stays = survivor(every, params.key_id, params.keep)
        call.report(f"{stays.title} stays active; {found.title} is disabled")
        return _ended(provider, params, keys.switch(params.key_id, active=False), found.status)


def _undo(provider: Provider[Switching], params: DisableKey, outputs: Disabled) -> Disabled:
    if outputs.previous_status != "active":
        raise Refused(
            f"it is not known whether {params.key_id} was active before this run",
            hint=f"Decide in {provider.console} whether it may be made active again.",
        )
    with provider.connect() as keys:
        found = keys.switch(params.key_id, active=True)
    return Disabled(key_id=found.identity, status=found.status, previous_status=outputs.status)


def _ended(
    provider: Provider[Switching], params: DisableKey, found: Key | None, before: str
) -> Done[Disabled]:
    status = GONE if found is None else found.status
    title = params.key_id if found is None else found.title
    outputs = Disabled(key_id=params.key_id, status=status, previous_status=before)
    return Done(outputs, f"{title} is {status} at {provider.name}; before it was {before}")
