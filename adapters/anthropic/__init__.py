"""Anthropic: which key is ours, whether it is accepted, and the end of the old one.

Keys are made in the console alone; `secret.provide` brings them in.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from pydantic import SecretStr

from adapters.anthropic.access import access, greet
from adapters.anthropic.admin import WHAT, Admin, AnthropicSettings, open_admin, open_client
from adapters.anthropic.deactivation import deactivate_key_step
from adapters.shared import http
from adapters.shared.keys.adopting import adopt_key_step
from adapters.shared.keys.finding import find_key_step
from adapters.shared.keys.provider import Ability, Offer, Operation, Provider, Trial, Way
from adapters.shared.keys.proving import probe_key_step
from engine.step import AnyStep

__all__ = ["OFFER", "AnthropicSettings", "check", "provider", "steps"]

OFFER = Offer(
    "Anthropic",
    "anthropic.{}_key",
    {
        Operation.MINT: Ability(Way.MANUAL, "keys are made in the console alone"),
        Operation.LIST: Ability(Way.AUTOMATIC),
        Operation.PROBE: Ability(Way.AUTOMATIC),
        Operation.DISABLE: Ability(Way.AUTOMATIC),
        Operation.DELETE: Ability(Way.MANUAL, "a key is archived in the console, which is final"),
        Operation.LAST_USED: Ability(Way.UNSUPPORTED, "the Admin API does not tell it"),
    },
)


def provider(settings: AnthropicSettings) -> Provider[Admin]:
    """Return Anthropic as the steps for keys see it."""
    return Provider(
        name=WHAT,
        title="Anthropic",
        connect=partial(open_admin, settings),
        console="the Anthropic console",
    )


def steps(settings: AnthropicSettings) -> tuple[AnyStep, ...]:
    """Return what this adapter offers; nothing is opened yet."""
    offered = provider(settings)
    return (
        replace(find_key_step(offered), preflight=access(settings)),
        replace(adopt_key_step(offered), preflight=access(settings)),
        probe_key_step(offered, Trial(partial(_try_value, settings), "lists models")),
        deactivate_key_step(settings),
    )


def check(settings: AnthropicSettings) -> str:
    """Say that the Admin API key works; raise `Refused` or `Transient` where it does not."""
    return greet(settings)


def _try_value(settings: AnthropicSettings, value: SecretStr) -> int:
    with open_client(settings, value) as opened:
        return http.send(opened, "GET", "/v1/models", what=WHAT, params={"limit": "1"}).status_code
