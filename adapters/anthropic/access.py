"""The check before a run that the Admin API key works at all."""

from __future__ import annotations

from adapters.anthropic.admin import AnthropicSettings, open_admin
from engine.step import Nothing, Preflight


def access(settings: AnthropicSettings) -> Preflight[Nothing]:
    """Return a preflight that needs no parameters."""
    return Preflight(Nothing, lambda _: greet(settings))


def greet(settings: AnthropicSettings) -> str:
    """Say that the provider lists its keys to us; raise `Refused` or `Transient` if it does not."""
    with open_admin(settings) as admin:
        count = admin.count_page()
    return (
        f"anthropic answers with API version {settings.version} "
        f"and lists at least {count} keys to the Admin API key"
    )
