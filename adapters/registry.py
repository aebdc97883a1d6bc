"""Every step there is, listed by hand: a new adapter is one new line here, a provider two."""

from __future__ import annotations

from adapters import (
    anthropic,
    authentik,
    bitwarden,
    catalogue,
    exoscale,
    flux,
    forgejo,
    forgejo_admin,
    git,
    http,
    kubernetes,
    manual,
    matrix,
    odoo,
    openrouter,
    postgres,
    secret,
    sops,
    stripe,
    tpp,
    vaultwarden,
)
from adapters.settings import Settings
from adapters.shared.checkout import is_descendant
from adapters.shared.keys.provider import Keys, Offer, Provider
from engine.step import AnyStep


def registry(settings: Settings) -> dict[str, AnyStep]:
    """Return every step by its name; nothing is opened or contacted."""
    steps = (
        *secret.steps(),
        *manual.steps(),
        *_of_the_platform(settings),
        *sops.steps(settings.sops, settings.git),
        *catalogue.steps(settings.git, settings.catalogue),
        *git.steps(settings.git, replay=catalogue.replay(settings.git, sops.replay(settings.sops))),
        *vaultwarden.steps(settings.vaultwarden),
        *bitwarden.steps(settings.bitwarden),
        *flux.steps(settings.flux, settings.kubernetes, is_descendant(settings.git)),
        *kubernetes.steps(settings.kubernetes),
        *http.steps(settings.http),
        *anthropic.steps(settings.anthropic),
        *authentik.steps(settings.authentik),
        *forgejo_admin.steps(settings.forgejo_admin),
        *openrouter.steps(settings.openrouter),
        *forgejo.steps(settings.forgejo),
        *stripe.steps(settings.stripe),
        *exoscale.steps(settings.exoscale),
        *odoo.steps(settings.odoo),
        *matrix.steps(settings.matrix),
        *postgres.steps(settings.postgres),
    )
    return {step.name: step for step in steps}


def _of_the_platform(settings: Settings) -> tuple[AnyStep, ...]:
    """Return the steps that look at a platform as a whole, the catalogue and its runbooks included."""
    from adapters import exposure  # noqa: PLC0415 - they know the platform, and that knows us
    from adapters.certificates import stopped_renewal  # noqa: PLC0415
    from adapters.platform import Platform  # noqa: PLC0415

    return (
        *tpp.steps(lambda slot: stopped_renewal(Platform(settings), slot)),
        *exposure.steps(lambda: Platform(settings)),
    )


def providers(settings: Settings) -> dict[str, Provider[Keys]]:
    """Return every provider that lists keys, by what its step names begin with; none is opened."""
    known: tuple[Provider[Keys], ...] = (
        anthropic.provider(settings.anthropic),
        openrouter.provider(settings.openrouter),
        forgejo.provider(settings.forgejo),
        exoscale.provider(settings.exoscale),
    )
    return {each.name: each for each in known}


def offers() -> tuple[Offer, ...]:
    """Return what can be had of each provider, and how; docs/providers.md shows it."""
    return (
        anthropic.OFFER,
        openrouter.OFFER,
        forgejo.OFFER,
        stripe.WEBHOOKS,
        stripe.KEYS,
        exoscale.OFFER,
        odoo.OFFER,
        matrix.OFFER,
    )
