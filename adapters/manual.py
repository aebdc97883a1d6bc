"""What only a person can do: the step asks, and what they write down is the evidence."""

from __future__ import annotations

from pydantic import Field

from engine.errors import Refused
from engine.step import (
    AnyStep,
    Ask,
    Call,
    Done,
    Effect,
    Frozen,
    Irreversible,
    Repeatable,
    Step,
    Untouched,
)

SHORTEST_EVIDENCE = 5
"""Characters below which a comment convinces nobody."""

_RECORDS = Repeatable("it records what a person says they did and changes nothing itself")


class Manual(Frozen):
    """Parameters of a manual step."""

    instructions: str = Field(min_length=1, description="What the person is to do, in Markdown.")
    evidence: str = Field(
        min_length=1, description="What the person is to write down as proof; no secret."
    )


class Evidence(Frozen):
    """Outputs of a manual step."""

    evidence: str = Field(description="What the person wrote down.")


def steps() -> tuple[AnyStep, ...]:
    """Return what this adapter offers."""
    return (_CONFIRM, _REVOKE)


def _record(params: Manual, call: Call) -> Done[Evidence]:
    written = call.comment.strip()
    if len(written) < SHORTEST_EVIDENCE:
        raise Refused(
            f"the evidence is too short: at least {SHORTEST_EVIDENCE} characters are wanted",
            hint=f"Write into the comment of the gate: {params.evidence}",
        )
    by = ", ".join(call.approved_by) or "the approver"
    return Done(Evidence(evidence=written), f"{by} wrote: {written}")


def _describe(params: Manual) -> str:
    return f"{params.instructions}\n\nWrite down as evidence, without any secret: {params.evidence}"


_CONFIRM: Step[Manual, Evidence] = Step(
    name="manual.confirm",
    summary="Have a person check something and write down what they saw.",
    params=Manual,
    outputs=Evidence,
    effect=Effect.VERIFY,
    probe=_RECORDS,
    run=_record,
    undo=Untouched("it only records what a person saw"),
    ask=Ask.EVIDENCE,
    describe=_describe,
)

_REVOKE: Step[Manual, Evidence] = Step(
    name="manual.revoke",
    summary="Have a person end the old value where no API can, and write down the proof.",
    params=Manual,
    outputs=Evidence,
    effect=Effect.REVOKE,
    probe=_RECORDS,
    run=_record,
    undo=Irreversible("a person has ended the old value outside, and no step can bring it back"),
    ask=Ask.EVIDENCE,
    describe=_describe,
)
