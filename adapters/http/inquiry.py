"""`http.check`: the service answers as it should, asked until it does or the time is over."""

from __future__ import annotations

from typing import Literal

import httpx
from pydantic import Field

from adapters.http.expect import Expect
from adapters.http.request import Address, HttpSettings, Request, require_allowed, send
from adapters.shared.convergence import converge
from engine.errors import OutcomeUnknown, Transient
from engine.step import Call, Done, Effect, Frozen, NotYet, Preflight, Repeatable, Step, Untouched


class Check(Request):
    """Parameters of `http.check`."""

    method: Literal["GET", "POST", "HEAD"] = Field(default="GET", description="Method to use.")
    expect: Expect = Field(default=Expect(), description="What the answer must be.")
    timeout: int = Field(
        default=60, ge=1, le=3600, description="Seconds until the answer must be right."
    )


class Answered(Frozen):
    """Outputs of `http.check` and `http.request`."""

    status: int = Field(description="Status of the answer.")


def check_step(settings: HttpSettings) -> Step[Check, Answered]:
    """Return `http.check`."""
    return Step(
        name="http.check",
        summary="Ask a service until it answers as expected.",
        params=Check,
        outputs=Answered,
        effect=Effect.VERIFY,
        probe=Repeatable("it asks a question and may ask it again"),
        run=lambda params, call: _run(settings, params, call),
        undo=Untouched("it only asked a question"),
        preflight=Preflight(Address, lambda address: check_address(settings, address)),
        describe=_describe,
    )


def check_address(settings: HttpSettings, address: Address) -> str:
    """Say that the address may be asked; whether anyone answers is the step's own question."""
    require_allowed(settings, address.url)
    return f"{httpx.URL(address.url).host} may be asked"


def _describe(params: Check) -> str:
    return (
        f"Sends `{params.method} {params.url}` every second for up to {params.timeout} s, until "
        "the answer is as the runbook expects."
    )


def _run(settings: HttpSettings, params: Check, call: Call) -> Done[Answered]:
    return converge(
        lambda: look(settings, params),
        seconds=params.timeout,
        report=call.report,
        hint="Look at the logs of the service; the old value must not be revoked yet.",
    )


def look(settings: HttpSettings, params: Check) -> Done[Answered] | NotYet:
    """Ask once; return what was wrong with the answer, or that nothing was."""
    asked = f"{params.method} {params.url}"
    try:
        response = send(settings, params, params.method, seconds=params.timeout)
    except (Transient, OutcomeUnknown) as error:
        return NotYet(error.message)
    wrong = params.expect.shortfall(response)
    if wrong:
        return NotYet(f"{asked}: {wrong}")
    status = response.status_code
    return Done(Answered(status=status), f"{asked} answered {status} as expected")
