"""`bitwarden.set`: whether the project holds the value, putting it there, and putting it back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from pydantic import SecretStr

from adapters.bitwarden.models import BitwardenLocation, Place, SetOutputs, SetParams
from adapters.bitwarden.project import Found, Project, same
from engine.errors import Refused
from engine.step import Call, Done, NotYet, Probe, Unclear

Door: TypeAlias = Callable[[BitwardenLocation], Project]
"""Signs in and opens the project of a location."""


def preflight_set(door: Door, place: Place) -> str:
    """Return a sentence if the secret is there once, or may be created."""
    found = door(place.at).find(place)
    return f"secret {place.at} is there once" if found else f"secret {place.at} will be created"


def probe_set(door: Door, params: SetParams, call: Call) -> Probe[SetOutputs]:
    """Look whether the secret holds the value."""
    found = door(params.at).find(params)
    if found is None:
        return NotYet(f"there is no secret {params.at} yet; it will be created")
    if same(found.value, params.value):
        return _done(found, params, call, params.replaces)
    if _is_foreign(found, params):
        return Unclear(_foreign(found, params, call))
    return NotYet(f"secret {params.at} holds {call.fingerprint(found.value)} instead")


def set_value(door: Door, params: SetParams, call: Call) -> Done[SetOutputs]:
    """Put the value into the secret."""
    project = door(params.at)
    found = project.find(params)
    if found is None:
        made = project.create(params.at, params.value, _mark(call))
        return _done(made, params, call, None)
    if same(found.value, params.value):
        return _done(found, params, call, params.replaces)
    if _is_foreign(found, params):
        raise Refused(_foreign(found, params, call), hint="Find out who changed it, and why.")
    written = project.write(params.at, found, params.value)
    return _done(written, params, call, found.value)


def take_back(door: Door, params: SetParams, outputs: SetOutputs, call: Call) -> SetOutputs:
    """Put the previous value back, or move the secret to the trash if this run made it."""
    project, before = door(params.at), outputs.previous
    found = project.find(Place(at=params.at, create=outputs.created))
    if found is None:
        return SetOutputs(item=outputs.item, revision=outputs.revision, fingerprint="")
    if not outputs.created and before is None:
        raise Refused(
            f"what secret {params.at} held before is not known",
            hint="Put the old value back by hand.",
        )
    if not (same(found.value, params.value) or (before and same(found.value, before))):
        raise Refused(
            f"secret {params.at} was changed since, so nothing was put back",
            hint="Find out who changed it; put the old value back by hand if it is right.",
        )
    if before is None:
        project.delete(found)
        return SetOutputs(item=found.id, revision=found.revision, fingerprint="")
    back = project.write(params.at, found, before)
    return SetOutputs(item=back.id, revision=back.revision, fingerprint=call.fingerprint(before))


def _done(
    found: Found, params: SetParams, call: Call, previous: SecretStr | None
) -> Done[SetOutputs]:
    outputs = SetOutputs(
        item=found.id,
        revision=found.revision,
        fingerprint=call.fingerprint(params.value),
        created=found.note == _mark(call),
        previous=previous,
    )
    return Done(
        outputs,
        f"secret {params.at} ({found.id}) holds {outputs.fingerprint}, revision {found.revision}",
    )


def _is_foreign(found: Found, params: SetParams) -> bool:
    return params.replaces is not None and not same(found.value, params.replaces)


def _foreign(found: Found, params: SetParams, call: Call) -> str:
    return (
        f"secret {params.at} holds {call.fingerprint(found.value)}, which is neither the old value "
        f"nor the new one {call.fingerprint(params.value)}: somebody changed it"
    )


def _mark(call: Call) -> str:
    """Return the note that tells which run made a secret."""
    return f"created in run {call.run}"
