"""What an answer at a gate comes to: a pure function, the same for every door it came through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from engine.brought import judge_certificate, judge_comment, judge_value
from engine.checklist import note_fault, unsettled
from engine.errors import RunbookError
from engine.freeze import Window
from engine.ledger import Actor, Draft, Event, timestamp
from engine.plan import Plan, PlannedStep
from engine.policy import barrier, furthest, glass_gate, objection
from engine.present import TIMELESS, Present
from engine.progress import is_harmless, may_roll_back
from engine.runbook import Gate
from engine.sealing import Seal
from engine.state import Kind, Opening, RunState
from engine.step import AnyStep, Ask
from engine.surprise import surprise

SHORTEST_EVIDENCE = 5
"""Characters; less than that says nothing to an auditor."""
SHORTEST_REASON = 10
"""Characters of the reason for breaking the glass."""
LONGEST_COMMENT = 2000
BREAK_GLASS = "break glass"
NOTE = "note"
"""Say where one item of a checklist stands, and leave the gate shut."""


@dataclass(frozen=True)
class Answer:
    """What came back through a gate's form."""

    actor: Actor
    decision: str
    comment: str = ""
    through: str = ""
    """Id of the last step the yes shall cover; empty for this one alone."""
    sealed_value: str = ""
    certificate: str = ""
    """PEM, where the gate asks for a certificate."""
    item: str = ""
    """What of a checklist the answer is about, and where that stands now."""
    item_state: str = ""
    proof: Mapping[str, str] = field(default_factory=dict)
    """Id and text of the token that vouches for the actor; empty where nobody does."""


@dataclass(frozen=True)
class Question:
    """A gate as it was asked, with all it takes to judge the answer."""

    plan: Plan
    state: RunState
    opening: Opening
    registry: Mapping[str, AnyStep]
    seal: Seal
    params: BaseModel | None = None
    """The step's parameters, where they are known yet."""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """Outputs a look found, for a step that is marked done by hand."""
    present: Present = TIMELESS
    """Whether changes are frozen now."""

    @property
    def step(self) -> PlannedStep:
        """The step the gate stands before."""
        return self.plan.step(self.opening.step)

    @property
    def gate(self) -> Gate:
        """Who must agree; a failure of an ungated step is decided as the runbook's default says."""
        return self.step.gate or self.plan.gate


@dataclass(frozen=True)
class Verdict:
    """What goes into the ledger, and into the drawer."""

    draft: Draft
    seal: Mapping[str, str] = field(default_factory=dict)


def allowed(plan: Plan, state: RunState, step: PlannedStep, kind: Kind) -> tuple[str, ...]:
    """List the decisions a person may take at this gate."""
    if kind is Kind.FAILURE:
        back = ("roll back",) if not state.back and may_roll_back(plan, state) else ()
        return ("retry", "mark done", *back, "stop")
    skip = ("skip",) if kind is Kind.STEP and step.may_skip else ()
    note = (NOTE,) if kind is Kind.STEP and step.ask is Ask.CHECKLIST else ()
    glass = (BREAK_GLASS,) if kind is Kind.STEP and step.gate and plan.break_glass else ()
    return ("approve", "reject", *note, *skip, *glass)


def vouchers_needed(gate: Gate) -> int:
    """Return how many people must say that a failed step is done: two where the gate is strict."""
    return max(gate.approvals, 1 if gate.initiator_may_approve else 2)


def judge(question: Question, answer: Answer, now: datetime) -> Verdict:
    """Return what the answer comes to; an answer that does not count is an entry as well."""
    opening = question.opening
    if timestamp(now) > opening.expires:
        return _entry(
            question, answer, Event.GATE_EXPIRED, why=f"the gate expired at {opening.expires}"
        )
    why = _refusal(question, answer)
    if why:
        return _entry(question, answer, Event.GATE_REFUSED, why=why, decision=answer.decision[:20])
    match answer.decision:
        case "approve":
            return _approved(question, answer, Event.GATE_APPROVED)
        case "break glass":
            return _approved(question, answer, Event.GLASS_BROKEN, **_glass(question, now))
        case "reject":
            harmless = is_harmless(question.plan, question.state, question.registry)
            return _entry(question, answer, Event.GATE_REJECTED, harmless=harmless)
        case "skip":
            return _entry(question, answer, Event.GATE_SKIPPED)
        case "note":
            told = {"item": answer.item, "state": answer.item_state}
            return _entry(question, answer, Event.GATE_NOTED, **told)
        case "mark done":
            return _entry(
                question,
                answer,
                Event.FAILURE_DECIDED,
                decision=answer.decision,
                outputs=dict(question.outputs),
                needed=vouchers_needed(question.gate),
            )
        case _:
            return _entry(question, answer, Event.FAILURE_DECIDED, decision=answer.decision)


