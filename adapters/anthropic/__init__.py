"""Anthropic: which key is ours, whether it is accepted, and the end of the old one.

Keys are made in the console alone; `secret.provide` brings them in.
"""

from __future__ import annotations

from adapters.anthropic.access import greet
from adapters.anthropic.admin import AnthropicSettings
from adapters.anthropic.deactivation import deactivate_key_step
from adapters.anthropic.finding import find_key_step
from adapters.anthropic.proof import probe_key_step
from engine.step import AnyStep

__all__ = ["AnthropicSettings", "check", "steps"]


def steps(settings: AnthropicSettings) -> tuple[AnyStep, ...]:
    """Return what this adapter offers; nothing is opened yet."""
    return (find_key_step(settings), probe_key_step(settings), deactivate_key_step(settings))


def check(settings: AnthropicSettings) -> str:
    """Say that the Admin API key works; raise `Refused` or `Transient` where it does not."""
    return greet(settings)
