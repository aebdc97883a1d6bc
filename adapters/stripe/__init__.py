"""Stripe: webhook endpoints with their signing secrets, and whether an API key is alive."""

from __future__ import annotations

from functools import partial

from adapters.shared.keys.deleting import delete_key_step
from adapters.shared.keys.disabling import disable_key_step
from adapters.shared.keys.minting import mint_key_step
from adapters.shared.keys.provider import Ability, Offer, Operation, Provider, Trial, Way
from adapters.shared.keys.proving import probe_key_step
from adapters.stripe.account import try_key
from adapters.stripe.endpoints import Endpoints, open_endpoints
from adapters.stripe.finding import find_webhook_step
from adapters.stripe.proving import probe_webhook_step
from adapters.stripe.settings import StripeSettings
from engine.step import AnyStep

__all__ = ["KEYS", "WEBHOOKS", "StripeSettings", "check", "steps"]

WEBHOOKS = Offer(
    "Stripe webhooks",
    "stripe.{}_webhook",
    {
        Operation.MINT: Ability(Way.AUTOMATIC),
        Operation.LIST: Ability(Way.AUTOMATIC),
        Operation.PROBE: Ability(Way.AUTOMATIC),
        Operation.DISABLE: Ability(Way.AUTOMATIC),
        Operation.DELETE: Ability(Way.AUTOMATIC),
        Operation.LAST_USED: Ability(
            Way.UNSUPPORTED, "the API tells of events and not of secrets; the dashboard has a log"
        ),
    },
)

KEYS = Offer(
    "Stripe API keys",
    "stripe.{}_key",
    {
        Operation.MINT: Ability(Way.MANUAL, "a key is made in the dashboard"),
        Operation.LIST: Ability(Way.MANUAL, "the dashboard shows the keys; no released API does"),
        Operation.PROBE: Ability(Way.AUTOMATIC),
        Operation.DISABLE: Ability(Way.UNSUPPORTED, "a key lives until it expires"),
        Operation.DELETE: Ability(Way.MANUAL, "a key is expired in the dashboard"),
        Operation.LAST_USED: Ability(Way.MANUAL, "the dashboard shows when a key was last used"),
    },
)


def webhooks(settings: StripeSettings) -> Provider[Endpoints]:
    """Return Stripe's webhook endpoints as the steps for keys see them."""
    return Provider(
        name="stripe",
        noun="webhook",
        title="Stripe",
        connect=partial(open_endpoints, settings),
        console="the Stripe dashboard",
    )


def steps(settings: StripeSettings) -> tuple[AnyStep, ...]:
    """Return what this adapter offers; nothing is opened yet."""
    offered = webhooks(settings)
    return (
        find_webhook_step(offered),
        mint_key_step(offered),
        probe_webhook_step(offered),
        disable_key_step(offered),
        delete_key_step(offered, disabled_first=True),
        probe_key_step(offered, Trial(partial(try_key, settings), "asks for the balance")),
    )


def check(settings: StripeSettings) -> str:
    """Say that the key works; raise `Refused` or `Transient` where it does not."""
    return webhooks(settings).greet()
