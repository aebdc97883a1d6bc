"""All looks at one secret, at the same time, so that what is seen is of about one moment."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from adapters.platform import Platform
from adapters.registry import providers
from adapters.shared.checkout import GitSettings
from adapters.shared.keys.provider import Keys, Provider
from adapters.sops import SopsLocation
from adapters.standing import cluster, database, provider, repository, vault
from adapters.standing.sighting import Fingerprint, joined
from adapters.vaultwarden import VaultwardenLocation
from engine.catalogue import Secret
from engine.errors import Refused, RunbookError
from engine.inputs import eligible
from engine.references import look_up, substitute
from engine.runbook import Runbook
from engine.secrets import fingerprint
from engine.standing import Standing

PLACES = ("sops", "vaultwarden", "kubernetes", "postgres")
"""Parts of a catalogue entry that say where the value is."""

P = TypeVar("P", bound=BaseModel)


def standings(platform: Platform, secret_name: str) -> tuple[Standing, ...]:
    """Return where one secret of the catalogue stands, everywhere it is known to live.

    Nothing is changed. A place that cannot be read is told with its reason. Raises `Refused` for
    a secret that is not in the catalogue, and where there is no key for fingerprints.
    """
    entry = entry_of(platform, secret_name)
    settings, name = platform.settings, fingerprint_in(platform, secret_name)
    sops_at, vault_at = places(entry)
    asked = _provider_of(platform, secret_name)
    with ThreadPoolExecutor(4) as pool:
        git = pool.submit(repository.look, settings.sops, settings.git, sops_at, name)
        item = pool.submit(vault.look, settings.vaultwarden, vault_at, name)
        inside = [
            pool.submit(cluster.look, settings.kubernetes, place, name) for place in entry.places
        ]
        keys = pool.submit(provider.list_active, asked) if asked else None
        found = joined(git.result(), item.result(), *(each.result() for each in inside))
        if asked is not None and keys is not None:
            told = provider.compared(asked.title, keys.result(), found.values)
            found = joined(found, told)
        if entry.postgres is not None:
            found = joined(found, database.look(settings.postgres, entry.postgres, found.values))
    return found.standings


def can_look(platform: Platform) -> bool:
    """Tell whether the settings name what a look needs; nothing is contacted."""
    settings = platform.settings
    return settings.engine.fingerprint_key_file is not None and settings.git != GitSettings()


def entry_of(platform: Platform, secret_name: str) -> Secret:
    """Return the catalogue's entry with the platform's facts put in; raise `Refused` if there is none."""
    entry = platform.catalogue.secrets.get(secret_name)
    if entry is None:
        known = ", ".join(platform.catalogue.secrets)
        raise Refused(f"the catalogue has no {secret_name}", hint=f"There are: {known}.")
    facts = {"platform": platform.settings.platform}
    named = {name: getattr(entry, name) for name in PLACES if getattr(entry, name) is not None}

    def settle(place: P) -> P:
        told = substitute(place.model_dump(), lambda parts: look_up(facts, parts))
        return type(place).model_validate(told)

    try:
        settled: dict[str, Any] = {name: settle(place) for name, place in named.items()}
        settled["consumers"] = {
            name: each.model_copy(update={"kubernetes": settle(each.kubernetes)})
            for name, each in entry.consumers.items()
        }
    except (KeyError, ValidationError):
        pass  # told below; the error of a model is longer than its reader has time for
    else:
        return entry.model_copy(update=settled)
    raise Refused(
        f"the catalogue's entry {secret_name} refers to a fact that is not there, or is no place",
        hint="`runbook validate` says where.",
    )


def fingerprint_in(platform: Platform, secret_name: str) -> Fingerprint:
    """Return the fingerprint runs of this secret use; raise `Refused` if its key is not there.

    Both halves of a pair have the scope of the secret, which is what the runs are about.
    """
    key = platform.fingerprint_key()
    scope = platform.catalogue.lead_of(secret_name)
    return lambda value: fingerprint(key.get_secret_value().encode(), scope, value)


def places(entry: Secret) -> tuple[SopsLocation, VaultwardenLocation]:
    """Return where the two stores keep it; raise `Refused` for a place that cannot be."""
    try:
        return (
            SopsLocation.model_validate(entry.sops.model_dump()),
            VaultwardenLocation.model_validate(entry.vaultwarden.model_dump()),
        )
    except ValidationError as error:
        wrong = "; ".join(each["msg"] for each in error.errors(include_input=False))
    raise Refused(f"the catalogue names no usable place for it: {wrong}")


def runbooks_for(platform: Platform, secret_name: str) -> tuple[Runbook, ...]:
    """Return the valid runbooks about this secret; where it has none, those that take any secret.

    Those about a secret are about its identifier too.
    """
    return _about(platform, tuple(_valid(platform)), secret_name)


def rotations_of(platform: Platform, secret_name: str) -> tuple[Runbook, ...]:
    """Return the runbooks that put a new value where this secret has one.

    What only puts a value where none is yet is none of them, and so is what the entry of the secret
    does not fit.
    """
    return _rotations(platform, tuple(_valid(platform)), secret_name)


def all_rotations(platform: Platform) -> dict[str, tuple[Runbook, ...]]:
    """Return the same for every secret of the catalogue; each runbook is read once."""
    known = tuple(_valid(platform))
    return {name: _rotations(platform, known, name) for name in platform.catalogue.secrets}


def rotation_names(platform: Platform) -> dict[str, str]:
    """Return by secret the first runbook that rotates it, empty where none does."""
    return {
        name: next((each.runbook for each in found), "")
        for name, found in all_rotations(platform).items()
    }


def _rotations(
    platform: Platform, known: tuple[Runbook, ...], secret_name: str
) -> tuple[Runbook, ...]:
    lead = platform.catalogue.lead_of(secret_name)
    return tuple(
        runbook
        for runbook in _about(platform, known, secret_name)
        if not any(step.with_.get("new") is True for step in runbook.steps)
        and (runbook.secret == lead or secret_name in eligible(runbook, platform.catalogue))
    )


def _about(platform: Platform, known: tuple[Runbook, ...], secret_name: str) -> tuple[Runbook, ...]:
    lead = platform.catalogue.lead_of(secret_name)
    own = tuple(runbook for runbook in known if runbook.secret == lead)
    return own or tuple(runbook for runbook in known if runbook.secret.startswith("${{"))


def _provider_of(platform: Platform, secret_name: str) -> Provider[Keys] | None:
    """Return the provider of which a runbook of this secret uses a step; it says whose key it is.

    Where its keys are known by the identifier of a pair, it is asked about that half alone.
    """
    known, lead = providers(platform.settings), platform.catalogue.lead_of(secret_name)
    used = (
        step.uses.partition(".")[0]
        for runbook in _valid(platform)
        if runbook.secret == lead
        for step in runbook.steps
    )
    found = next((known[name] for name in used if name in known), None)
    return found if found is not None and found.paired == (lead != secret_name) else None


def _valid(platform: Platform) -> Iterator[Runbook]:
    for path in platform.files():
        with suppress(RunbookError):
            yield platform.read(path)
