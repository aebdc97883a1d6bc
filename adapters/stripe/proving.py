"""`stripe.probe_webhook`: whether the receiver of events accepts a signing secret.

The receiver alone can tell, so it is sent an event of a type that Stripe does not have, signed as
Stripe signs (docs.stripe.com/webhooks, "Verify webhook signatures manually"): the header
`Stripe-Signature` is `t=<unix time>,v1=<HMAC-SHA256 of "<t>.<body>" under the secret, in hex>`.
A receiver that verifies answers 2xx to a good signature and 400 to another. Stripe's libraries for
typed languages also answer so to an event of another API version than their own
(stripe-go, `webhook/client.go`, `isCompatibleAPIVersion`; stripe-dotnet, `EventUtility.cs`), so the
event is of the version that the endpoint's events have; and as a 400 may have any reason, it says
something about a secret only where the same event is accepted under the one in force.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Literal, Self

import httpx
from pydantic import Field, SecretStr, model_validator

from adapters.shared import http
from adapters.shared.convergence import converge
from adapters.shared.keys.provider import Provider
from adapters.shared.keys.proving import Proved
from adapters.stripe.endpoints import Endpoints
from engine.errors import OutcomeUnknown, Transient
from engine.step import Call, Done, Effect, Frozen, NotYet, Repeatable, Step, Untouched

WHAT = "the receiver of events"
EVENT_TYPE = "runbook.probe"
"""No event of Stripe's; a receiver acknowledges types that it does nothing about."""
_REFUSALS = (400, 401, 403)


class ProbeWebhook(Frozen):
    """Parameters of `stripe.probe_webhook`."""

    value: SecretStr = Field(description="The signing secret to try.")
    url: str = Field(
        pattern=r"^https?://[^\s@]+$", description="Address of the receiver, without a password."
    )
    endpoint: str = Field(
        min_length=1, description="Id of the endpoint whose API version the event has."
    )
    expect: Literal["accepted", "refused"] = Field(description="What the receiver must say to it.")
    keep: SecretStr | None = Field(
        default=None,
        description="The secret in force, needed to prove another one refused: the same event must "
        "be accepted under it.",
    )
    timeout: int = Field(
        default=120, ge=1, le=3600, description="Seconds until the receiver must say so."
    )

    @model_validator(mode="after")
    def _can_be_told_apart(self) -> Self:
        if self.expect == "refused" and self.keep is None:
            message = "`expect: refused` needs `keep`, as a receiver may refuse for other reasons"
            raise ValueError(message)
        return self


def probe_webhook_step(provider: Provider[Endpoints]) -> Step[ProbeWebhook, Proved]:
    """Return `stripe.probe_webhook`."""
    return Step(
        name="stripe.probe_webhook",
        summary="Prove that the receiver of events accepts a signing secret, or no longer does.",
        params=ProbeWebhook,
        outputs=Proved,
        effect=Effect.VERIFY,
        probe=Repeatable("it sends an event of a type that means nothing"),
        run=lambda params, call: _run(provider, params, call),
        undo=Untouched("it sends an event of a type that means nothing"),
        preflight=provider.access(),
        describe=_describe,
    )


def _describe(params: ProbeWebhook) -> str:
    beside = ", and accepted under the secret in force" if params.expect == "refused" else ""
    return (
        f"Sends a signed event of the type `{EVENT_TYPE}`, which means nothing, to {params.url}, "
        f"for up to {params.timeout} s, until it is {params.expect}{beside}."
    )


def _run(provider: Provider[Endpoints], params: ProbeWebhook, call: Call) -> Done[Proved]:
    with provider.connect() as endpoints:
        version = endpoints.version(params.endpoint)
    return converge(
        lambda: _look(params, version, call),
        seconds=params.timeout,
        report=call.report,
        hint="Look at the receiver's log: which secret does it hold, does it verify at all, and does "
        f"its library take events of version {version}?",
    )


def _look(params: ProbeWebhook, version: str, call: Call) -> Done[Proved] | NotYet:
    known_as = call.fingerprint(params.value)
    wanted = [(params.value, params.expect)]
    if params.expect == "refused" and params.keep is not None:
        wanted.append((params.keep, "accepted"))
    found, moment = [], int(time.time())
    body = _event(version, moment)
    for value, expect in wanted:
        signer = call.fingerprint(value)
        try:
            status = _send(params.url, moment, body, value)
        except (Transient, OutcomeUnknown) as error:
            return NotYet(f"{signer} is neither accepted nor refused: {error.message}")
        answer = f"answered {status} to an event of version {version} signed with {signer}"
        if not _is(expect, status):
            return NotYet(f"{params.url} {answer}, which is not {expect}")
        found.append(answer)
    evidence = f"{params.url} {', and '.join(found)}"
    return Done(Proved(verdict=params.expect, fingerprint=known_as), evidence)


def _is(expect: str, status: int) -> bool:
    return status in _REFUSALS if expect == "refused" else status // 100 == 2


def _event(version: str, moment: int) -> str:
    event = {"id": "evt_runbook_probe", "object": "event", "type": EVENT_TYPE, "created": moment}
    more = {"api_version": version, "livemode": False, "data": {"object": {}}}
    return json.dumps({**event, **more})


def _send(address: str, moment: int, body: str, value: SecretStr) -> int:
    headers = {
        "Content-Type": "application/json",
        "Stripe-Signature": f"t={moment},v1={signature(value, moment, body)}",
    }
    url = httpx.URL(address)
    with http.client(str(url.copy_with(raw_path=b"/"))) as opened:
        target = url.raw_path.decode()
        sent = http.send(opened, "POST", target, what=WHAT, headers=headers, content=body)
    return sent.status_code


def signature(value: SecretStr, moment: int, body: str) -> str:
    """Return the `v1` of a body that is signed at `moment`, seconds since 1970."""
    message = f"{moment}.{body}".encode()
    return hmac.new(value.get_secret_value().encode(), message, hashlib.sha256).hexdigest()
