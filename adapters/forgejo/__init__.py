"""Forgejo: access tokens of one account, made and deleted under its password."""

from __future__ import annotations

from functools import partial

from adapters.forgejo.settings import ForgejoSettings
from adapters.forgejo.tokens import Tokens, open_tokens, try_value
from adapters.shared.keys.deleting import delete_key_step
from adapters.shared.keys.finding import find_key_step
from adapters.shared.keys.minting import mint_key_step
from adapters.shared.keys.provider import Ability, Offer, Operation, Provider, Trial, Way
from adapters.shared.keys.proving import probe_key_step
from engine.step import AnyStep

__all__ = ["OFFER", "ForgejoSettings", "check", "provider", "steps"]

OFFER = Offer(
    "Forgejo",
    "forgejo.{}_key",
    {
        Operation.MINT: Ability(Way.AUTOMATIC),
        Operation.LIST: Ability(Way.AUTOMATIC),
        Operation.PROBE: Ability(Way.AUTOMATIC),
        Operation.DISABLE: Ability(Way.UNSUPPORTED, "a token is there or it is deleted"),
        Operation.DELETE: Ability(Way.AUTOMATIC),
        Operation.LAST_USED: Ability(Way.UNSUPPORTED, "the API does not tell it"),
    },
)


def provider(settings: ForgejoSettings) -> Provider[Tokens]:
    """Return Forgejo as the steps for keys see it."""
    return Provider(
        name="forgejo",
        title="Forgejo",
        connect=partial(open_tokens, settings),
        console="the settings of the Forgejo account",
    )


def steps(settings: ForgejoSettings) -> tuple[AnyStep, ...]:
    """Return what this adapter offers; nothing is opened yet."""
    offered = provider(settings)
    return (
        find_key_step(offered),
        mint_key_step(offered),
        probe_key_step(offered, Trial(partial(try_value, settings), "asks who it is")),
        delete_key_step(offered, disabled_first=False),
    )


def check(settings: ForgejoSettings) -> str:
    """Say that the password works; raise `Refused` or `Transient` where it does not."""
    return provider(settings).greet()
