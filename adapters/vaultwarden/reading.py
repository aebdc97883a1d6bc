"""`vaultwarden.read` and `vaultwarden.matches`: looking at one value, and proving it is the one."""

from __future__ import annotations

from pydantic import SecretStr

from adapters.vaultwarden.api import open_api
from adapters.vaultwarden.item import Item, same
from adapters.vaultwarden.location import VaultwardenLocation, check_field, require_item
from adapters.vaultwarden.models import At, MatchOutputs, MatchParams, ReadOutputs
from adapters.vaultwarden.settings import VaultwardenSettings
from adapters.vaultwarden.vault import read_vault
from engine.errors import NotConverged, Refused
from engine.step import Call, Done


def read(settings: VaultwardenSettings, params: At, call: Call) -> Done[ReadOutputs]:
    """Return the value; raise `Refused` if there is none."""
    item, value = _look(settings, params.at)
    shown = call.fingerprint(value)
    return Done(
        ReadOutputs(value=value, fingerprint=shown, revision=item.revision),
        f"{item} holds {shown} in {params.at.field!r}, revision {item.revision}",
    )


def matches(settings: VaultwardenSettings, params: MatchParams, call: Call) -> Done[MatchOutputs]:
    """Return evidence that the value is there; raise `NotConverged` if another one is."""
    item, held = _look(settings, params.at)
    found, wanted = call.fingerprint(held), call.fingerprint(params.value)
    if not same(held, params.value):
        raise NotConverged(
            f"{item} holds {found} in {params.at.field!r}, not {wanted}",
            hint="Set it again, or find out who changed it.",
        )
    return Done(
        MatchOutputs(fingerprint=found, revision=item.revision),
        f"{item} holds {found} in {params.at.field!r} and {wanted} was wanted: they are equal, "
        f"revision {item.revision}",
    )


def _look(settings: VaultwardenSettings, at: VaultwardenLocation) -> tuple[Item, SecretStr]:
    with open_api(settings) as api:
        item = require_item(read_vault(api, settings), at)
    check_field(item, at, create=False)
    value = item.read(at.field)
    if value is None:
        raise Refused(f"{item} holds nothing in {at.field!r}", hint="Set a value first.")
    return item, value
