"""`<provider>.adopt_key`: a key that a person has made becomes the run's, which ends it if it is taken back.

So it must be a key that was made for the run. One that was there when the run looked for the key in
force may be another service's: it would be shared, or disabled on the way back. What was there is
told by id and not by time, as our clock and the provider's need not agree.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pydantic import Field

from adapters.shared.keys.disabling import GONE
from adapters.shared.keys.finding import FindKey, FoundKey, look_for
from adapters.shared.keys.key import Key
from adapters.shared.keys.provider import Provider, Switching
from adapters.shared.keys.survivor import find
from engine.errors import Refused
from engine.step import Call, Done, Effect, Repeatable, Step


class AdoptKey(FindKey):
    """Parameters of `adopt_key`."""

    old: str = Field(min_length=1, description="Id of the key in force, which it may not be.")
    seen: tuple[str, ...] = Field(
        description="Ids of all keys that were there before, as `find_key` tells them; it may be "
        "none of these, as they may be of other services."
    )
    days: int = Field(
        default=7, ge=1, description="Days that a key which ends by itself must live yet."
    )


class AdoptedKey(FoundKey):
    """Outputs of `adopt_key`."""

    ends: str = Field(default="", description="When it ends by itself; empty if it does not.")


def adopt_key_step(provider: Provider[Switching]) -> Step[AdoptKey, AdoptedKey]:
    """Return `adopt_key` of a provider whose keys people make and the engine can disable."""
    return Step(
        name=f"{provider.name}.adopt_key",
        summary="Find the key that a person has made, and disable it if the run is taken back.",
        params=AdoptKey,
        outputs=AdoptedKey,
        effect=Effect.ADOPT,
        probe=Repeatable("it only lists keys"),
        run=lambda params, call: _run(provider, params, call),
        undo=lambda params, outputs, call: _undo(provider, params, outputs, call),
        preflight=provider.access(),
        describe=lambda params: (
            f"Lists the active keys at {provider.title} and picks the one that the new value fits, "
            f"which may be neither `{params.old}` nor another that was there before this run. It is "
            "disabled if the run is taken back."
        ),
    )


def _run(provider: Provider[Switching], params: AdoptKey, call: Call) -> Done[AdoptedKey]:
    found = look_for(provider, params, call)
    key = found.key
    _refuse_earlier(params, key.identity, key.title)
    _refuse_short(params, key)
    outputs = AdoptedKey(key_id=key.identity, key_name=key.name, status=key.status, ends=key.ends)
    ends = f"; it ends by itself at {key.ends}" if key.ends else ""
    return Done(outputs, f"{found.evidence}, and was made after this run had begun{ends}")


def _undo(
    provider: Provider[Switching], params: AdoptKey, outputs: AdoptedKey, call: Call
) -> AdoptedKey:
    """Disable the key; one that is disabled or gone is left so."""
    _refuse_earlier(params, outputs.key_id, f"{outputs.key_id} ({outputs.key_name})")
    with provider.connect() as keys:
        made = find(keys.listing(), outputs.key_id)
        if made is None:
            return outputs.model_copy(update={"status": GONE})
        if made.is_active:
            call.report(f"{made.title} is of this run, which is taken back; it is disabled")
            made = keys.switch(made.identity, active=False)
    return outputs.model_copy(update={"status": made.status})


def _refuse_earlier(params: AdoptKey, identity: str, title: str) -> None:
    """Raise `Refused` for a key that was not made for this run."""
    if identity == params.old:
        raise Refused(
            f"{title} is the key in force, and the new one must be another",
            hint="Roll back, make a new key, and bring that.",
        )
    if params.old not in params.seen:
        raise Refused(
            f"the keys that were there before do not have the one in force, {params.old}, among them",
            hint="Put the `seen` of the step that has found the key in force into `seen`.",
        )
    if identity in params.seen:
        raise Refused(
            f"{title} was there before this run, and may be the key of another service",
            hint="Roll back, start anew, and make a key when the run asks for it.",
        )


def _refuse_short(params: AdoptKey, key: Key) -> None:
    """Raise `Refused` for a key that ends so soon that it would fail in production."""
    if not key.ends:
        return
    try:
        ends = datetime.fromisoformat(key.ends)
    except ValueError:
        ends = None
    if ends is None or ends.tzinfo is None:
        raise Refused(
            f"{key.title} ends by itself at {key.ends!r}, which is no moment in a form known to us",
            hint="Make a key that does not end by itself, and bring that.",
        )
    if ends - datetime.now(UTC) < timedelta(days=params.days):
        raise Refused(
            f"{key.title} ends by itself at {key.ends}, in less than {params.days} days",
            hint="Roll back, make a key that lives longer or does not end by itself, and bring that.",
        )
