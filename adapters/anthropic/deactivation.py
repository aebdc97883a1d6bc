"""`anthropic.deactivate_key`: the old key stops being accepted, and never the last one.

A key is made inactive and not archived, because only that can be taken back.
"""

from __future__ import annotations

from pydantic import Field

from adapters.anthropic.access import access
from adapters.anthropic.admin import Admin, AnthropicSettings, open_admin
from adapters.shared.keys.key import Key
from engine.errors import Refused
from engine.step import Call, Done, Effect, Frozen, NotYet, Probe, Step

UNKNOWN = "unknown"
"""Previous status of a key that was found no longer active."""

_KEY_ID = r"^[A-Za-z0-9_-]{1,128}$"


class DeactivateKey(Frozen):
    """Parameters of `anthropic.deactivate_key`."""

    key_id: str = Field(pattern=_KEY_ID, description="Id of the key to end.")
    keep: str | None = Field(
        default=None,
        pattern=_KEY_ID,
        description="Id of the new key, which must be active; without it, any other must be.",
    )


class Deactivated(Frozen):
    """Outputs of `anthropic.deactivate_key`."""

    key_id: str = Field(description="Id of the key.")
    status: str = Field(description="Status of the key now.")
    previous_status: str = Field(
        description="Status before; `unknown` if it was found as it is now."
    )


def deactivate_key_step(settings: AnthropicSettings) -> Step[DeactivateKey, Deactivated]:
    """Return `anthropic.deactivate_key`."""
    return Step(
        name="anthropic.deactivate_key",
        summary="Make an API key inactive, as long as another one is active.",
        params=DeactivateKey,
        outputs=Deactivated,
        effect=Effect.REVOKE,
        probe=lambda params, _: _probe(settings, params),
        run=lambda params, call: _run(settings, params, call),
        undo=lambda params, outputs, _: _undo(settings, params, outputs),
        preflight=access(settings),
        describe=_describe,
    )


def _describe(params: DeactivateKey) -> str:
    kept = f"`{params.keep}`" if params.keep else "another key"
    return (
        f"Makes API key `{params.key_id}` at Anthropic inactive, after making sure that {kept} is "
        "active. It can be made active again until someone archives it."
    )


def _probe(settings: AnthropicSettings, params: DeactivateKey) -> Probe[Deactivated]:
    with open_admin(settings) as admin:
        found = admin.find(params.key_id)
    if found.is_active:
        return NotYet(f"{found.title} is active")
    return _ended(found, UNKNOWN)


def _run(settings: AnthropicSettings, params: DeactivateKey, call: Call) -> Done[Deactivated]:
    with open_admin(settings) as admin:
        found = admin.find(params.key_id)
        if not found.is_active:
            return _ended(found, UNKNOWN)
        survivor = _survivor(admin, params)
        call.report(f"{survivor.title} stays active; {found.title} is made inactive")
        return _ended(admin.put_status(params.key_id, "inactive"), found.status)


def _survivor(admin: Admin, params: DeactivateKey) -> Key:
    """Return the key that stays; raise `Refused` where none would."""
    if params.keep == params.key_id:
        raise Refused(
            f"{params.key_id} is both the key to end and the key to keep",
            hint="Find the old key before the new one is stored, and end that.",
        )
    if params.keep is None:
        others = [key for key in admin.keys("active") if key.identity != params.key_id]
        if others:
            return others[0]
        raise Refused(
            f"{params.key_id} is the last active key of the organisation",
            hint="Create the new key first, and prove that it works.",
        )
    kept = admin.find(params.keep)
    if kept.is_active:
        return kept
    raise Refused(
        f"the key to keep, {kept.title}, is {kept.status} and not active",
        hint="Make it active, or name the key that the service uses now.",
    )


def _undo(settings: AnthropicSettings, params: DeactivateKey, outputs: Deactivated) -> Deactivated:
    if outputs.previous_status != "active":
        raise Refused(
            f"it is not known whether {params.key_id} was active before this run",
            hint="Decide in the Anthropic console whether it may be made active again.",
        )
    with open_admin(settings) as admin:
        found = admin.find(params.key_id)
        if found.status not in ("active", "inactive"):
            raise Refused(
                f"{found.title} is {found.status}, which is final",
                hint="Create a new key in the console and rotate forward to it.",
            )
        if not found.is_active:
            found = admin.put_status(params.key_id, "active")
    return Deactivated(key_id=found.identity, status=found.status, previous_status=outputs.status)


def _ended(found: Key, before: str) -> Done[Deactivated]:
    outputs = Deactivated(key_id=found.identity, status=found.status, previous_status=before)
    return Done(outputs, f"{found.title} is {found.status} at anthropic; before it was {before}")
