"""Exoscale: IAM keys, each a pair of a key and its secret, made and deleted by its API."""

from __future__ import annotations

from functools import partial

from adapters.exoscale.iam import Iam, open_iam
from adapters.exoscale.proving import probe_key_step
from adapters.exoscale.settings import ExoscaleSettings
from adapters.shared.keys.deleting import delete_key_step
from adapters.shared.keys.finding import find_key_step
from adapters.shared.keys.minting import mint_key_step
from adapters.shared.keys.provider import Ability, Offer, Operation, Provider, Way
from engine.step import AnyStep

__all__ = ["OFFER", "ExoscaleSettings", "check", "provider", "steps"]

OFFER = Offer(
    "Exoscale",
    "exoscale.{}_key",
    {
        Operation.MINT: Ability(Way.AUTOMATIC),
        Operation.LIST: Ability(Way.AUTOMATIC),
        Operation.PROBE: Ability(Way.AUTOMATIC),
        Operation.DISABLE: Ability(Way.UNSUPPORTED, "a key is there or it is deleted"),
        Operation.DELETE: Ability(Way.AUTOMATIC),
        Operation.LAST_USED: Ability(
            Way.UNSUPPORTED, "the API tells of events, and not of keys that only read"
        ),
    },
)


def provider(settings: ExoscaleSettings) -> Provider[Iam]:
    """Return Exoscale as the steps for keys see it."""
    return Provider(
        name="exoscale",
        title="Exoscale",
        connect=partial(open_iam, settings),
        console="the Exoscale portal",
        paired=True,
    )


def steps(settings: ExoscaleSettings) -> tuple[AnyStep, ...]:
    """Return what this adapter offers; nothing is opened yet."""
    offered = provider(settings)
    return (
        find_key_step(offered),
        mint_key_step(offered),
        probe_key_step(settings),
        delete_key_step(offered, disabled_first=False),
    )


def check(settings: ExoscaleSettings) -> str:
    """Say that the engine's pair works; raise `Refused` or `Transient` where it does not."""
    return provider(settings).greet()
