"""The form at a gate, as Prefect's UI shows it and its API checks it."""

from __future__ import annotations

from typing import Any, Literal

from prefect.input import RunInput
from pydantic import ConfigDict, Field, create_model

from engine.decision import LONGEST_COMMENT, allowed
from engine.plan import Plan
from engine.policy import gated_reach
from engine.progress import AskPerson
from engine.sealing import ARMOUR_PATTERN, MAX_ARMOUR
from engine.state import Kind, RunState
from engine.step import Ask


class GateForm(RunInput):
    """What every gate asks; an unknown field is dropped, so that a gateway may add its token."""

    model_config = ConfigDict(extra="ignore")


def form(plan: Plan, state: RunState, move: AskPerson, key: str) -> type[RunInput]:
    """Return the model whose JSON Schema is the form for this one asking."""
    choices = allowed(plan, state, move.step, move.kind)
    fields: dict[str, Any] = {
        "decision": (
            Literal[choices],
            Field(title="Decision", description=_decision_words(move.kind)),
        ),
        "name": (
            str,
            Field(
                title="Your name",
                min_length=1,
                max_length=80,
                description="Who decides. Recorded with the decision.",
            ),
        ),
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
    if move.kind is Kind.STEP and move.step.ask is Ask.SEALED_VALUE:
        fields["sealed_value"] = (
            str,
            Field(
                "",
                title="Sealed value",
                max_length=MAX_ARMOUR,
                pattern=ARMOUR_PATTERN,
                description="What `runbook seal` printed. Never paste a clear value.",
            ),
        )
    fields["gate"] = (
        Literal[key],
        Field(
            title="Gate",
            json_schema_extra={"default": key},
            description="Names this gate, so that an old form cannot open the next one.",
        ),
    )
    return create_model("Decision", __base__=GateForm, **fields)


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
    return "Anything the next reader should know."
