"""The age of every secret of the catalogue, from the history of the encrypted files."""

from __future__ import annotations

from datetime import datetime

from adapters.drift.comparing import LOOKER
from adapters.drift.history import Origin, open_history
from adapters.drift.places import Places, settle
from adapters.platform import Platform
from adapters.shared.checkout import Checkout, open_checkout
from adapters.sops.document import parse
from adapters.sops.program import Sops, open_sops
from engine.ages import Age
from engine.errors import RunbookError


def read_ages(platform: Platform) -> tuple[Age, ...]:
    """Return how old the value of every secret is, in the order of the catalogue.

    One that cannot be told says why. Raises `Refused` or `Transient` where the repository as a
    whole cannot be read.
    """
    places = settle(platform)
    sops = open_sops(platform.settings.sops)
    found: dict[str, Age] = {name: Age(name, unknown=why) for name, why in places.faults.items()}
    with open_checkout(platform.settings.git, LOOKER) as checkout:
        for file in places.files:
            found |= _in_file(platform, sops, checkout, places, file)
    return tuple(found[name] for name in platform.catalogue.secrets)


def _in_file(
    platform: Platform, sops: Sops, checkout: Checkout, places: Places, file: str
) -> dict[str, Age]:
    wanted = {name: at.path for name, at in places.sops.items() if at.file == file}
    history = open_history(platform, sops, checkout, file)
    try:
        _refuse_stump(checkout, file)
        origins = history.origins(set(wanted.values()))
    except RunbookError as error:
        limits = {name: platform.catalogue.secrets[name].max_age for name in wanted}
        return {
            name: Age(name, max_age=limit, unknown=error.message) for name, limit in limits.items()
        }
    return {name: _age(platform, name, origins.get(path)) for name, path in wanted.items()}


def _refuse_stump(checkout: Checkout, file: str) -> None:
    """Raise `Refused` for a file that is no sops file on main now; of one that is gone nothing is said.

    Its last whole version is not what is in force.
    """
    raw = checkout.content(checkout.main, file)
    if raw is not None:
        parse(raw, file)


def _age(platform: Platform, name: str, origin: Origin | None) -> Age:
    limit = platform.catalogue.secrets[name].max_age
    if origin is None or not origin.at:
        return Age(name, max_age=limit, unknown="main has no encrypted value of it")
    since = datetime.fromisoformat(origin.at)
    return Age(name, since, is_exact=origin.is_exact, max_age=limit)
