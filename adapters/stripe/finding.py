"""`stripe.find_webhook`: the endpoint in force, by the address it sends to.

Stripe shows nothing of a signing secret, so it cannot be found by the value.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from pydantic import Field

from adapters.shared.keys.finding import FoundKey
from adapters.shared.keys.key import listed
from adapters.shared.keys.provider import Provider
from adapters.stripe.endpoints import Endpoints
from engine.errors import Refused
from engine.step import Call, Done, Effect, Frozen, Repeatable, Step, Untouched

Connect = Callable[[], AbstractContextManager[Endpoints]]


class FindWebhook(Frozen):
    """Parameters of `stripe.find_webhook`."""

    url: str = Field(min_length=1, description="Address that the endpoint sends to, to the letter.")


def find_webhook_step(provider: Provider[Endpoints]) -> Step[FindWebhook, FoundKey]:
    """Return `stripe.find_webhook`."""
    return Step(
        name="stripe.find_webhook",
        summary="Find the one enabled webhook endpoint that sends to an address.",
        params=FindWebhook,
        outputs=FoundKey,
        effect=Effect.OBSERVE,
        probe=Repeatable("it only lists endpoints"),
        run=lambda params, call: _run(provider.connect, params, call),
        undo=Untouched("it only lists endpoints"),
        preflight=provider.access(),
        describe=lambda params: f"Picks the enabled endpoint at Stripe that sends to {params.url}.",
    )


def _run(connect: Connect, params: FindWebhook, call: Call) -> Done[FoundKey]:
    with connect() as endpoints:
        found = endpoints.at(params.url)
    call.report(f"{len(found)} enabled endpoints send to {params.url}")
    if len(found) != 1:
        raise Refused(
            f"{len(found)} enabled endpoints send to {params.url}: {listed(found) or 'none'}",
            hint="Look in the Stripe dashboard; one must be left, whose secret is in force.",
        )
    [one] = found
    outputs = FoundKey(key_id=one.identity, key_name=one.name, status=one.status)
    return Done(outputs, f"{one.title} is the one enabled endpoint that sends to {params.url}")
