"""Matrix: access tokens of a server admin of Synapse, made by a person and ended by themselves."""

from __future__ import annotations

from functools import partial

from adapters.matrix.api import greet, try_value
from adapters.matrix.deleting import delete_key_step
from adapters.matrix.finding import find_key_step
from adapters.matrix.settings import MatrixSettings
from adapters.shared.keys.provider import Ability, Named, Offer, Operation, Trial, Way
from adapters.shared.keys.proving import probe_key_step
from engine.step import AnyStep

__all__ = ["OFFER", "MatrixSettings", "check", "steps"]

OFFER = Offer(
    "Matrix",
    "matrix.{}_key",
    {
        Operation.MINT: Ability(
            Way.MANUAL, "signing in takes the password of an admin, or a shell beside MAS"
        ),
        Operation.LIST: Ability(Way.AUTOMATIC),
        Operation.PROBE: Ability(Way.AUTOMATIC),
        Operation.DISABLE: Ability(Way.UNSUPPORTED, "a token lives until it is logged out"),
        Operation.DELETE: Ability(Way.AUTOMATIC),
        Operation.LAST_USED: Ability(
            Way.MANUAL, "the sessions of the account show when a device was last seen"
        ),
    },
)

_MATRIX = Named(
    name="matrix", title="Matrix", console="the sessions of the account in a Matrix client"
)


def steps(settings: MatrixSettings) -> tuple[AnyStep, ...]:
    """Return what this adapter offers; nothing is opened yet."""
    trial = Trial(partial(try_value, settings), "asks whose it is")
    return (
        find_key_step(settings),
        probe_key_step(_MATRIX, trial),
        delete_key_step(settings, trial),
    )


def check(settings: MatrixSettings) -> str:
    """Say that a homeserver answers; raise `Refused` or `Transient` where none does."""
    return greet(settings)
