"""OpenRouter: keys made, disabled and deleted by its management API."""

from __future__ import annotations

from functools import partial

from adapters.openrouter.management import Management, open_management, try_value
from adapters.openrouter.settings import OpenRouterSettings
from adapters.shared.keys.deleting import delete_key_step
from adapters.shared.keys.disabling import disable_key_step
from adapters.shared.keys.finding import find_key_step
from adapters.shared.keys.minting import mint_key_step
from adapters.shared.keys.provider import Ability, Offer, Operation, Provider, Trial, Way
from adapters.shared.keys.proving import probe_key_step
from engine.step import AnyStep

__all__ = ["OFFER", "OpenRouterSettings", "check", "provider", "steps"]

OFFER = Offer(
    "OpenRouter",
    "openrouter.{}_key",
    {
        Operation.MINT: Ability(Way.AUTOMATIC),
        Operation.LIST: Ability(Way.AUTOMATIC),
        Operation.PROBE: Ability(Way.AUTOMATIC),
        Operation.DISABLE: Ability(Way.AUTOMATIC),
        Operation.DELETE: Ability(Way.AUTOMATIC),
        Operation.LAST_USED: Ability(
            Way.UNSUPPORTED, "it tells what a key has spent, and not when it was last used"
        ),
    },
)


def provider(settings: OpenRouterSettings) -> Provider[Management]:
    """Return OpenRouter as the steps for keys see it."""
    return Provider(
        name="openrouter",
        title="OpenRouter",
        connect=partial(open_management, settings),
        console="the OpenRouter settings",
    )


def steps(settings: OpenRouterSettings) -> tuple[AnyStep, ...]:
    """Return what this adapter offers; nothing is opened yet."""
    offered = provider(settings)
    return (
        find_key_step(offered),
        mint_key_step(offered),
        probe_key_step(offered, Trial(partial(try_value, settings), "asks what it may do")),
        disable_key_step(offered),
        delete_key_step(offered, disabled_first=True),
    )


def check(settings: OpenRouterSettings) -> str:
    """Say that the management key works; raise `Refused` or `Transient` where it does not."""
    return provider(settings).greet()
