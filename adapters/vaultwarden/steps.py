"""The steps this adapter offers, on one page."""

from __future__ import annotations

from functools import partial

from adapters.vaultwarden.admin import disable_user_step
from adapters.vaultwarden.checks import preflight_match, preflight_read, preflight_set
from adapters.vaultwarden.models import (
    At,
    MatchOutputs,
    MatchParams,
    Place,
    ReadOutputs,
    SetOutputs,
    SetParams,
)
from adapters.vaultwarden.reading import matches, read
from adapters.vaultwarden.settings import VaultwardenSettings
from adapters.vaultwarden.storing import probe_set, set_value, take_back
from engine.step import AnyStep, Effect, Preflight, Repeatable, Step, Store, Untouched


def steps(settings: VaultwardenSettings) -> tuple[AnyStep, ...]:
    """Return the steps of this adapter; nothing is opened before one of them is used."""
    return (
        disable_user_step(settings),
        Step(
            name="vaultwarden.set",
            summary="Write a value into an item of the vault and keep the old one in its history.",
            params=SetParams,
            outputs=SetOutputs,
            effect=Effect.STORE,
            store=Store.MIRROR,
            probe=partial(probe_set, settings),
            run=partial(set_value, settings),
            undo=partial(take_back, settings),
            preflight=Preflight(Place, partial(preflight_set, settings)),
            describe=_describe_set,
        ),
        Step(
            name="vaultwarden.read",
            summary="Read a value from an item of the vault.",
            params=At,
            outputs=ReadOutputs,
            effect=Effect.OBSERVE,
            probe=Repeatable("reading changes nothing"),
            run=partial(read, settings),
            undo=Untouched("reading changes nothing"),
            preflight=Preflight(At, partial(preflight_read, settings)),
            describe=lambda params: f"Read the value at `{params.at}`. It is shown to nobody.",
        ),
        Step(
            name="vaultwarden.matches",
            summary="Prove that an item of the vault holds exactly this value.",
            params=MatchParams,
            outputs=MatchOutputs,
            effect=Effect.VERIFY,
            probe=Repeatable("comparing changes nothing"),
            run=partial(matches, settings),
            undo=Untouched("comparing changes nothing"),
            preflight=Preflight(At, partial(preflight_match, settings)),
            describe=lambda params: f"Compare the value at `{params.at}` with the one in hand.",
        ),
    )


def _describe_set(params: SetParams) -> str:
    if params.new:
        return f"Create the item at `{params.at}` in Vaultwarden, with the value in it."
    verb = "Set or create" if params.create else "Set"
    return (
        f"{verb} the value at `{params.at}` in Vaultwarden. The old value goes to the front of the "
        "item's password history; notes, other fields and collections stay."
    )
