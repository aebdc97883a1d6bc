"""The step this adapter offers."""

from __future__ import annotations

from functools import partial

from adapters.bitwarden.client import Opener, open_secrets
from adapters.bitwarden.models import Place, SetOutputs, SetParams
from adapters.bitwarden.project import open_project
from adapters.bitwarden.settings import BitwardenSettings
from adapters.bitwarden.storing import preflight_set, probe_set, set_value, take_back
from engine.step import AnyStep, Effect, Preflight, Step, Store


def steps(settings: BitwardenSettings, opener: Opener = open_secrets) -> tuple[AnyStep, ...]:
    """Return the steps of this adapter; nothing is imported or opened before one is used."""
    door = partial(open_project, settings, opener)
    return (
        Step(
            name="bitwarden.set",
            summary="Write a value into Bitwarden Secrets Manager.",
            params=SetParams,
            outputs=SetOutputs,
            effect=Effect.STORE,
            store=Store.MIRROR,
            probe=partial(probe_set, door),
            run=partial(set_value, door),
            undo=partial(take_back, door),
            preflight=Preflight(Place, partial(preflight_set, door)),
            describe=lambda params: f"Set the secret `{params.at}` in Bitwarden Secrets Manager.",
        ),
    )
