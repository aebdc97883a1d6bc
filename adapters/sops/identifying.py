"""`sops.read_identifier`: the half of a pair that names a credential, read to be shown.

It lets a value of an encrypted file out in clear. So a runbook may give it the identifier of its secret
and no other place (`engine.pairs`), and it lets out only what has the shape of such an identifier: a
catalogue with the two halves exchanged must not show the secret.
"""

from __future__ import annotations

import re
from functools import partial

from adapters.sops.checks import preflight_read
from adapters.sops.models import IdentifierOutputs, IdentifierParams, ReadParams
from adapters.sops.values import Stores, read
from engine.errors import Refused
from engine.step import Call, Done, Effect, Preflight, Repeatable, Step, Untouched


def read_identifier_step(stores: Stores) -> Step[IdentifierParams, IdentifierOutputs]:
    """Return `sops.read_identifier`."""
    return Step(
        name="sops.read_identifier",
        summary="Read the identifier of a pair, which may be shown, from the main branch.",
        params=IdentifierParams,
        outputs=IdentifierOutputs,
        effect=Effect.OBSERVE,
        probe=Repeatable("reading changes nothing"),
        run=partial(_run, stores),
        undo=Untouched("reading changes nothing"),
        preflight=Preflight(IdentifierParams, partial(_preflight, stores)),
        reveals="at",
        describe=lambda params: f"Read the identifier at `{params.at}`. It is shown.",
    )


def _preflight(stores: Stores, params: IdentifierParams) -> str:
    return preflight_read(stores, ReadParams(at=params.at))


def _run(stores: Stores, params: IdentifierParams, call: Call) -> Done[IdentifierOutputs]:
    held = read(stores, ReadParams(at=params.at), call)
    text = held.outputs.value.get_secret_value()
    if re.fullmatch(params.shape, text) is None:
        raise Refused(
            f"what stands at {params.at} has not the shape of an identifier, so it is not shown",
            hint="See that the catalogue has not exchanged the two halves of the pair.",
        )
    outputs = IdentifierOutputs(value=text, fingerprint=held.outputs.fingerprint)
    return Done(outputs, f"{held.evidence}: {text}")
