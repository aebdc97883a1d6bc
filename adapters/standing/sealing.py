"""The one pending value, sealed for the engine, so that a new run can be given it at its gate."""

from __future__ import annotations

from pydantic import SecretStr

from adapters.platform import Platform
from adapters.sops.replacement import equal
from adapters.standing.looking import entry_of, places
from adapters.standing.repository import Pending, Repository, open_repository, pending
from engine.errors import Refused


def seal_pending(platform: Platform, secret_name: str) -> str:
    """Return the armour of the value that waits for main.

    Raises `Refused` unless every branch of a run that changes the secret can be read, and they
    hold one value that main does not; raises as the looks do where git or sops fail.
    """
    seal, settings = platform.seal(), platform.settings
    at, _ = places(entry_of(platform, secret_name))
    with open_repository(settings.sops, settings.git, at) as repository:
        return seal.close(_only(repository, secret_name))


def _only(repository: Repository, secret_name: str) -> SecretStr:
    main = repository.value(repository.checkout.main)
    waiting = [each for each in pending(repository) if not equal(each.value, main)]
    if not waiting:
        raise Refused(f"no value of {secret_name} is pending")
    first = waiting[0].value
    if first is None or not all(equal(each.value, first) for each in waiting):
        raise Refused(
            f"which value of {secret_name} is the pending one cannot be told: {_listed(waiting)}",
            hint="Find out who made each branch, and delete all but one.",
        )
    return first


def _listed(waiting: list[Pending]) -> str:
    told = (f"{each.name}: {each.error.message}" if each.error else each.name for each in waiting)
    return ", ".join(told)
