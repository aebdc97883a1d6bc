"""`git.publish`: one commit on main, made of what the run left on its pending branch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pydantic import Field

from adapters.git.landing import Move, land
from adapters.shared import trailers
from adapters.shared.checkout import Checkout, GitSettings, Replay, open_checkout
from adapters.shared.remote import shown
from engine.errors import Refused
from engine.step import (
    AnyStep,
    Call,
    Done,
    Effect,
    Exclusive,
    Frozen,
    Nothing,
    NotYet,
    Preflight,
    Probe,
    Step,
)

LEASE = 300.0
"""Seconds a run has the main branch to itself; a publication takes a few."""


class PublishParams(Frozen):
    """What to publish."""

    branch: str | None = Field(
        None, description="The pending branch; the one of this run if left out."
    )


class PublishOutputs(Frozen):
    """Where the change can be seen."""

    commit: str = Field(description="The commit on the main branch.")
    branch: str = Field(description="The main branch.")


def steps(settings: GitSettings, *, replay: Replay) -> tuple[AnyStep, ...]:
    """Return the steps of this adapter; `replay` carries values to a main that has moved."""
    return (
        Step(
            name="git.publish",
            summary="Bring the pending change to the branch that Flux follows, as one commit.",
            params=PublishParams,
            outputs=PublishOutputs,
            effect=Effect.DISTRIBUTE,
            probe=partial(_probe, settings),
            run=partial(_publish, settings, replay),
            undo=partial(_take_back, settings, replay),
            preflight=Preflight(Nothing, partial(_preflight, settings)),
            describe=partial(_describe, settings),
            exclusive=lambda _: Exclusive((f"branch:{settings.branch}",), LEASE),
        ),
    )


def check(settings: GitSettings) -> str:
    """Return one sentence about the remote; raise `Refused` or `Transient` if it is not usable."""
    with open_checkout(settings, "doctor") as checkout:
        checkout.rehearse_push(settings.branch)
        version = checkout.git.local("version").decode().strip()
        remote = shown(settings.remote)
        return f"{version} may push to {remote}, where {settings.branch} is {checkout.main[:12]}"


def _preflight(settings: GitSettings, _: Nothing) -> str:
    with open_checkout(settings, "preflight") as checkout:
        checkout.rehearse_push(settings.branch)
        return f"{settings.branch} of {shown(settings.remote)} can be pushed to"


def _describe(settings: GitSettings, _: PublishParams) -> str:
    return (
        f"Add **one commit** to `{settings.branch}` of `{shown(settings.remote)}`. "
        "From then on Flux carries the new value into the cluster."
    )


def _probe(settings: GitSettings, params: PublishParams, call: Call) -> Probe[PublishOutputs]:
    with open_checkout(settings, call.run, pending_branch=params.branch) as checkout:
        commit, pending = checkout.landed(call.key), _pending(checkout)
        if commit and pending is None:
            return _done(settings, commit)
        if commit:
            # cut off between the push and the sweep: running again only sweeps
            words = f"{settings.branch} has it, and {checkout.pending_branch} is still there"
            return NotYet(words, left=_done(settings, commit).outputs)
        if pending is None:
            return NotYet(f"{settings.branch} has no commit of this run, and nothing is pending")
        return NotYet(f"{checkout.pending_branch} is {pending[:12]} and not on {settings.branch}")


def _publish(
    settings: GitSettings, replay: Replay, params: PublishParams, call: Call
) -> Done[PublishOutputs]:
    def plan(checkout: Checkout) -> tuple[Move, str]:
        pending = _pending(checkout)
        if pending is None:
            raise Refused(
                f"there is nothing to publish: {checkout.pending_branch} is not on the remote and "
                f"{settings.branch} has no commit of this run",
                hint="If main already holds the value, mark the step done by hand; "
                "otherwise store it again.",
            )
        base = checkout.merge_base()
        if base == pending:
            raise Refused(
                f"{settings.branch} contains {pending[:12]} already, and not through this step",
                hint="Someone merged the pending branch; mark the step done by hand.",
            )
        move = Move(base, pending, checkout.changes(f"{base}..{pending}"))
        extra = {trailers.LEDGER_HEAD: call.head}
        return move, trailers.message(call, trailers.verb_of(call), move.changes, extra)

    return _land(settings, replay, params, call, plan)


def _take_back(
    settings: GitSettings,
    replay: Replay,
    params: PublishParams,
    outputs: PublishOutputs,
    call: Call,
) -> PublishOutputs:
    def plan(checkout: Checkout) -> tuple[Move, str]:
        if not checkout.is_on_main(outputs.commit):
            raise Refused(
                f"{settings.branch} does not contain {outputs.commit[:12]}, so it cannot be undone",
                hint="The history of the remote was rewritten; look what main holds now.",
            )
        ours = checkout.changes(f"{outputs.commit}^..{outputs.commit}")
        move = Move(outputs.commit, f"{outputs.commit}^", ours)
        return move, trailers.message(call, "take back", ours)

    return _land(settings, replay, params, call, plan).outputs


def _land(
    settings: GitSettings,
    replay: Replay,
    params: PublishParams,
    call: Call,
    plan: Callable[[Checkout], tuple[Move, str]],
) -> Done[PublishOutputs]:
    with open_checkout(settings, call.run, pending_branch=params.branch) as checkout:
        return _done(settings, land(checkout, replay, call.key, plan, call.report))


def _pending(checkout: Checkout) -> str | None:
    """Return the pending commit; main itself is never pending, whatever the step was given."""
    is_main = checkout.pending_branch == checkout.settings.branch
    return None if is_main else checkout.pending


def _done(settings: GitSettings, commit: str) -> Done[PublishOutputs]:
    outputs = PublishOutputs(commit=commit, branch=settings.branch)
    return Done(outputs, f"{settings.branch} of {shown(settings.remote)} contains {commit}")
