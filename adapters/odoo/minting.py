"""`odoo.mint_key`: the key in force makes the next one of its user, whose value is told once.

The engine seals the value in the transaction that records the step. Whatever is lost before that
leaves a key that nobody holds. Odoo ends a key by its value, or for a person who has just typed
their password, so such a key is told here and stands until somebody removes it (`lost`). After a few of them no other is made.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pydantic import Field, SecretStr

from adapters.odoo.api import WHAT, greet, open_odoo, try_value
from adapters.odoo.lost import refuse_lost
from adapters.odoo.settings import OdooSettings
from adapters.shared.keys.ended import REFUSED
from adapters.shared.keys.key import listed
from adapters.shared.keys.names import PREFIX, minted_name, orphans
from adapters.shared.late import landed
from engine.errors import Refused
from engine.step import Call, Done, Effect, Frozen, Nothing, Preflight, Repeatable, Step

LONGEST = 90
"""Days; Odoo's three months, for users whose groups were not given more."""

MOST_LOST = 2
"""Keys of one run that may be left without a value before no other is made: a user has room for ten."""


class MintKey(Frozen):
    """Parameters of `odoo.mint_key`."""

    current: SecretStr = Field(description="The key in force, which makes the new one.")
    name: str = Field(
        pattern=PREFIX,
        description="What the name of the key begins with; run and pick-up follow after dots.",
    )
    days: int = Field(
        default=LONGEST, ge=1, le=LONGEST, description="Days until the new key ends by itself."
    )
    scope: str | None = Field(
        default="rpc", description="Scope of the new key; `null` for one that opens everything."
    )


class MintedKey(Frozen):
    """Outputs of `odoo.mint_key`; empty where it was taken back without having come to its end."""

    key_name: str = Field(default="", description="Name of the new key at Odoo.")
    expires: str = Field(default="", description="Day on which it ends by itself, in UTC.")
    fingerprint: str = Field(default="", description="Keyed fingerprint of the new value.")
    value: SecretStr = Field(default=SecretStr(""), description="The new value.")


def mint_key_step(settings: OdooSettings) -> Step[MintKey, MintedKey]:
    """Return `odoo.mint_key`."""
    return Step(
        name="odoo.mint_key",
        summary="Make a new key at Odoo under the key in force, for the same user.",
        params=MintKey,
        outputs=MintedKey,
        effect=Effect.MINT,
        probe=Repeatable("a key that an earlier try left is told, and looked for at the end"),
        run=lambda params, call: _run(settings, params, call),
        undo=lambda params, outputs, call: _undo(settings, params, outputs, call),
        preflight=Preflight(Nothing, lambda _: greet(settings)),
        describe=_describe,
    )


def _describe(params: MintKey) -> str:
    return (
        f"Makes a key at Odoo whose name begins with `{params.name}`, for the user of the key in "
        f"force. It ends by itself after {params.days} days. Its value is sealed before anything "
        "else happens."
    )


def _run(settings: OdooSettings, params: MintKey, call: Call) -> Done[MintedKey]:
    name = minted_name(params.name, call)
    expires = (datetime.now(UTC).date() + timedelta(days=params.days)).isoformat()
    with open_odoo(settings, params.current) as odoo:
        lost = orphans(odoo.listing(), params.name, call)
        if len(lost) >= MOST_LOST:
            refuse_lost(lost)
        if lost:
            call.report(f"nobody has the value of {listed(lost)}; the run asks for its removal")
        value = landed(
            lambda: odoo.generate(params.current, name, params.scope, expires),
            lambda: len(orphans(odoo.listing(), params.name, call)) > len(lost),
        )
    known_as = call.fingerprint(value)
    outputs = MintedKey(key_name=name, expires=expires, fingerprint=known_as, value=value)
    left = f"; {len(lost)} of this run whose value was lost are left" if lost else ""
    return Done(outputs, f"{WHAT} made {name} until {expires}, fingerprint {known_as}{left}")


def _undo(settings: OdooSettings, params: MintKey, outputs: MintedKey, call: Call) -> MintedKey:
    """End the new key by its value; raise `Refused` until what was lost is removed, too."""
    value = outputs.value
    with open_odoo(settings, params.current) as odoo:
        if value.get_secret_value():
            if try_value(settings, value) != REFUSED:
                odoo.revoke(value)
            if try_value(settings, value) != REFUSED:
                raise Refused(f"{WHAT} does not refuse {outputs.key_name}, which was revoked")
        refuse_lost(orphans(odoo.listing(), params.name, call))
    return outputs
