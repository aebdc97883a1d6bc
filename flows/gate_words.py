"""What a gate tells the person who is asked, in Markdown: enough to decide without another tab."""

from __future__ import annotations

from engine.checklist import lines
from engine.decision import BREAK_GLASS, allowed, vouchers_needed
from engine.durations import spell
from engine.job import Job
from engine.ledger import SCHEDULE, Actor, Event
from engine.looking import describe, look
from engine.plan import PlannedStep
from engine.policy import barrier, covering, gated_reach, people_needed, supporters
from engine.present import TIMELESS, Present
from engine.progress import may_roll_back
from engine.runbook import Gate
from engine.state import Kind, RunState, Status
from engine.step import Done, NotYet, Unclear

MARKS = {
    Status.DONE: "✔",
    Status.SKIPPED: "-",
    Status.FAILED: "✘",
    Status.STARTED: "…",
    Status.UNDONE: "↩",
    Status.UNDOING: "…",
    Status.UNDO_FAILED: "✘",
    Status.WAITING: "·",
}


def finding(job: Job) -> str:
    """Say what a look at the world finds before the step; empty where there is nothing to look at."""
    match look(job):
        case Done(_, evidence):
            return job.desk.redact(f"the goal is reached already: {evidence}")
        case NotYet(found):
            return job.desk.redact(found)
        case Unclear(because):
            return job.desk.redact(f"unclear: {because}")
        case _:
            return ""


def words(job: Job, kind: Kind, found: str, now: Present = TIMELESS) -> str:
    """Return the text above a gate's form."""
    parts = [_heading(job, kind), _changes(job.state), _refusal(job.state), _failure(job, kind)]
    parts.append(_frozen(job, kind, now))
    if kind is not Kind.FAILURE:
        parts.append(f"**What it will do.** {_deed(job, kind)}")
    if found:
        parts.append(f"**What is there now.** {found}")
    parts += [_items(job), _who(job, kind, now), _glass(job, kind), _done_so_far(job), _inputs(job)]
    return "\n\n".join(part for part in parts if part)


def _heading(job: Job, kind: Kind) -> str:
    number, total = job.plan.index(job.step.id) + 1, len(job.plan.steps)
    what = {Kind.STEP: "", Kind.UNDO: "Take back: ", Kind.FAILURE: "Failed: "}[kind]
    no_return = ""
    if kind is Kind.STEP and job.step.no_return:
        no_return = "\n\n**Point of no return.** From this step on there is only forward."
    return f"## {what}{job.step.name}\n\nStep {number} of {total} of *{job.plan.title}*.{no_return}"


def _changes(state: RunState) -> str:
    if not state.changes:
        return ""
    listed = "\n".join(f"- {plain(change)}" for change in state.changes)
    return (
        "**The runbook was changed while this run waited.** What was approved before counts no "
        f"longer; what is done stays done.\n\n{listed}"
    )


def _refusal(state: RunState) -> str:
    return f"**The last answer did not count:** {plain(state.refusal)}." if state.refusal else ""


def _failure(job: Job, kind: Kind) -> str:
    if kind is not Kind.FAILURE:
        return ""
    step = job.state.step(job.step.id)
    lines = [f"**What went wrong.** {plain(step.error)}"]
    if step.hint:
        lines.append(f"**What may help.** {plain(step.hint)}")
    if step.unknown:
        lines.append("It is **not known** whether the step had its effect. Look before you decide.")
    if step.vouchers:
        needed = vouchers_needed(job.step.gate or job.plan.gate)
        lines.append(f"{plain(', '.join(step.vouchers))} of {needed} say that it is done.")
    if not may_roll_back(job.plan, job.state):
        lines.append("The point of no return is passed: there is only forward.")
    return "\n\n".join(lines)


def _frozen(job: Job, kind: Kind, now: Present) -> str:
    window = barrier(job.plan, job.state, job.step, kind, now)
    return f"**Frozen.** {plain(window.words())}." if window else ""


def _glass(job: Job, kind: Kind) -> str:
    if BREAK_GLASS not in allowed(job.plan, job.state, job.step, kind) or not job.plan.break_glass:
        return ""
    rule = job.plan.break_glass
    return (
        f"**In an emergency** one of {' or '.join(rule.groups)} may *break the glass*: the comment "
        f"says why, people are told at once, and somebody else reviews it within "
        f"{spell(rule.review_within)}."
    )


def _deed(job: Job, kind: Kind) -> str:
    said = describe(job)
    return said if kind is Kind.STEP else f"Take back: {said}"


def _items(job: Job) -> str:
    listed = lines(job.step, job.state.step(job.step.id))
    if not listed:
        return ""
    return "**The list.** One at a time, with `note`.\n\n" + "\n".join(
        f"- {plain(line)}" for line in listed
    )


def _who(job: Job, kind: Kind, now: Present) -> str:
    gate = job.step.gate or job.plan.gate
    groups = " or ".join(gate.groups) or "anybody who can reach this form"
    started = job.state.initiator
    needed = people_needed(gate, started)
    lines = [f"**Who may decide.** {needed} of {groups}{_but(gate, started)}"]
    if gate.signed_in_within:
        lines.append(f"They must have signed in within the last {spell(gate.signed_in_within)}")
    if kind is not Kind.FAILURE:
        given = covering(job.plan, job.state, job.step, kind, now)
        said = supporters(gate, given, started)
        if said:
            lines.append(f"{len(said)} of {needed} so far: {plain(', '.join(said))}")
        reach = gated_reach(job.plan, job.step, kind)
        if len(reach) > 1:
            lines.append(f"A yes can cover the steps up to *{reach[-1].name}*")
    return ". ".join(lines) + "."


def _but(gate: Gate, initiator: Actor) -> str:
    if gate.initiator_may_approve:
        return ""
    if initiator == SCHEDULE:
        return ", as a schedule started the run and four eyes take two people"
    return f", but not {plain(initiator.subject)}, who started the run"


def _done_so_far(job: Job) -> str:
    rows = [
        _row(job.state, step)
        for step in job.plan.steps
        if job.state.step(step.id).status is not Status.WAITING
    ]
    if not rows:
        return "**Done so far.** Nothing."
    return "**Done so far.**\n\n" + "\n".join(rows)


def _row(state: RunState, step: PlannedStep) -> str:
    held = state.step(step.id)
    note = held.error or held.evidence
    if held.how == Event.FAILURE_DECIDED:
        note = f"marked done by {held.by}: {note}"
    return f"- {MARKS[held.status]} {step.name}" + (f": {plain(note)}" if note else "")


def _inputs(job: Job) -> str:
    said = "; ".join(f"{name}: {plain(str(value))}" for name, value in job.plan.inputs.items())
    by = plain(job.state.initiator.subject)
    return f"Started by {by} ({job.state.initiator.verified}). {said}"


def plain(text: str) -> str:
    """Take the Markdown out of what people typed or programs said."""
    flat = " ".join(text.split())
    return "".join("\\" + char if char in "\\`*_{}[]<>|#!~$" else char for char in flat)
