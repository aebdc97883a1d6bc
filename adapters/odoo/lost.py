"""`odoo.no_lost_keys`: no key of this run is left that nobody holds; where one is, a person goes.

Odoo has no request that removes a key whose value was lost. `res.users.apikeys.remove` wants a
password typed within the last ten minutes of a session, which a key never has, and nobody has the
right to unlink the record (`check_identity` and `ResUsersApikeys` in `res_users.py` of 19.0). A
person removes it; this step looks whether they have.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field, SecretStr

from adapters.odoo.api import WHAT, open_odoo
from adapters.odoo.settings import OdooSettings
from adapters.shared.keys.key import Key, listed
from adapters.shared.keys.names import PREFIX, orphans
from engine.errors import Refused
from engine.step import Call, Done, Effect, Frozen, Nothing, Repeatable, Step, Untouched


class NoLostKeys(Frozen):
    """Parameters of `odoo.no_lost_keys`."""

    value: SecretStr = Field(description="The key in force, under which the list is asked for.")
    keep: str = Field(min_length=1, description="Name of the key in force.")
    name: str = Field(
        pattern=PREFIX, description="What the names of minted keys begin with, as at the minting."
    )


def no_lost_keys_step(settings: OdooSettings) -> Step[NoLostKeys, Nothing]:
    """Return `odoo.no_lost_keys`."""
    return Step(
        name="odoo.no_lost_keys",
        summary="See that no key of this run is left whose value nobody has.",
        params=NoLostKeys,
        outputs=Nothing,
        effect=Effect.VERIFY,
        probe=Repeatable("it only lists keys"),
        run=lambda params, call: _run(settings, params, call),
        undo=Untouched("it only lists keys"),
        describe=lambda params: (
            f"Lists the keys `{params.name}` of this run at Odoo. Where one is left beside "
            f"`{params.keep}`, the step fails and says which somebody has to remove."
        ),
    )


def _run(settings: OdooSettings, params: NoLostKeys, call: Call) -> Done[Nothing]:
    with open_odoo(settings, params.value) as odoo:
        keys = odoo.listing()
    kept = [key for key in keys if key.name == params.keep]
    if not kept:
        raise Refused(
            f"{WHAT} lists no key {params.keep}",
            hint="Somebody has removed or renamed it; look in the preferences of its user.",
        )
    in_force = kept[-1]  # of two under one name the later is the one whose value arrived
    refuse_lost(orphans(keys, params.name, call, keep=in_force.identity))
    return Done(Nothing(), f"of this run {WHAT} lists {in_force.title} and no other key")


def refuse_lost(lost: Sequence[Key]) -> None:
    """Raise `Refused` with what a person has to do where keys are left that nobody holds."""
    if lost:
        raise Refused(
            f"nobody has the value of {listed([*lost])}, and {WHAT} removes a key by its value alone",
            hint="Remove it by hand: sign in as its user (Preferences, Account Security) or as an "
            "administrator (Settings, Users, its user, Account Security), delete the key of this "
            "name, confirm with the password; then try again.",
        )
