"""`matrix.delete_key`: the old token logs itself out, which ends its device and no other.

Beside the Matrix Authentication Service, Synapse remembers for two minutes what that said of a token
(`synapse/api/auth/mas.py`, `_introspection_cache`), or until the service has deleted the device, which
it does in its own time. So the old token may be accepted for a while after it has logged out.
"""

from __future__ import annotations

from pydantic import Field

from adapters.matrix.api import WHAT, open_matrix
from adapters.matrix.settings import MatrixSettings
from adapters.shared.convergence import converge
from adapters.shared.keys.ended import ACCEPTED, Ended, EndKey, look_ended, refuse_same
from adapters.shared.keys.provider import Trial
from engine.errors import Refused
from engine.step import Call, Done, Effect, Irreversible, Step


class DeleteKey(EndKey):
    """Parameters of `matrix.delete_key`."""

    timeout: int = Field(
        default=300,
        ge=1,
        le=3600,
        description="Seconds until the homeserver must refuse the old token, once it is logged out.",
    )


def delete_key_step(settings: MatrixSettings, trial: Trial) -> Step[DeleteKey, Ended]:
    """Return `matrix.delete_key`."""
    return Step(
        name="matrix.delete_key",
        summary="End the old token for good, with its device.",
        params=DeleteKey,
        outputs=Ended,
        effect=Effect.REVOKE,
        probe=lambda params, call: look_ended(WHAT, trial, params, call),
        run=lambda params, call: _run(settings, trial, params, call),
        undo=Irreversible("a token that was logged out is accepted no more"),
        describe=lambda params: (
            "Logs the old token out of Matrix, which ends it with its device, after making sure that "
            "the new one is accepted, of the same user, of another device, and a server admin's. Then "
            f"it waits for up to {params.timeout} s until the old one is refused."
        ),
    )


def _run(settings: MatrixSettings, trial: Trial, params: DeleteKey, call: Call) -> Done[Ended]:
    known_as, stays = call.fingerprint(params.value), call.fingerprint(params.keep)
    refuse_same(params, call)
    with open_matrix(settings, params.keep) as matrix:
        new = matrix.holder()
        matrix.require_admin(new.user)
    if trial.status(params.value) == ACCEPTED:
        with open_matrix(settings, params.value) as matrix:
            old = matrix.holder()
            if old.user != new.user or old.device == new.device:
                raise Refused(
                    f"the old token is of {old.user} at {old.device}, the new one of {new.user} at "
                    f"{new.device}: they must be of one user and of two devices",
                    hint="Look which of the two the service is meant to have.",
                )
            call.report(f"{stays} of {new.device} stays; {known_as} of {old.device} logs out")
            matrix.log_out()
    ended = converge(
        lambda: look_ended(WHAT, trial, params, call),
        seconds=params.timeout,
        report=call.report,
        hint="It has logged out, so this is safe to try again. Look in the sessions of the account "
        "whether its device is still there.",
    )
    return Done(ended.outputs, f"{WHAT} logged {known_as} out; {stays} stays; {ended.evidence}")
