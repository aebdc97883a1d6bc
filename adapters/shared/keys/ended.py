"""Whether an old value has ended, asked of the provider under that value and under the new one.

For providers that tell of a key to nobody but its holder. One 401 may come from anywhere between
here and there, so it is believed only of a server that accepts the new value in the same look, and
says 401 to the old one again after it.
"""

from __future__ import annotations

from pydantic import Field, SecretStr

from adapters.shared.keys.provider import Trial
from engine.errors import Refused
from engine.step import Call, Done, Frozen, NotYet

ACCEPTED, REFUSED = 200, 401


class EndKey(Frozen):
    """Parameters of a step that ends a key by its value."""

    value: SecretStr = Field(description="The old key, which ends.")
    keep: SecretStr = Field(description="The new key, which must be accepted.")


class Ended(Frozen):
    """Outputs of a step that ends a key by its value."""

    fingerprint: str = Field(description="Keyed fingerprint of the key that ended.")


def look_ended(name: str, trial: Trial, params: EndKey, call: Call) -> Done[Ended] | NotYet:
    """Say whether the provider `name` refuses the old value and accepts the new one."""
    known_as = call.fingerprint(params.value)
    for value, wanted in (
        (params.value, REFUSED),
        (params.keep, ACCEPTED),
        (params.value, REFUSED),
    ):
        status = trial.status(value)
        if status != wanted:
            return NotYet(f"{name} answers {status} to {call.fingerprint(value)}, not {wanted}")
    evidence = f"{name} refuses {known_as} and accepts {call.fingerprint(params.keep)}"
    return Done(Ended(fingerprint=known_as), evidence)


def refuse_same(params: EndKey, call: Call) -> None:
    """Raise `Refused` where the old value and the new one are the same."""
    if params.value.get_secret_value() == params.keep.get_secret_value():
        raise Refused(
            f"{call.fingerprint(params.keep)} is both the key to end and the key to keep",
            hint="Read the old key before the new one is stored, and end that.",
        )
