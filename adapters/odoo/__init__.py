"""Odoo: keys of one user, made and ended under a key of the same user."""

from __future__ import annotations

from functools import partial

from adapters.odoo.api import greet, try_value
from adapters.odoo.deleting import delete_key_step
from adapters.odoo.finding import find_key_step
from adapters.odoo.lost import no_lost_keys_step
from adapters.odoo.minting import mint_key_step
from adapters.odoo.settings import OdooSettings
from adapters.shared.keys.provider import Ability, Named, Offer, Operation, Trial, Way
from adapters.shared.keys.proving import probe_key_step
from engine.step import AnyStep

__all__ = ["OFFER", "OdooSettings", "check", "steps"]

OFFER = Offer(
    "Odoo",
    "odoo.{}_key",
    {
        Operation.MINT: Ability(Way.AUTOMATIC),
        Operation.LIST: Ability(Way.AUTOMATIC),
        Operation.PROBE: Ability(Way.AUTOMATIC),
        Operation.DISABLE: Ability(Way.UNSUPPORTED, "a key is there or it is removed"),
        Operation.DELETE: Ability(Way.AUTOMATIC),
        Operation.LAST_USED: Ability(Way.UNSUPPORTED, "Odoo does not record it"),
    },
)

_ODOO = Named(name="odoo", title="Odoo", console="the preferences of the user in Odoo")


def steps(settings: OdooSettings) -> tuple[AnyStep, ...]:
    """Return what this adapter offers; nothing is opened yet."""
    trial = Trial(partial(try_value, settings), "asks whose it is")
    return (
        find_key_step(settings),
        mint_key_step(settings),
        probe_key_step(_ODOO, trial),
        delete_key_step(settings, trial),
        no_lost_keys_step(settings),
    )


def check(settings: OdooSettings) -> str:
    """Say which Odoo answers; raise `Refused` or `Transient` where none does that we can use."""
    return greet(settings)
