"""Every step there is, listed by hand: a new adapter is one new line here, a provider two."""

from __future__ import annotations

from collections.abc import Mapping

from adapters import (
    anthropic,
    bitwarden,
    flux,
    forgejo,
    git,
    http,
    kubernetes,
    manual,
    openrouter,
    secret,
    sops,
    vaultwarden,
)
from adapters.settings import Settings
from adapters.shared.checkout import is_descendant
from adapters.shared.keys.provider import Ability, Keys, Operation, Provider
from engine.step import AnyStep


def registry(settings: Settings) -> dict[str, AnyStep]:
    """Return every step by its name; nothing is opened or contacted."""
    steps = (
        *secret.steps(),
        *manual.steps(),
        *sops.steps(settings.sops, settings.git),
        *git.steps(settings.git, replay=sops.replay(settings.sops)),
        *vaultwarden.steps(settings.vaultwarden),
        *bitwarden.steps(settings.bitwarden),
        *flux.steps(settings.flux, settings.kubernetes, is_descendant(settings.git)),
        *kubernetes.steps(settings.kubernetes),
        *http.steps(settings.http),
        *anthropic.steps(settings.anthropic),
        *openrouter.steps(settings.openrouter),
        *forgejo.steps(settings.forgejo),
    )
    return {step.name: step for step in steps}


def providers(settings: Settings) -> dict[str, Provider[Keys]]:
    """Return every provider that lists keys, by what its step names begin with; none is opened."""
    known: tuple[Provider[Keys], ...] = (
        anthropic.provider(settings.anthropic),
        openrouter.provider(settings.openrouter),
        forgejo.provider(settings.forgejo),
    )
    return {each.name: each for each in known}


def abilities() -> dict[str, Mapping[Operation, Ability]]:
    """Return by each provider's title what can be had of it, and how; docs/providers.md shows it."""
    return {
        "Anthropic": anthropic.ABILITIES,
        "OpenRouter": openrouter.ABILITIES,
        "Forgejo": forgejo.ABILITIES,
    }
