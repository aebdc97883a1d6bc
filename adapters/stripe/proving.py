"""`stripe.probe_webhook`: whether the receiver of events accepts a signing secret.

The receiver alone can tell, so it is sent an event of a type that Stripe does not have, signed as
Stripe signs (docs.stripe.com/webhooks, "Verify webhook signatures manually"): the header
`Stripe-Signature` is `t=<unix time>,v1=<HMAC-SHA256 of "<t>.<body>" under the secret, in hex>`.
A receiver that verifies answers 2xx to a good signature and 400 to another.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Literal

import httpx
from pydantic import Field, SecretStr

from adapters.shared import http
from adapters.shared.convergence import converge
from adapters.shared.keys.proving import Proved
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
    expect: Literal["accepted", "refused"] = Field(description="What the receiver must say to it.")
    timeout: int = Field(
        default=120, ge=1, le=3600, description="Seconds until the receiver must say so."
    )


def probe_webhook_step() -> Step[ProbeWebhook, Proved]:
    """Return `stripe.probe_webhook`."""
    return Step(
        name="stripe.probe_webhook",
        summary="Prove that the receiver of events accepts a signing secret, or no longer does.",
        params=ProbeWebhook,
        outputs=Proved,
        effect=Effect.VERIFY,
        probe=Repeatable("it sends an event of a type that means nothing"),
        run=_run,
        undo=Untouched("it sends an event of a type that means nothing"),
        describe=_describe,
    )


def _describe(params: ProbeWebhook) -> str:
    return (
        f"Sends a signed event of the type `{EVENT_TYPE}`, which means nothing, to {params.url}, "
        f"for up to {params.timeout} s, until it is {params.expect}."
    )


def _run(params: ProbeWebhook, call: Call) -> Done[Proved]:
    return converge(
        lambda: _look(params, call),
        seconds=params.timeout,
        report=call.report,
        hint="Look at the receiver's log: which secret does it hold, and does it verify at all?",
    )


def _look(params: ProbeWebhook, call: Call) -> Done[Proved] | NotYet:
    known_as = call.fingerprint(params.value)
    try:
        status = _send(params)
    except (Transient, OutcomeUnknown) as error:
        return NotYet(f"{known_as} is neither accepted nor refused: {error.message}")
    is_so = status in _REFUSALS if params.expect == "refused" else status // 100 == 2
    if is_so:
        evidence = f"{params.url} answered {status} to an event signed with {known_as}"
        return Done(Proved(verdict=params.expect, fingerprint=known_as), evidence)
    return NotYet(
        f"{params.url} answered {status} to an event signed with {known_as}, which is not "
        f"{params.expect}"
    )


def _send(params: ProbeWebhook) -> int:
    moment = int(time.time())
    event = {"id": "evt_runbook_probe", "object": "event", "type": EVENT_TYPE, "created": moment}
    body = json.dumps({**event, "livemode": False, "data": {"object": {}}})
    headers = {
        "Content-Type": "application/json",
        "Stripe-Signature": f"t={moment},v1={signature(params.value, moment, body)}",
    }
    url = httpx.URL(params.url)
    with http.client(str(url.copy_with(raw_path=b"/"))) as opened:
        target = url.raw_path.decode()
        sent = http.send(opened, "POST", target, what=WHAT, headers=headers, content=body)
    return sent.status_code


def signature(value: SecretStr, moment: int, body: str) -> str:
    """Return the `v1` of a body that is signed at `moment`, seconds since 1970."""
    message = f"{moment}.{body}".encode()
    return hmac.new(value.get_secret_value().encode(), message, hashlib.sha256).hexdigest()
