"""The steps this adapter offers, on one page."""

from __future__ import annotations

from functools import partial

from adapters.shared.checkout import GitSettings
from adapters.sops.checks import preflight_read, preflight_set
from adapters.sops.identifying import read_identifier_step
from adapters.sops.models import Place, ReadOutputs, ReadParams, SetOutputs, SetParams
from adapters.sops.program import SopsSettings
from adapters.sops.proving import proof_steps
from adapters.sops.readers import reader_steps
from adapters.sops.values import Stores, probe_set, read, set_value, take_back
from engine.step import AnyStep, Effect, Preflight, Repeatable, Step, Store, Untouched


def steps(settings: SopsSettings, git_settings: GitSettings) -> tuple[AnyStep, ...]:
    """Return the steps of this adapter; nothing is opened before one of them is used."""
    stores = Stores(settings, git_settings)
    return (
        *reader_steps(stores),
        *proof_steps(),
        read_identifier_step(stores),
        Step(
            name="sops.set",
            summary="Write a value into an encrypted file, on the pending branch of the run.",
            params=SetParams,
            outputs=SetOutputs,
            effect=Effect.STORE,
            store=Store.TRUTH,
            probe=partial(probe_set, stores),
            run=partial(set_value, stores),
            undo=partial(take_back, stores),
            preflight=Preflight(Place, partial(preflight_set, stores)),
            describe=partial(_describe_set, git_settings),
        ),
        Step(
            name="sops.read",
            summary="Read a value from an encrypted file of the main branch.",
            params=ReadParams,
            outputs=ReadOutputs,
            effect=Effect.OBSERVE,
            probe=Repeatable("reading changes nothing"),
            run=partial(read, stores),
            undo=Untouched("reading changes nothing"),
            preflight=Preflight(ReadParams, partial(preflight_read, stores)),
            describe=lambda params: f"Read the value at `{params.at}`. It is shown to nobody.",
        ),
    )


def _describe_set(git: GitSettings, params: SetParams) -> str:
    verb = "Create" if params.new else "Set or create" if params.create else "Set"
    return (
        f"{verb} the value at `{params.at}`, encrypted, on a branch `{git.pending_prefix}…`. "
        f"`{git.branch}` stays as it is until the change is published."
    )
