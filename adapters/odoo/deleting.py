"""`odoo.delete_key`: the new key ends the old one, as Odoo's own page on rotation asks for."""

from __future__ import annotations

from pydantic import Field, SecretStr

from adapters.odoo.api import ACCEPTED, REFUSED, WHAT, open_odoo, try_value
from adapters.odoo.settings import OdooSettings
from engine.errors import Refused
from engine.step import Call, Done, Effect, Frozen, Irreversible, NotYet, Probe, Step


class DeleteKey(Frozen):
    """Parameters of `odoo.delete_key`."""

    value: SecretStr = Field(description="The old key, which ends.")
    keep: SecretStr = Field(description="The new key, which must be accepted and ends the old one.")


class Deleted(Frozen):
    """Outputs of `odoo.delete_key`."""

    fingerprint: str = Field(description="Keyed fingerprint of the key that ended.")


def delete_key_step(settings: OdooSettings) -> Step[DeleteKey, Deleted]:
    """Return `odoo.delete_key`."""
    return Step(
        name="odoo.delete_key",
        summary="End the old key for good, under the new one.",
        params=DeleteKey,
        outputs=Deleted,
        effect=Effect.REVOKE,
        probe=lambda params, call: _probe(settings, params, call),
        run=lambda params, call: _run(settings, params, call),
        undo=Irreversible("a revoked key cannot be made again, and its value is accepted no more"),
        describe=lambda _: (
            "Ends the old key at Odoo for good, after making sure that the new one is another key "
            "of the same user and is accepted. It is the new key that asks for it."
        ),
    )


def _probe(settings: OdooSettings, params: DeleteKey, call: Call) -> Probe[Deleted]:
    """Believe a 401 only of a server that accepts the new key in between, and says it again."""
    known_as = call.fingerprint(params.value)
    for value, wanted in (
        (params.value, REFUSED),
        (params.keep, ACCEPTED),
        (params.value, REFUSED),
    ):
        status = try_value(settings, value)
        if status != wanted:
            return NotYet(f"{WHAT} answers {status} to {call.fingerprint(value)}, not {wanted}")
    evidence = f"{WHAT} refuses {known_as} and accepts {call.fingerprint(params.keep)}"
    return Done(Deleted(fingerprint=known_as), evidence)


def _run(settings: OdooSettings, params: DeleteKey, call: Call) -> Done[Deleted]:
    known_as, stays = call.fingerprint(params.value), call.fingerprint(params.keep)
    if params.value.get_secret_value() == params.keep.get_secret_value():
        raise Refused(
            f"{known_as} is both the key to end and the key to keep",
            hint="Read the old key before the new one is stored, and end that.",
        )
    with open_odoo(settings, params.keep) as odoo:
        user = odoo.user()
        if try_value(settings, params.value) == ACCEPTED:
            _same_user(settings, params, user)
        call.report(f"{stays} is accepted and stays; {known_as} is revoked")
        odoo.revoke(params.value)
    return Done(Deleted(fingerprint=known_as), f"{WHAT} revoked {known_as} under {stays}")


def _same_user(settings: OdooSettings, params: DeleteKey, user: int) -> None:
    with open_odoo(settings, params.value) as odoo:
        other = odoo.user()
    if other != user:
        raise Refused(
            f"the old key is of user {other} of {WHAT}, and the new one of user {user}",
            hint="Look which of the two the service is meant to have.",
        )
