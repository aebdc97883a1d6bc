"""The form at a gate, as Prefect's UI shows it and its API checks it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from engine.brought import CERTIFICATE_PATTERN, MAX_CERTIFICATE
from engine.checklist import NO_ITEM, items_of
from engine.decision import LONGEST_COMMENT, allowed
from engine.evidence import gate_key
from engine.plan import Plan, PlannedStep
from engine.policy import gated_reach
from engine.progress import AskPerson
from engine.sealing import ARMOUR_PATTERN, MAX_ARMOUR
from engine.state import ItemState, Kind, Opening, RunState
from engine.step import Ask

PLAN = "x-plan"
"""Where the form's field `gate` tells the digest of the plan."""
FRESH = "x-signed-in-within"
"""Where it tells how many seconds ago a sign-in may be, at most."""


class GateForm(BaseModel):
    """What every gate asks; an unknown field is dropped, so that a gateway may add its token."""

    model_config = ConfigDict(extra="ignore")


def key(opening: Opening) -> str:
    """Return Prefect's key for this asking; new for each, so that none can be answered twice."""
    return gate_key(opening.step, opening.kind.value, opening.number)


def form(plan: Plan, state: RunState, move: AskPerson, *, takes_names: bool) -> type[BaseModel]:
    """Return the model whose JSON Schema is the form for the opening in `state`.

    It asks for a name only where a name that was typed counts; elsewhere the gateway says who it is.
    """
    choices = allowed(plan, state, move.step, move.kind)
    fields: dict[str, Any] = {
        "decision": (
            Literal[choices],
            Field(title="Decision", description=_decision_words(move.kind)),
        ),
        **(_NAME if takes_names else {}),
        "comment": (
            str,
            Field(
                "", title="Comment", max_length=LONGEST_COMMENT, description=_comment_words(move)
            ),
        ),
    }
    if move.kind is not Kind.FAILURE:
        reach = tuple(step.id for step in gated_reach(plan, move.step, move.kind))
        fields["approve_through"] = (
            Literal[reach],
            Field(
                reach[0],
                title="Approve through",
                description="Your yes covers every step up to and including this one.",
            ),
        )
    if move.kind is Kind.STEP:
        fields |= _asked(move.step)
    fields["gate"] = _constant(plan, state, move)
    return create_model("Decision", __base__=GateForm, **fields)


_NAME: dict[str, Any] = {
    "name": (
        str,
        Field(
            title="Your name",
            min_length=1,
            max_length=80,
            description="Who decides. Recorded with the decision.",
        ),
    )
}


def _asked(step: PlannedStep) -> dict[str, Any]:
    """Return the fields for what the step asks a person for."""
    match step.ask:
        case Ask.SEALED_VALUE:
            return {"sealed_value": _SEALED}
        case Ask.CERTIFICATE:
            return {"certificate": _CERTIFICATE}
        case Ask.CHECKLIST:
            return _item_fields(items_of(step))
        case _:
            return {}


def _item_fields(items: tuple[str, ...]) -> dict[str, Any]:
    listed, states = (NO_ITEM, *items), tuple(state.value for state in ItemState)
    about = "With the decision `note`: which item your comment is about."
    where = "With the decision `note`: where that item stands now."
    return {
        "item": (Literal[listed], Field(NO_ITEM, title="Item", description=about)),
        "state": (Literal[states], Field(states[0], title="State", description=where)),
    }


_CERTIFICATE: tuple[Any, Any] = (
    str,
    Field(
        "",
        title="Certificate",
        max_length=MAX_CERTIFICATE,
        pattern=CERTIFICATE_PATTERN,
        description="The certificate and its chain, in PEM. It is public; never paste a key.",
    ),
)

_SEALED: tuple[Any, Any] = (
    str,
    Field(
        "",
        title="Sealed value",
        max_length=MAX_ARMOUR,
        pattern=ARMOUR_PATTERN,
        description="What `runbook seal` printed. Never paste a clear value.",
    ),
)


def _constant(plan: Plan, state: RunState, move: AskPerson) -> tuple[Any, Any]:
    """Return the field that names the gate, and tells the gateway what else it has to sign."""
    assert state.opening is not None
    name, gate = key(state.opening), move.step.gate or plan.gate
    extra: dict[str, Any] = {"default": name, PLAN: state.opening.plan}
    if gate.signed_in_within is not None:
        extra[FRESH] = int(gate.signed_in_within.total_seconds())
    told = "Names this gate, so that an old form cannot open the next one."
    return Literal[name], Field(title="Gate", json_schema_extra=extra, description=told)


def _decision_words(kind: Kind) -> str:
    match kind:
        case Kind.STEP:
            return "Approve runs the step; reject stops here."
        case Kind.UNDO:
            return "Approve takes the step back; reject stops the way back here."
        case Kind.FAILURE:
            return (
                "Retry runs it again; mark done goes on as if it had succeeded; roll back "
                "takes back what was done; stop leaves everything as it is."
            )


def _comment_words(move: AskPerson) -> str:
    if move.kind is Kind.FAILURE:
        return "For `mark done`: the evidence that the step's goal is reached."
    if move.kind is Kind.STEP and move.step.ask is Ask.EVIDENCE:
        return "The evidence: what you did and what you saw."
    if move.kind is Kind.STEP and move.step.ask is Ask.CHECKLIST:
        return "For `note`: what was done and seen about the item, or why it is waived."
    return "Anything the next reader should know."
