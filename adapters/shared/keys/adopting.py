"""`<provider>.adopt_key`: a key that a person has made becomes the run's, which ends it if it is taken back."""

from __future__ import annotations

from pydantic import Field

from adapters.shared.keys.disabling import GONE
from adapters.shared.keys.finding import FindKey, FoundKey, look_for
from adapters.shared.keys.provider import Provider, Switching
from adapters.shared.keys.survivor import find
from engine.errors import Refused
from engine.step import Call, Done, Effect, Repeatable, Step


class AdoptKey(FindKey):
    """Parameters of `adopt_key`."""

    old: str = Field(min_length=1, description="Id of the key in force, which it may not be.")


def adopt_key_step(provider: Provider[Switching]) -> Step[AdoptKey, FoundKey]:
    """Return `adopt_key` of a provider whose keys people make and the engine can disable."""
    return Step(
        name=f"{provider.name}.adopt_key",
        summary="Find the key that a person has made, and disable it if the run is taken back.",
        params=AdoptKey,
        outputs=FoundKey,
        effect=Effect.ADOPT,
        probe=Repeatable("it only lists keys"),
        run=lambda params, call: _run(provider, params, call),
        undo=lambda params, outputs, call: _undo(provider, params, outputs, call),
        preflight=provider.access(),
        describe=lambda params: (
            f"Lists the active keys at {provider.title} and picks the one that the new value fits, "
            f"which may not be `{params.old}`. It is disabled if the run is taken back."
        ),
    )


def _run(provider: Provider[Switching], params: AdoptKey, call: Call) -> Done[FoundKey]:
    found = look_for(provider, params, call)
    _refuse_old(params, found.outputs)
    return found


def _undo(
    provider: Provider[Switching], params: AdoptKey, outputs: FoundKey, call: Call
) -> FoundKey:
    """Disable the key; one that is disabled or gone is left so."""
    _refuse_old(params, outputs)
    with provider.connect() as keys:
        made = find(keys.listing(), outputs.key_id)
        if made is None:
            return outputs.model_copy(update={"status": GONE})
        if made.is_active:
            call.report(f"{made.title} is of this run, which is taken back; it is disabled")
            made = keys.switch(made.identity, active=False)
    return outputs.model_copy(update={"status": made.status})


def _refuse_old(params: AdoptKey, found: FoundKey) -> None:
    if found.key_id == params.old:
        raise Refused(
            f"{found.key_id} ({found.key_name}) is the key in force, and the new one must be another",
            hint="Roll back, make a new key, and bring that.",
        )
