"""`odoo.find_key`: whose key a value is, and how many that user has.

Odoo's list has nothing by which a value could be found in it, so it is the user that is found.
"""

from __future__ import annotations

from pydantic import Field, SecretStr

from adapters.odoo.api import WHAT, greet, open_odoo
from adapters.odoo.settings import OdooSettings
from engine.step import Call, Done, Effect, Frozen, Nothing, Preflight, Repeatable, Step, Untouched


class FindKey(Frozen):
    """Parameters of `odoo.find_key`."""

    value: SecretStr = Field(description="The key whose user is looked for.")


class FoundUser(Frozen):
    """Outputs of `odoo.find_key`."""

    user_id: int = Field(description="Id of the user whose key it is.")
    keys: int = Field(description="How many keys that are not expired the user has.")


def find_key_step(settings: OdooSettings) -> Step[FindKey, FoundUser]:
    """Return `odoo.find_key`."""
    return Step(
        name="odoo.find_key",
        summary="Find the user that a key belongs to, and count that user's keys.",
        params=FindKey,
        outputs=FoundUser,
        effect=Effect.OBSERVE,
        probe=Repeatable("it only lists keys"),
        run=lambda params, call: _run(settings, params, call),
        undo=Untouched("it only lists keys"),
        preflight=Preflight(Nothing, lambda _: greet(settings)),
        describe=lambda _: "Asks Odoo whose key the value is, and lists the keys of that user.",
    )


def _run(settings: OdooSettings, params: FindKey, call: Call) -> Done[FoundUser]:
    with open_odoo(settings, params.value) as odoo:
        found = FoundUser(
            user_id=odoo.user(), keys=len([key for key in odoo.listing() if key.is_active])
        )
    known_as = call.fingerprint(params.value)
    evidence = f"{known_as} is a key of user {found.user_id} of {WHAT}, who has {found.keys} keys"
    return Done(found, evidence)
