"""`stripe.find_webhook`: the endpoint in force, by the address it sends to.

Stripe shows nothing of a signing secret, so it cannot be found by the value.
"""

from __future__ import annotations

from pydantic import Field

from adapters.shared.keys.finding import FoundKey, only_ended
from adapters.shared.keys.key import Key, listed
from adapters.shared.keys.provider import Provider
from adapters.stripe.endpoints import Endpoints
from engine.errors import Refused
from engine.step import Call, Done, Effect, Frozen, Repeatable, Step, Untouched


class FindWebhook(Frozen):
    """Parameters of `stripe.find_webhook`."""

    url: str = Field(min_length=1, description="Address that the endpoint sends to, to the letter.")
    may_be_disabled: bool = Field(
        default=False,
        description="Whether an endpoint that is disabled already will do where none is enabled, as "
        "it does for one that is to be ended.",
    )


def find_webhook_step(provider: Provider[Endpoints]) -> Step[FindWebhook, FoundKey]:
    """Return `stripe.find_webhook`."""
    return Step(
        name="stripe.find_webhook",
        summary="Find the one enabled webhook endpoint that sends to an address.",
        params=FindWebhook,
        outputs=FoundKey,
        effect=Effect.OBSERVE,
        probe=Repeatable("it only lists endpoints"),
        run=lambda params, call: _run(provider, params, call),
        undo=Untouched("it only lists endpoints"),
        preflight=provider.access(),
        describe=lambda params: f"Picks the enabled endpoint at Stripe that sends to {params.url}.",
    )


def _run(provider: Provider[Endpoints], params: FindWebhook, call: Call) -> Done[FoundKey]:
    with provider.connect() as endpoints:
        every = endpoints.at(params.url)
    found = [key for key in every if key.is_active]
    call.report(f"{len(found)} enabled endpoints send to {params.url}")
    if every and not found:
        sends = f"sends to {params.url}"
        one = only_ended(provider, every, sends, allowed=params.may_be_disabled)
        evidence = f"no enabled endpoint {sends}, and {one.title} does, which is disabled already"
        return Done(_outputs(one), evidence)
    if len(found) != 1:
        raise Refused(
            f"{len(found)} enabled endpoints send to {params.url}: {listed(found) or 'none'}",
            hint="Look in the Stripe dashboard; one must be left, whose secret is in force.",
        )
    [one] = found
    evidence = f"{one.title} is the one enabled endpoint that sends to {params.url}"
    return Done(_outputs(one), evidence)


def _outputs(found: Key) -> FoundKey:
    return FoundKey(key_id=found.identity, key_name=found.name, status=found.status)
