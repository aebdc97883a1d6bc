"""An answer at a gate: looked at, completed with who gave it, and signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.evidence import TOKEN_FIELD, Asked, digest_of, unsigned
from flows.gate_form import FRESH, PLAN
from gateway.asking import Asking
from gateway.identity import Forbidden
from gateway.templates import refuse_templates

NAME, VIA = "name", "via"


@dataclass(frozen=True)
class _Shown:
    """What a person was shown at a gate."""

    asked: Asked
    fresh: int | None
    takes_name: bool


async def answer_gate(asking: Asking) -> dict[str, Any]:
    """Sign the answer for exactly this run, gate, plan, text, decision and person."""
    given = asking.body.get("run_input")
    if not isinstance(given, dict):
        raise Forbidden("a gate is opened by an answer to its form, and by nothing else")
    refuse_templates(given)
    shown = await _shown(asking)
    if given.get("gate") != shown.asked.gate:
        raise Forbidden(f"this form is an old one: the run stands at {shown.asked.gate}")
    _refuse_stale(asking, shown.fresh)
    answer = _named(asking, given, takes_name=shown.takes_name)
    seconds = int(asking.settings.approval_lifetime.total_seconds())
    token = asking.signer.approval(asking.who, shown.asked, answer, asking.now, seconds)
    return {"run_input": {**answer, TOKEN_FIELD: token}}


async def _shown(asking: Asking) -> _Shown:
    """Read back from Prefect what the gate shows."""
    run = await asking.inside.run(asking.id)
    state = run.get("state") or {}
    keys = (state.get("state_details") or {}).get("run_input_keyset") or {}
    if state.get("type") != "PAUSED" or not keys:
        raise Forbidden("the run stands at no gate")
    schema = await asking.inside.input(asking.id, keys["schema"])
    words = await asking.inside.input(asking.id, keys["description"])
    if not isinstance(schema, dict) or not isinstance(words, str):
        raise Forbidden("the gate has no form yet: press again in a moment")
    fields = schema.get("properties", {})
    gate: Mapping[str, Any] = fields.get("gate", {})
    name, plan = gate.get("default"), gate.get(PLAN)
    if not isinstance(name, str) or not isinstance(plan, str):
        raise Forbidden("this is no gate of a runbook")
    fresh = gate.get(FRESH)
    asked = Asked(asking.id, name, plan, digest_of(words))
    return _Shown(asked, fresh if isinstance(fresh, int) else None, NAME in fields)


def _refuse_stale(asking: Asking, fresh: int | None) -> None:
    if fresh is None or asking.now - asking.who.signed_in <= fresh:
        return
    way = {
        "oidc": f"open {asking.settings.url}/gateway/login?again=1",
        "token": "run `runbook login`",
    }.get(asking.who.way, "sign in at the gateway itself")
    raise Forbidden(f"this gate wants a sign-in of the last {fresh} s: {way}, then answer again")


def _named(asking: Asking, given: Mapping[str, Any], *, takes_name: bool) -> dict[str, Any]:
    """Put the verified name in the place of what was typed, and say which door it came by."""
    answer = {name: value for name, value in unsigned(given).items() if name not in {NAME, VIA}}
    if takes_name:
        answer[NAME] = asking.who.subject
    answer[VIA] = "ui" if asking.who.is_ambient else str(given.get(VIA) or "api")
    return answer
