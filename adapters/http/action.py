"""`http.request`: one request with an effect we know nothing about, sent once."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from adapters.http.expect import Expect
from adapters.http.inquiry import Answered, check_address
from adapters.http.request import Address, HttpSettings, Request, send
from engine.errors import Refused
from engine.step import Call, Done, Effect, Irreversible, Once, Preflight, Step


class Act(Request):
    """Parameters of `http.request`."""

    method: Literal["POST", "PUT", "PATCH", "DELETE"] = Field(description="Method to use.")
    expect: Expect = Field(default=Expect(), description="What the answer must be.")


def request_step(settings: HttpSettings) -> Step[Act, Answered]:
    """Return `http.request`."""
    return Step(
        name="http.request",
        summary="Send one request that changes something, exactly once.",
        params=Act,
        outputs=Answered,
        effect=Effect.DISTRIBUTE,
        probe=Once("what an arbitrary request changes cannot be looked up"),
        run=lambda params, call: _run(settings, params, call),
        undo=Irreversible(
            "what an arbitrary request changed, no other request is known to change back"
        ),
        preflight=Preflight(Address, lambda address: check_address(settings, address)),
        describe=lambda params: f"Sends `{params.method} {params.url}` once.",
    )


def _run(settings: HttpSettings, params: Act, call: Call) -> Done[Answered]:
    asked = f"{params.method} {params.url}"
    call.report(f"{asked} is sent")
    response = send(settings, params, params.method)
    wrong = params.expect.shortfall(response)
    if wrong:
        raise Refused(
            f"{asked}: {wrong}",
            hint="It was sent; see at the other side what it did before you send it again.",
        )
    status = response.status_code
    return Done(Answered(status=status), f"{asked} was sent once and answered {status}")
