"""Every step there is, listed by hand: a new adapter is one new line here."""

from __future__ import annotations

from adapters import (
    anthropic,
    authentik,
    bitwarden,
    flux,
    forgejo_admin,
    git,
    http,
    kubernetes,
    manual,
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
        *_of_the_platform(settings),
        *sops.steps(settings.sops, settings.git),
        *git.steps(settings.git, replay=sops.replay(settings.sops)),
        *vaultwarden.steps(settings.vaultwarden),
        *bitwarden.steps(settings.bitwarden),
        *flux.steps(settings.flux, settings.kubernetes, is_descendant(settings.git)),
        *kubernetes.steps(settings.kubernetes),
        *http.steps(settings.http),
        *anthropic.steps(settings.anthropic),
        *authentik.steps(settings.authentik),
        *forgejo_admin.steps(settings.forgejo_admin),
    )
    return {step.name: step for step in steps}


def _of_the_platform(settings: Settings) -> tuple[AnyStep, ...]:
    """Return the steps that look at a platform as a whole, the catalogue and its runbooks included."""
    from adapters import exposure  # noqa: PLC0415 - they know the platform, and that knows us
    from adapters.platform import Platform  # noqa: PLC0415

    return exposure.steps(lambda: Platform(settings))
