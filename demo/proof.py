"""What the run has proven, looked at once more from outside and said in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx

from demo.stage import Stage
from engine.fold import fold
from engine.ledger import verify
from engine.state import Outcome, Status

ANTHROPIC = "ai_agents.anthropic_api_key"


def proofs(stage: Stage, run: str) -> Iterator[str]:
    """Yield one sentence for each thing that was proven; raise `AssertionError` if one is not so."""
    journal = stage.platform().journal
    state = fold(run, journal.entries(run))
    head = verify(journal.entries())
    places = ask_sandbox(stage, "agreement")[ANTHROPIC]
    _hold(state.outcome is Outcome.COMPLETED, f"the run is {state.outcome}")
    _hold(places["sops"] and places["vaultwarden"], "the stores differ")
    yield "Both stores hold the same value: SOPS on main and the Vaultwarden item are equal."
    _hold(places["kubernetes"] and places["pods"], "the cluster serves another value")
    yield "The cluster serves it: the Kubernetes Secret and every pod of ai-agents hold it."
    chat = httpx.post(f"{stage.world['urls']['app']}/chat", json={"message": "hello"}, timeout=20)
    _hold(chat.status_code == httpx.codes.OK, f"the chat gave {chat.status_code}")
    yield "A chat works with it, so the provider accepts the new key."
    old = stage.world["anthropic"]["current_key_id"]
    keys = {key["id"]: key["status"] for key in ask_sandbox(stage, "state")["anthropic"]["keys"]}
    _hold(keys[old] == "inactive", f"the old key is {keys[old]}")
    _hold(state.step("refused").status is Status.DONE, "nobody tried the old key")
    yield f"The old key is refused: {state.step('refused').evidence}."
    yield f"The ledger is whole: {len(journal.entries())} entries, head {head[:16]}."


def ask_sandbox(stage: Stage, what: str) -> dict[str, Any]:
    """Ask the sandbox how things stand; it knows the values and tells none of them."""
    response = httpx.get(f"{stage.world['urls']['control']}/sandbox/{what}", timeout=30)
    told: dict[str, Any] = response.raise_for_status().json()
    return told


def _hold(claim: bool, otherwise: str) -> None:
    if not claim:
        raise AssertionError(otherwise)
