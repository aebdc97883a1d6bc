"""`odoo.delete_key`: the new key ends the old one, as Odoo's own page on rotation asks for."""

from __future__ import annotations

from adapters.odoo.api import WHAT, open_odoo
from adapters.odoo.settings import OdooSettings
from adapters.shared.keys.ended import REFUSED, Ended, EndKey, look_ended, refuse_same
from adapters.shared.keys.provider import Trial
from engine.errors import Refused
from engine.step import Call, Done, Effect, Irreversible, Step


def delete_key_step(settings: OdooSettings, trial: Trial) -> Step[EndKey, Ended]:
    """Return `odoo.delete_key`."""
    return Step(
        name="odoo.delete_key",
        summary="End the old key for good, under the new one.",
        params=EndKey,
        outputs=Ended,
        effect=Effect.REVOKE,
        probe=lambda params, call: look_ended(WHAT, trial, params, call),
        run=lambda params, call: _run(settings, trial, params, call),
        undo=Irreversible("a revoked key cannot be made again, and its value is accepted no more"),
        describe=lambda _: (
            "Ends the old key at Odoo for good, after making sure that the new one is another key "
            "of the same user and is accepted. It is the new key that asks for it."
        ),
    )


def _run(settings: OdooSettings, trial: Trial, params: EndKey, call: Call) -> Done[Ended]:
    known_as, stays = call.fingerprint(params.value), call.fingerprint(params.keep)
    refuse_same(params, call)
    with open_odoo(settings, params.keep) as odoo:
        user = odoo.user()
        if trial.status(params.value) != REFUSED:  # a dead one counts as a failed sign-in
            _same_user(settings, params, user)
            call.report(f"{stays} is accepted and stays; {known_as} is revoked")
            odoo.revoke(params.value)
    return Done(Ended(fingerprint=known_as), f"{WHAT} revoked {known_as} under {stays}")


def _same_user(settings: OdooSettings, params: EndKey, user: int) -> None:
    with open_odoo(settings, params.value) as odoo:
        other = odoo.user()
    if other != user:
        raise Refused(
            f"the old key is of user {other} of {WHAT}, and the new one of user {user}",
            hint="Look which of the two the service is meant to have.",
        )
