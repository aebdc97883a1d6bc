"""Cancel and retry: the moves of a run that pass no gate, signed with who made them.

A run that is picked up again reads the signed word and writes it into the ledger
(`flows.moves`). It opens nothing: what runs next is decided by gates alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.gateway import Role
from flows.moves import CANCEL, RESTART, RETRY, Move
from gateway.asking import Asking, mapping
from gateway.identity import Forbidden

ENDED = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})
BROKEN = ENDED - {"COMPLETED"}
CANCELLING = "CANCELLING"
STOPPING = frozenset({CANCELLING, "CANCELLED"})
PAST_A_GATE = frozenset({"SCHEDULED", "PENDING", "RUNNING", "COMPLETED"})


async def change_state(asking: Asking) -> dict[str, Any]:
    """Let people cancel and retry, and the worker report; a gate is left by its answer alone.

    A cancel is asked for as cancelling, however it was spelled: on that alone the run's process is
    ended, and the run is retried only when it is. Where there is none, as at a gate, Prefect makes it
    cancelled at once (`BypassCancellingFlowRunsWithNoInfra`), in the transaction in which it looks.
    """
    stands = await standing(asking)
    wanted = mapping(asking.body.get("state"), "a state").get("type")
    found = stands.get("type", "")
    if not isinstance(wanted, str):
        raise Forbidden("a state has a type")
    is_retry = wanted == "SCHEDULED" and found in BROKEN
    if Role.WORKER in asking.who.roles:
        if found == "PAUSED" and wanted in PAST_A_GATE:
            raise Forbidden("a run leaves its gate by an answer, and by nothing else")
        if is_retry:
            await _sign(asking, RESTART, stands)
        return dict(asking.body)
    if wanted in STOPPING:
        _refuse_stopped(found)
        await _sign(asking, CANCEL, stands)
        return {"state": {"type": CANCELLING, "message": f"cancelled by {asking.who.subject}"}}
    if is_retry:
        await _sign(asking, RETRY, stands)
        told = f"retried by {asking.who.subject}"
        return {"state": {"type": wanted, "name": "AwaitingRetry", "message": told}}
    raise Forbidden(
        f"people may cancel a run, and retry one that failed, crashed or was cancelled; not set "
        f"{wanted} where it is {found}"
    )


def _refuse_stopped(found: str) -> None:
    if found in ENDED:
        raise Forbidden(f"this run has ended already: it is {found}, and nothing is left to cancel")
    if found == CANCELLING:
        raise Forbidden("this run is being cancelled already: it is over when its process is")


async def ended_run(asking: Asking) -> dict[str, Any]:
    """Let a run be deleted that has ended."""
    if (await standing(asking)).get("type") not in ENDED:
        raise Forbidden("only a run that has ended can be deleted: cancel it first")
    return {}


async def standing(asking: Asking) -> Mapping[str, Any]:
    """Return Prefect's state of the run; empty where it has none yet."""
    found: Mapping[str, Any] = (await asking.inside.run(asking.id)).get("state") or {}
    return found


async def _sign(asking: Asking, move: Move, stands: Mapping[str, Any]) -> None:
    """Label the run with the signed word, before it moves: a worker may take it up at once."""
    after = str(stands.get("id", ""))
    token = asking.signer.move(asking.who, asking.id, move.name, after, asking.now)
    await asking.inside.label(asking.id, {move.label: token})
