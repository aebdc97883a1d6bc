"""`<provider>.probe_key`: whether the provider accepts a value, or has stopped accepting it.

Only 200 proves a key good and only 401 proves it dead. A 403 or 429 is of a living key that has
not been shown to work, and a failure of the provider says nothing about either.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from adapters.shared.convergence import converge
from adapters.shared.keys.provider import Named, Trial
from engine.errors import Transient
from engine.step import Call, Done, Effect, Frozen, NotYet, Repeatable, Step, Untouched

_PROVES = {"accepted": 200, "refused": 401}
_MEANING = {
    200: "; the key is accepted",
    401: "; the key is refused",
    403: "; the key is alive but may not do this, which proves it neither good nor dead",
}


class ProbeKey(Frozen):
    """Parameters of `probe_key`."""

    value: SecretStr = Field(description="The secret to try.")
    expect: Literal["accepted", "refused"] = Field(description="What the provider must say to it.")
    timeout: int = Field(
        default=120, ge=1, le=3600, description="Seconds until the provider must say so."
    )


class Proved(Frozen):
    """Outputs of `probe_key`."""

    verdict: str = Field(description="`accepted` or `refused`.")
    fingerprint: str = Field(description="Keyed fingerprint of the value that was tried.")


def probe_key_step(provider: Named, trial: Trial) -> Step[ProbeKey, Proved]:
    """Return `probe_key` of a provider; it needs no right but that of the value itself."""
    return Step(
        name=f"{provider.name}.probe_key",
        summary=f"Prove that {provider.title} accepts a key, or no longer does.",
        params=ProbeKey,
        outputs=Proved,
        effect=Effect.VERIFY,
        probe=Repeatable(f"it {trial.does}, which changes nothing"),
        run=lambda params, call: _run(provider, trial, params, call),
        undo=Untouched(f"it only {trial.does}"),
        describe=lambda params: _describe(provider, trial, params),
    )


def _describe(provider: Named, trial: Trial, params: ProbeKey) -> str:
    return (
        f"{trial.does.capitalize()} at {provider.title} with the value, for up to "
        f"{params.timeout} s, until it is {params.expect}; this costs nothing."
    )


def _run(provider: Named, trial: Trial, params: ProbeKey, call: Call) -> Done[Proved]:
    return converge(
        lambda: _look(provider.name, trial, params, call),
        seconds=params.timeout,
        report=call.report,
        hint=f"Look at the key in {provider.console}; a change may take minutes to take hold.",
    )


def _look(name: str, trial: Trial, params: ProbeKey, call: Call) -> Done[Proved] | NotYet:
    known_as = call.fingerprint(params.value)
    try:
        status = trial.status(params.value)
    except Transient as error:
        return NotYet(f"{known_as} is neither accepted nor refused: {error.message}")
    if status == _PROVES[params.expect]:
        evidence = f"{name} answered {status} to {known_as}: the key is {params.expect}"
        return Done(Proved(verdict=params.expect, fingerprint=known_as), evidence)
    return NotYet(
        f"{name} answered {status} to {known_as}, expected {_PROVES[params.expect]}"
        f"{_MEANING.get(status, '')}"
    )
