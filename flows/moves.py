"""Why a run is picked up again: its gate was answered, or somebody retried it, and who that was.

The gateway signs each cancel and each retry and labels the run with the word. Here the word is held
against the states that Prefect has of the run, and what it proves goes into `run.resumed`. It opens
nothing: a retry without a word goes on as far as approvals in the ledger reach, and the trail says
that nobody is known to have asked for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State, StateType

from adapters.platform import Platform
from engine.errors import Refused
from engine.evidence import Proven, prove_move
from engine.ledger import ENGINE, Actor, Entry

UNKNOWN = Actor("unknown", verified="not at all")
"""Whoever moved a run when no signed word says who it was."""
BROKEN = frozenset({StateType.FAILED, StateType.CRASHED, StateType.CANCELLED})
STOPPING = frozenset({StateType.CANCELLING, StateType.CANCELLED})
ON_THE_WAY = frozenset({StateType.SCHEDULED, StateType.PENDING})
"""States between the wish that a run goes on and its pick-up: late, or waiting for a slot."""
UNSIGNED = "Prefect was told to, and no signed word says by whom"


@dataclass(frozen=True)
class Move:
    """Something that people and workers do to a run beside its gates."""

    name: str
    label: str
    """The label of a flow run that holds the signed word."""


CANCEL = Move("cancel", "runbook.cancel")
RETRY = Move("retry", "runbook.retry")
RESTART = Move("restart", "runbook.restart")
"""A retry by a worker, of a run that another one had in hand; it leaves a person's word as it is."""


@dataclass(frozen=True)
class Cause:
    """Why a run is picked up again, for its `run.resumed`."""

    actor: Actor = ENGINE
    told: Mapping[str, Any] = field(default_factory=dict)


def cause(platform: Platform, run: FlowRun, entries: Iterable[Entry]) -> Cause:
    """Return why this run is picked up; `entries` are those that the ledger has of it."""
    return told_by(platform, run, states_of(run), entries)


def states_of(run: FlowRun) -> Sequence[State]:
    """Return the states that the run went through, as Prefect has them."""
    with get_client(sync_client=True) as client:
        return client.read_flow_run_states(run.id)


def told_by(
    platform: Platform, run: FlowRun, states: Iterable[State], entries: Iterable[Entry]
) -> Cause:
    """Return why this run is picked up, from the states that it went through."""
    since = _since_before(states)
    left = _left(since, frozenset({StateType.SCHEDULED}), ON_THE_WAY)
    if left is not None and left.type is StateType.PAUSED:
        return Cause(told={"cause": "answer"})  # its gate says whose
    used = frozenset(str(entry.details.get("token_id", "")) for entry in entries)
    broken = left if left is not None and left.type in BROKEN else None
    move = RETRY
    actor, told = signed(platform, run, RETRY, broken, used)
    if actor == UNKNOWN:
        by, proof = signed(platform, run, RESTART, broken, used)
        move, actor, told = (RESTART, by, proof) if by != UNKNOWN else (RETRY, actor, told)
    stopped = _left(since, STOPPING, STOPPING)
    if stopped is not None:
        by, proof = signed(platform, run, CANCEL, stopped, used)
        told["cancelled"] = {"subject": by.subject, "verified": by.verified, **proof}
    return Cause(actor, {"cause": move.name, **told})


def _since_before(states: Iterable[State]) -> Sequence[State]:
    """Return the states from the pick-up before this one on, without this one's own."""
    told = sorted(states, key=lambda state: state.timestamp)
    taken = [n for n, state in enumerate(told) if state.type is StateType.RUNNING]
    last = taken[-1] if taken else len(told)
    return told[taken[-2] if len(taken) > 1 else 0 : last]


def _left(
    states: Sequence[State], into: frozenset[StateType], passing: frozenset[StateType]
) -> State | None:
    """Return the state out of which the run last went `into` one, from none that is `passing`."""
    pairs = pairwise(states)
    found = [old for old, new in pairs if new.type in into and old.type not in passing]
    return found[-1] if found else None


def signed(
    platform: Platform,
    run: FlowRun,
    move: Move,
    left: State | None,
    used: frozenset[str] = frozenset(),
) -> tuple[Actor, dict[str, Any]]:
    """Return who made this move out of this state, with the proof; `UNKNOWN` with what is wrong."""
    token = run.labels.get(move.label)
    if left is None or not isinstance(token, str) or not token:
        return UNKNOWN, {"why": UNSIGNED}
    try:
        proven = prove_move(token, platform.approval_keys(), str(run.id), move.name, str(left.id))
        _refuse_used(proven, used)
    except Refused as error:
        return UNKNOWN, {"why": error.message}
    return proven.actor, {"token_id": proven.token_id, "token": proven.token}


def _refuse_used(proven: Proven, used: frozenset[str]) -> None:
    if proven.token_id in used:
        raise Refused("the signature was used before")
