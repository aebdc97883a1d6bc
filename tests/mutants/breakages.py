"""The breakages: what is broken, in which file, and which test file must go red."""

from __future__ import annotations

from dataclasses import dataclass

MACHINE = "tests/engine/test_machine.py"


@dataclass(frozen=True)
class Breakage:
    """One change of the code that must not go unseen."""

    sentence: str
    file: str
    old: str
    """Text that is in the file once."""
    new: str
    test: str = MACHINE


BREAKAGES = (
    Breakage(
        "a failed step is treated as done",
        "engine/progress.py",
        "case Status.DONE | Status.SKIPPED:",
        "case Status.DONE | Status.SKIPPED | Status.FAILED:",
    ),
    Breakage(
        "a failed step is folded to done",
        "engine/fold.py",
        "return _broken(state, entry, Status.FAILED)",
        "return _broken(state, entry, Status.DONE)",
    ),
    Breakage(
        "a step that was cut off is treated as done",
        "engine/progress.py",
        "case Status.DONE | Status.SKIPPED:",
        "case Status.DONE | Status.SKIPPED | Status.STARTED:",
    ),
    Breakage(
        "a reject before any change is ignored",
        "engine/fold.py",
        "return replace(closed, ending=Outcome.REJECTED)",
        "return closed",
    ),
    Breakage(
        "a reject after a change is ignored",
        "engine/fold.py",
        "return _failed(closed, entry, Status.FAILED)",
        "return closed",
    ),
    Breakage(
        "an approval of another plan counts",
        "engine/policy.py",
        "if approval.plan == digest\n        and approval.kind is kind",
        "if approval.kind is kind",
    ),
    Breakage(
        "an approval is lost when the run is picked up again",
        "engine/fold.py",
        "return replace(state, attempt=entry.attempt)",
        "return replace(state, attempt=entry.attempt, approvals=())",
    ),
    Breakage(
        "a step that the runbook does not let out may be skipped, and the old key ended unproven",
        "engine/decision.py",
        "if kind is Kind.STEP and step.may_skip else ()",
        "if kind is Kind.STEP else ()",
    ),
    Breakage(
        "an approval that comes after the expiry is taken",
        "engine/decision.py",
        "if timestamp(now) > opening.expires:",
        "if False:",
    ),
    Breakage(
        "one person who approves twice counts as two people",
        "engine/policy.py",
        "people.setdefault(identity(approval.actor.subject), approval.actor.subject)",
        "people.setdefault(approval.at, approval.actor.subject)",
    ),
    Breakage(
        "the initiator counts where somebody else is asked for",
        "engine/policy.py",
        "if not gate.initiator_may_approve and _same(person, initiator):",
        "if False:",
    ),
    Breakage(
        "a person of no group may decide",
        "engine/policy.py",
        "if gate.groups and not set(gate.groups) & set(person.groups):",
        "if False:",
    ),
    Breakage(
        "a yes reaches past a stricter gate",
        "engine/policy.py",
        "if _stricter(later, step, kind):",
        "if False:",
    ),
    Breakage(
        "the way back is open past the point of no return",
        "engine/progress.py",
        "return not any(step.no_return and state.step(step.id).touched for step in plan.steps)",
        "return True",
    ),
    Breakage(
        "a finished run goes on",
        "engine/fold.py",
        'return replace(state, outcome=Outcome(entry.details["outcome"]), opening=None)',
        "return replace(state, opening=None)",
    ),
    Breakage(
        "a runbook may revoke after a proof that may be left out",
        "engine/ordering.py",
        "elif all(proof.may_skip for proof in before):",
        "elif False:",
        "tests/engine/test_checks.py",
    ),
    Breakage(
        "a step is recorded as started after its effect",
        "engine/execution.py",
        "if isinstance(found, Unclear):\n        raise OutcomeUnknown(found.because,",
        "_run_and_look(declared, params, call)\n"
        "    if isinstance(found, Unclear):\n        raise OutcomeUnknown(found.because,",
        "tests/engine/test_execution.py",
    ),
    Breakage(
        "a step that was cut off and cannot be looked after is repeated unasked",
        "engine/execution.py",
        "if interrupted and isinstance(declared.probe, Once):",
        "if False:",
        "tests/engine/test_execution.py",
    ),
    Breakage(
        "a goal that a second look does not find is called reached",
        "engine/execution.py",
        "if isinstance(found, Done) or isinstance(declared.probe, Repeatable | Once):\n        return done",
        "return done",
        "tests/engine/test_execution.py",
    ),
    Breakage(
        "a failure is recorded without its mask",
        "engine/execution.py",
        "redact(error.message),",
        "error.message,",
        "tests/engine/test_execution.py",
    ),
    Breakage(
        "an answer to the form of another plan is taken",
        "engine/decision.py",
        "if opening.plan != question.plan.digest:",
        "if False:",
        "tests/engine/test_gates.py",
    ),
    Breakage(
        "an entry that follows another one than it says is passed",
        "engine/ledger.py",
        "if entry.previous != head:",
        "if False:",
        "tests/engine/test_ledger.py",
    ),
    Breakage(
        "an older attempt may write",
        "adapters/ledger/fence.py",
        "if draft.attempt < newest:",
        "if False:",
        "tests/engine/test_execution.py",
    ),
    Breakage(
        "four eyes are one person where a schedule started the run",
        "engine/policy.py",
        "2 if is_alone else 1",
        "1",
        "tests/engine/test_scheduled.py",
    ),
    Breakage(
        "a schedule starts every runbook",
        "flows/evidence.py",
        'voyage.platform.runbook(name).schedule != "allowed"',
        "not name",
        "tests/flows/test_evidence.py",
    ),
    Breakage(
        "a run that somebody made by hand passes for a scheduled one",
        "flows/evidence.py",
        'and key.startswith(f"scheduled {run.deployment_id} ")',
        "",
        "tests/flows/test_evidence.py",
    ),
    Breakage(
        "the signature of a retry is good for any other",
        "engine/evidence.py",
        '"after": (after, "another moment of this run")',
        '"after": (claims.get("after"), after)',
        "tests/flows/test_moves.py",
    ),
    Breakage(
        "the signature of a retry counts again",
        "flows/moves.py",
        "    if proven.token_id in used:",
        "    if not used:",
        "tests/flows/test_moves.py",
    ),
    Breakage(
        "tries at the gateway are not counted",
        "gateway/limits.py",
        "        if wait > 0:",
        "        if wait > MOST:",
        "tests/gateway/test_limits.py",
    ),
)