def _refusal(question: Question, answer: Answer) -> str:
    """Say why the answer does not count; empty if it does."""
    opening, step = question.opening, question.step
    if opening.plan != question.plan.digest:
        return "the runbook was changed after the gate was opened"
    choices = allowed(question.plan, question.state, step, opening.kind)
    is_glass = answer.decision == BREAK_GLASS and BREAK_GLASS in choices
    asked = glass_gate(question.plan, question.gate) if is_glass else question.gate
    against = objection(asked or question.gate, answer.actor, question.state.initiator)
    if against:
        return against
    if answer.decision not in choices:
        return f"at this gate one can {', '.join(choices)}"
    window = _barrier(question)
    if answer.decision == "approve" and window is not None and not window.lets(answer.actor):
        return window.words()
    if len(answer.comment) > LONGEST_COMMENT:
        return f"the comment is longer than {LONGEST_COMMENT} characters"
    if is_glass and len(answer.comment.strip()) < SHORTEST_REASON:
        return "whoever breaks the glass must say why in the comment"
    if is_glass and answer.through not in {"", opening.step}:
        return "breaking the glass opens one gate alone"
    why = _word_missing(question, answer)
    if why or answer.decision == NOTE:
        return why
    reach = [covered.id for covered in furthest(question.plan, step, opening.kind)]
    if answer.decision == "approve" and answer.through and answer.through not in reach:
        return f"a yes at {step.id} can reach no further than {reach[-1]}"
    return ""


def _barrier(question: Question) -> Window | None:
    kind, now = question.opening.kind, question.present
    return barrier(question.plan, question.state, question.step, kind, now)


def _word_missing(question: Question, answer: Answer) -> str:
    """Say what must be told beside the decision and is not; empty where nothing is missing."""
    step, opening = question.step, question.opening
    if answer.decision == NOTE:
        return note_fault(step, answer.item, answer.item_state, answer.comment)
    is_yes = answer.decision in {"approve", BREAK_GLASS} and opening.kind is Kind.STEP
    is_short = len(answer.comment.strip()) < SHORTEST_EVIDENCE
    wants_evidence = is_yes and step.ask is Ask.EVIDENCE
    if is_short and (wants_evidence or answer.decision == "mark done"):
        return "the comment must say what was seen, as evidence"
    missing = unsettled(step, question.state.step(step.id)) if is_yes else ""
    return f"not every item is confirmed or waived: {missing}" if missing else ""


def _glass(question: Question, now: datetime) -> Mapping[str, Any]:
    """Say what the breaking of the glass went over, and until when it must be reviewed."""
    plan, gate = question.plan, question.gate
    assert plan.break_glass is not None
    window = _barrier(question)
    over = [f"{gate.approvals} of {' or '.join(gate.groups) or 'anybody'} had to agree"]
    return {
        "review_until": timestamp(now + plan.break_glass.review_within),
        "over": [*over, *([window.words()] if window else [])],
    }


def _approved(question: Question, answer: Answer, event: Event, **more: Any) -> Verdict:
    more["through"] = answer.through or question.opening.step
    if question.opening.kind is not Kind.STEP:
        return _entry(question, answer, event, **more)
    declared = question.registry[question.step.uses]
    try:
        judge_comment(declared, question.params, answer.comment)
        match question.step.ask:
            case Ask.SEALED_VALUE:
                brought = judge_value(declared, question.params, question.seal, answer.sealed_value)
            case Ask.CERTIFICATE:
                brought = judge_certificate(
                    declared, question.params, question.seal, answer.certificate
                )
            case _:
                return _entry(question, answer, event, **more)
    except RunbookError as error:
        why = error.message
    except Exception as error:  # noqa: BLE001 - what was brought may be in its text
        why = surprise("the check of what was brought", error)
    else:
        verdict = _entry(question, answer, event, **more, sealed=["answer"])
        return Verdict(verdict.draft, {"answer": brought})
    return _entry(question, answer, Event.GATE_REFUSED, why=why, decision=answer.decision)


def _entry(question: Question, answer: Answer, event: Event, **details: Any) -> Verdict:
    state, opening = question.state, question.opening
    told = {
        "opening": opening.number,
        "kind": opening.kind.value,
        "comment": answer.comment[:LONGEST_COMMENT],
    }
    return Verdict(
        Draft(
            run=state.run,
            event=event,
            actor=answer.actor,
            step=opening.step,
            attempt=state.attempt,
            plan=question.plan.digest,
            details={**told, **answer.proof, **details},
        )
    )
