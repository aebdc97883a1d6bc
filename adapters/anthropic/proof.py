"""`anthropic.probe_key`: whether the provider accepts a value, or has stopped accepting it.

Only 200 proves a key good and only 401 proves it dead. A 403 or 429 is of a living key that has
not been shown to work, and a failure of the provider says nothing about either.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from adapters.anthropic.admin import WHAT, AnthropicSettings, open_client
from adapters.shared import http
from adapters.shared.convergence import converge
from engine.errors import Transient
from engine.step import Call, Done, Effect, Frozen, NotYet, Repeatable, Step, Untouched

_PROVES = {"accepted": 200, "refused": 401}


class ProbeKey(Frozen):
    """Parameters of `anthropic.probe_key`."""

    value: SecretStr = Field(description="The secret to try.")
    expect: Literal["accepted", "refused"] = Field(description="What the provider must say to it.")
    timeout: int = Field(
        default=120, ge=1, le=3600, description="Seconds until the provider must say so."
    )


class Proved(Frozen):
    """Outputs of `anthropic.probe_key`."""

    verdict: str = Field(description="`accepted` or `refused`.")
    fingerprint: str = Field(description="Keyed fingerprint of the value that was tried.")


def probe_key_step(settings: AnthropicSettings) -> Step[ProbeKey, Proved]:
    """Return `anthropic.probe_key`."""
    return Step(
        name="anthropic.probe_key",
        summary="Prove that Anthropic accepts a key, or no longer does.",
        params=ProbeKey,
        outputs=Proved,
        effect=Effect.VERIFY,
        probe=Repeatable("it lists models, which changes nothing"),
        run=lambda params, call: _run(settings, params, call),
        undo=Untouched("it only lists models"),
        describe=_describe,
    )


def _describe(params: ProbeKey) -> str:
    return (
        f"Lists models at Anthropic with the value, for up to {params.timeout} s, until it is "
        f"{params.expect}; this costs nothing."
    )


def _run(settings: AnthropicSettings, params: ProbeKey, call: Call) -> Done[Proved]:
    return converge(
        lambda: _look(settings, params, call),
        seconds=params.timeout,
        report=call.report,
        hint="Look at the key in the Anthropic console; a change may take minutes to take hold.",
    )


def _look(settings: AnthropicSettings, params: ProbeKey, call: Call) -> Done[Proved] | NotYet:
    known_as = call.fingerprint(params.value)
    try:
        with open_client(settings, params.value) as opened:
            response = http.send(opened, "GET", "/v1/models", what=WHAT, params={"limit": "1"})
    except Transient as error:
        return NotYet(f"{known_as} is neither accepted nor refused: {error.message}")
    status = response.status_code
    if status == _PROVES[params.expect]:
        evidence = f"anthropic answered {status} to {known_as}: the key is {params.expect}"
        return Done(Proved(verdict=params.expect, fingerprint=known_as), evidence)
    return NotYet(
        f"anthropic answered {status} to {known_as}, expected {_PROVES[params.expect]}"
        f"{_meaning(status)}"
    )


def _meaning(status: int) -> str:
    known = {
        200: "; the key is accepted",
        401: "; the key is refused",
        403: "; the key is alive but may not list models, which proves it neither good nor dead",
    }
    return known.get(status, "")
