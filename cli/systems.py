"""Every outside system, on one page: how to look at it, and who needs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from adapters import (
    anthropic,
    authentik,
    bitwarden,
    exoscale,
    flux,
    forgejo,
    forgejo_admin,
    git,
    http,
    kubernetes,
    ledger,
    matrix,
    notify,
    odoo,
    openrouter,
    postgres,
    sops,
    stripe,
    vaultwarden,
)
from adapters.kinds import freeze_file
from adapters.platform import Platform
from adapters.settings import EngineSettings, Settings
from adapters.shared.files import read_file, shown_path
from cli.reviewing import look_at_reviews
from cli.server import door
from engine.checks import check_freezes
from engine.errors import Refused
from engine.findings import Invalid, refusal
from engine.freeze import Freezes
from engine.loading import load

ANY = ""
"""Begins the name of every step."""


@dataclass(frozen=True)
class System:
    """One thing that has to work."""

    name: str
    look: Callable[[Platform], str]
    """Return one sentence with the version; raise `Refused` or `Transient` with the next move."""
    is_set: Callable[[Settings], bool]
    """Whether the settings say anything about it."""
    needed_by: tuple[str, ...] = ()
    """Beginnings of the names of the steps that cannot do without it."""
    imports: tuple[str, ...] = ()
    """What a look imports late, to be imported before several looks go on at the same time."""


def _runbooks(platform: Platform) -> str:
    try:
        _ = platform.around
    except Invalid as error:  # it would be told of every runbook, and without its place
        raise refusal(error) from None
    broken = []
    for path in platform.files():
        try:
            platform.read(path)
        except Invalid as error:
            broken.append(f"{path.name}: {error.findings[0].message}")
    if broken:
        raise Refused("; ".join(broken), hint="`runbook validate` says all of it.")
    return f"{len(platform.files())} runbooks are valid"


def _freezes(platform: Platform) -> str:
    file = freeze_file(platform.settings)
    try:
        freezes, source = load(read_file(file, "the list of freezes"), shown_path(file), Freezes)
        wrong = tuple(check_freezes(freezes, source, platform.people))
    except Invalid as error:
        raise refusal(error) from None
    if wrong:
        raise refusal(Invalid(wrong))
    count = len(freezes.freeze)
    return f"{count} time{'s' * (count != 1)} in which changes are frozen"


def _keys(platform: Platform) -> str:
    recipient = platform.seal().recipient
    platform.fingerprint_key()
    told = f"values are sealed for {recipient}, and fingerprints have their key"
    engine = platform.settings.engine
    if engine.accept_claimed and engine.approval_keys_file is None:
        return f"{told}; decisions are claimed"
    keys = ", ".join(str(key.kid)[:8] for key in platform.approval_keys().keys)
    return f"{told}; decisions are verified with the keys {keys}"


def _prefect(_: Platform) -> str:
    opened = door()
    return f"prefect {opened.server_version()} answers at {opened.address()}"


def _has_prefect(_: Settings) -> bool:
    try:
        door()
    except Refused:
        return False
    return True


SYSTEMS = (
    System("runbooks", _runbooks, lambda _: True),
    System("freezes", _freezes, lambda s: s.freeze is not None or freeze_file(s).exists()),
    System("engine keys", _keys, lambda s: s.engine != EngineSettings(), (ANY,)),
    System(
        "ledger",
        lambda p: ledger.check(p.settings.ledger),
        lambda s: s.ledger != ledger.LedgerSettings(),
        (ANY,),
    ),
    System("reviews", look_at_reviews, lambda s: s.ledger != ledger.LedgerSettings(), (ANY,)),
    System("prefect", _prefect, _has_prefect, (ANY,), ("flows.door",)),
    System(
        "sops",
        lambda p: sops.check(p.settings.sops),
        lambda s: s.sops != sops.SopsSettings(),
        ("sops.",),
    ),
    System(
        "git",
        lambda p: git.check(p.settings.git),
        lambda s: s.git != git.GitSettings(),
        ("git.", "sops.", "exposure."),
    ),
    System(
        "vaultwarden",
        lambda p: vaultwarden.check(p.settings.vaultwarden),
        lambda s: s.vaultwarden != vaultwarden.VaultwardenSettings(),
        ("vaultwarden.",),
    ),
    System(
        "bitwarden",
        lambda p: bitwarden.check(p.settings.bitwarden),
        lambda s: s.bitwarden != bitwarden.BitwardenSettings(),
        ("bitwarden.",),
    ),
    System(
        "kubernetes",
        lambda p: kubernetes.check(p.settings.kubernetes),
        lambda s: s.kubernetes != kubernetes.KubernetesSettings(),
        ("kubernetes.", "flux."),
        ("kubernetes",),
    ),
    System(
        "flux",
        lambda p: flux.check(p.settings.flux, cluster=p.settings.kubernetes),
        lambda s: s.flux != flux.FluxSettings(),
        ("flux.",),
        ("kubernetes",),
    ),
    System(
        "http",
        lambda p: http.check(p.settings.http),
        lambda s: s.http != http.HttpSettings(),
        ("http.",),
    ),
    System(
        "vaultwarden admin",
        lambda p: vaultwarden.check_admin(p.settings.vaultwarden),
        lambda s: s.vaultwarden.admin_token_file is not None,
        ("vaultwarden.disable_user",),
    ),
    System(
        "authentik",
        lambda p: authentik.check(p.settings.authentik),
        lambda s: s.authentik != authentik.AuthentikSettings(),
        ("authentik.",),
    ),
    System(
        "forgejo admin",
        lambda p: forgejo_admin.check(p.settings.forgejo_admin),
        lambda s: s.forgejo_admin != forgejo_admin.ForgejoAdminSettings(),
        ("forgejo.suspend_user",),
    ),
    System(
        "anthropic",
        lambda p: anthropic.check(p.settings.anthropic),
        lambda s: s.anthropic != anthropic.AnthropicSettings(),
        ("anthropic.",),
    ),
    System(
        "openrouter",
        lambda p: openrouter.check(p.settings.openrouter),
        lambda s: s.openrouter != openrouter.OpenRouterSettings(),
        ("openrouter.",),
    ),
    System(
        "forgejo",
        lambda p: forgejo.check(p.settings.forgejo),
        lambda s: s.forgejo != forgejo.ForgejoSettings(),
        ("forgejo.find_key", "forgejo.mint_key", "forgejo.probe_key", "forgejo.delete_key"),
    ),
    System(
        "stripe",
        lambda p: stripe.check(p.settings.stripe),
        lambda s: s.stripe != stripe.StripeSettings(),
        ("stripe.",),
    ),
    System(
        "exoscale",
        lambda p: exoscale.check(p.settings.exoscale),
        lambda s: s.exoscale != exoscale.ExoscaleSettings(),
        ("exoscale.",),
    ),
    System(
        "odoo",
        lambda p: odoo.check(p.settings.odoo),
        lambda s: s.odoo != odoo.OdooSettings(),
        ("odoo.",),
    ),
    System(
        "matrix",
        lambda p: matrix.check(p.settings.matrix),
        lambda s: s.matrix != matrix.MatrixSettings(),
        ("matrix.",),
    ),
    System(
        "postgres",
        lambda p: postgres.check(p.settings.postgres),
        lambda s: s.postgres != postgres.PostgresSettings(),
        ("postgres.",),
    ),
    System(
        "notify",
        lambda p: notify.check(p.settings.notify),
        lambda s: s.notify != notify.NotifySettings(),
        (),
        ("apprise",),
    ),
)
"""In the order in which a new platform is set up."""
