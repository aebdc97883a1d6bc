"""Every step there is, listed by hand: a new adapter is one new line here."""

from __future__ import annotations

from adapters import (
    anthropic,
    bitwarden,
    flux,
    git,
    http,
    kubernetes,
    manual,
    postgres,
    secret,
    sops,
    vaultwarden,
)
from adapters.settings import Settings
from adapters.shared.checkout import is_descendant
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
        *postgres.steps(settings.postgres),
    )
    return {step.name: step for step in steps}
