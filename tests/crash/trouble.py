"""Faults of the outside systems: which requests there are comes from a dry pass, not from a list."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from typing import Any, cast

from sandbox.faults import Fault
from tests.crash.boundary import KEYS, normal
from tests.crash.cases import Case, Verdict
from tests.crash.draw import Draw
from tests.crash.voyage import Voyage

KINDS: dict[str, dict[str, Any]] = {
    "503 once": {"kind": "status", "status": 503},
    "reply lost after its effect": {"kind": "lost_reply"},
    "401 once": {"kind": "status", "status": 401},
    "403 once": {"kind": "status", "status": 403},
    "429 with Retry-After": {"kind": "status", "status": 429, "retry_after": 1},
    "connection dropped": {"kind": "drop"},
    "half a body": {"kind": "half_body"},
    "slow answer": {"kind": "delay", "seconds": 0.5},
}
LASTING = {"503 until removed": {"kind": "status", "status": 503, "times": None}}
LATE = {"no answer in time": {"kind": "delay", "seconds": 25.0}}
"""Longer than any client of the engine waits (`TIMEOUT` in adapters/shared)."""

Request = tuple[str, str, str]
"""Double, method, and a glob for the path."""


def requests_of(voyage: Voyage) -> tuple[Request, ...]:
    """Return each distinct request that the run itself has sent, in the order of the first."""
    sent = {each.act[1] for each in voyage.boundaries() if each.kind == "request"}
    found: dict[Request, None] = {}
    for line in voyage.world.layout.access_log.read_text().splitlines():
        _, double, method, path, _ = line.split(" ")
        if normal(f"{method} {path}") in sent:
            found[double, method, _glob(path)] = None
    return tuple(found)


def fault_cases(dry: Verdict, rng: random.Random, draw: Draw) -> list[Case]:
    """Return the cases of one runbook."""
    at_once = [*_all_at_once(dry)]
    return [
        *rng.sample(at_once, min(draw.at_once, len(at_once))),
        *_lasting(dry),
        *_pushes(dry.case.runbook),
        *_single(dry, rng, KINDS, draw.single),
        *_single(dry, rng, LATE, draw.late),
    ]


def _all_at_once(dry: Verdict) -> Iterable[Case]:
    """Let each request fail once, all in one run: before it, and from the first gate on."""
    for told, fields in KINDS.items():
        faults = tuple(_fault(each, fields) for each in dry.requests)
        words = f"every request once: {told}"
        yield Case(dry.case.runbook, faults=faults, told=words, since="gate")
        yield Case(dry.case.runbook, faults=faults, told=words, since="start")


def _lasting(dry: Verdict) -> Iterable[Case]:
    for double in dict.fromkeys(double for double, _, _ in dry.requests):
        for told, fields in LASTING.items():
            faults = (_fault((double, "*", "*"), fields),)
            yield Case(dry.case.runbook, faults=faults, told=f"{double}: {told}")


def _pushes(runbook: str) -> Iterable[Case]:
    yield Case(runbook, push="refuse", told="git: pushes refused until removed")
    yield Case(runbook, push="lose", told="git: pushes taken and the reply lost until removed")


def _single(
    dry: Verdict, rng: random.Random, kinds: dict[str, dict[str, Any]], most: int
) -> Iterable[Case]:
    pairs = [(request, told) for request in dry.requests for told in kinds]
    for request, told in rng.sample(pairs, min(most, len(pairs))):
        words = f"{' '.join(request)}: {told}"
        yield Case(dry.case.runbook, faults=(_fault(request, kinds[told]),), told=words)


def _fault(request: Request, fields: dict[str, Any]) -> Fault:
    double, method, path = request
    return Fault(double=cast("Any", double), method=method, path=path, **fields)


def _glob(path: str) -> str:
    path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "*", path)
    return re.sub(KEYS, "*", path)


def begin_trouble(voyage: Voyage, moment: str) -> None:
    """Let the faults of the case begin, if this is the moment."""
    case = voyage.case
    if case.since != moment or voyage.troubled:
        return
    voyage.troubled = True
    for fault in case.faults:
        voyage.world.faults.arm(fault)
    if case.push:
        voyage.world.remote.break_pushes(case.push)


def end_trouble(voyage: Voyage) -> None:
    """Take away what would last until somebody does; what strikes once stays."""
    for armed in voyage.world.faults.listing():
        if armed["times"] is None:
            voyage.world.faults.remove(armed["id"])
    voyage.world.remote.break_pushes(None)
