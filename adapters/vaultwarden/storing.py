"""`vaultwarden.set`: whether the vault holds the value, putting it there, and putting it back."""

from __future__ import annotations

from pydantic import SecretStr

from adapters.shared.late import landed
from adapters.vaultwarden.api import open_api
from adapters.vaultwarden.cipher import ORIGIN, entry_prefix
from adapters.vaultwarden.item import NOTES, PASSWORD, Item, same
from adapters.vaultwarden.location import check_field, find_item, require_item
from adapters.vaultwarden.models import SetOutputs, SetParams
from adapters.vaultwarden.settings import VaultwardenSettings
from adapters.vaultwarden.vault import Vault, read_vault
from adapters.vaultwarden.writing import create, trash, write
from engine.errors import Refused
from engine.step import Call, Done, NotYet, Probe, Unclear


def probe_set(settings: VaultwardenSettings, params: SetParams, call: Call) -> Probe[SetOutputs]:
    """Look whether the field holds the value; a value nobody announced is for a person to judge."""
    with open_api(settings) as api:
        item = _target(read_vault(api, settings), params)
    if item is None:
        return NotYet(f"there is no item {params.at.item!r} yet; it will be created")
    if params.new and not _is_made_by(item, call):
        return Unclear(_taken(item, params))
    held = item.read(params.at.field)
    if held is None:
        return NotYet(f"{item} holds nothing in {params.at.field!r}")
    if same(held, params.value):
        return _done(item, params, call, _previous(item, params))
    if _is_foreign(held, params):
        return Unclear(_foreign(item, held, params, call))
    return NotYet(f"{item} holds {call.fingerprint(held)} instead")


def set_value(settings: VaultwardenSettings, params: SetParams, call: Call) -> Done[SetOutputs]:
    """Put the value into the field, and the old one in front of the item's history."""
    with open_api(settings) as api:
        vault = read_vault(api, settings)
        item = _target(vault, params)
        if item is None:
            made = landed(
                lambda: create(api, vault, params.at, params.value, call.run),
                lambda: find_item(read_vault(api, settings), params.at) is not None,
            )
            return _done(made, params, call, None)
        if params.new and not _is_made_by(item, call):
            raise Refused(_taken(item, params), hint="Find out who made it, and why.")
        held = item.read(params.at.field)
        if held is not None and same(held, params.value):
            return _done(item, params, call, _previous(item, params))
        if held is not None and _is_foreign(held, params):
            raise Refused(
                _foreign(item, held, params, call), hint="Find out who changed it, and why."
            )
        written = write(api, vault, item, params.at.field, params.value)
    return _done(written, params, call, held or SecretStr(""))


def take_back(
    settings: VaultwardenSettings, params: SetParams, outputs: SetOutputs, call: Call
) -> SetOutputs:
    """Put the previous value back, or move the item to the trash if this run made it."""
    with open_api(settings) as api:
        vault = read_vault(api, settings)
        item = next((item for item in vault.items if item.id == outputs.item), None)
        if item is None and outputs.created:
            return _after(outputs, outputs.revision, "")
        item = item or require_item(vault, params.at)
        if not outputs.created and outputs.previous is None:
            raise Refused(
                f"what {params.at.field!r} of {item} held before is not known",
                hint="Put it back by hand, from the item's history in the vault.",
            )
        before = outputs.previous or None
        if not _holds_either(item, params, before):
            raise Refused(
                f"{params.at.field!r} of {item} was changed since, so nothing was put back",
                hint="Find out who changed it; put the old value back by hand if it is right.",
            )
        if outputs.created:
            trash(api, item)
            return _after(outputs, item.revision, "")
        restored = write(api, vault, item, params.at.field, before)
    return _after(outputs, restored.revision, call.fingerprint(before) if before else "")


def _target(vault: Vault, params: SetParams) -> Item | None:
    """Return the item to write; None if it may be created; raise `Refused` otherwise."""
    creates = params.create or params.new
    item = find_item(vault, params.at) if creates else require_item(vault, params.at)
    if item is not None:
        check_field(item, params.at, create=creates)
    return item


def _done(
    item: Item, params: SetParams, call: Call, previous: SecretStr | None
) -> Done[SetOutputs]:
    shown = call.fingerprint(params.value)
    outputs = SetOutputs(
        item=item.id,
        revision=item.revision,
        fingerprint=shown,
        created=_is_made_by(item, call),
        previous=previous,
    )
    evidence = (
        f"{item} in {params.at.collection!r} holds {shown} in {params.at.field!r}, "
        f"revision {item.revision}"
    )
    return Done(outputs, evidence)


def _is_made_by(item: Item, call: Call) -> bool:
    return item.holds(ORIGIN, SecretStr(call.run))


def _previous(item: Item, params: SetParams) -> SecretStr | None:
    """Return the value that ours came in place of; else what the history last says of this field.

    The history may lack it: a long value does not fit in there.
    """
    if params.replaces is not None:
        return params.replaces
    prefix = entry_prefix(params.at.field)
    others = tuple(f"{name}: " for name in (*item.field_names(), NOTES) if name != PASSWORD)
    for entry in item.history():
        clear = entry.get_secret_value()
        if clear.startswith(prefix) if prefix else not clear.startswith(others):
            return SecretStr(clear.removeprefix(prefix))
    return None


def _is_foreign(held: SecretStr, params: SetParams) -> bool:
    return params.replaces is not None and not same(held, params.replaces)


def _foreign(item: Item, held: SecretStr, params: SetParams, call: Call) -> str:
    old = call.fingerprint(params.replaces) if params.replaces else ""
    return (
        f"{item} holds {call.fingerprint(held)}, which is neither the old value {old} nor the "
        f"new one {call.fingerprint(params.value)}: somebody changed it"
    )


def _holds_either(item: Item, params: SetParams, before: SecretStr | None) -> bool:
    held = item.read(params.at.field)
    if held is None:
        return before is None
    return same(held, params.value) or (before is not None and same(held, before))


def _taken(item: Item, params: SetParams) -> str:
    return f"{item} is in {params.at.collection!r} already, had to be new, and is not of this run"


def _after(outputs: SetOutputs, revision: str, shown: str) -> SetOutputs:
    return SetOutputs(item=outputs.item, revision=revision, fingerprint=shown)
