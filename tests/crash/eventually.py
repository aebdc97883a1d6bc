"""What must hold when the run is over, however often it was killed on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from engine.ledger import Event
from engine.plan import Plan
from engine.state import Outcome
from tests.crash.always import ended_keys, eye_word, uses_provider
from tests.crash.cases import Verdict, Way
from tests.crash.database import is_let_in, may_log_in, uses_database
from tests.crash.hands import FORWARD, REJECTED
from tests.crash.pairs import hold_mirrored, paths_of
from tests.crash.people import STRANGE
from tests.crash.sight import Eye, Sight

EVENTUALLY: Mapping[str, str] = {
    "I13": "the end is rotated, or as before, in every place: never mixed",
    "I14": "the run ends as it was decided",
    "I15a": "keys: one made, one ended; none ended where the run was not completed",
    "I15b": "each consumer was restarted once (and once more on the way back)",
    "I15c": "the vault's history has one entry more (and one more on the way back)",
    "I15d": "main has one commit of the run (and one more on the way back), no branch is left",
    "I15e": "the finished run, started again, changes nothing",
    "I16": "one new value, the same after every death",
    "I17": "no key that the run had made is left at the provider, but the one in force",
    "I19": "what a person wrote into the same item meanwhile is still there",
    "I20": "what a person committed to the same file meanwhile is still there",
    "approvals": "nobody was asked twice for what they had agreed to",
    "locks": "nothing is held any more, and the drawer is empty",
}
ENDS: Mapping[Way, Outcome] = {
    "forward": Outcome.COMPLETED,
    "reject": Outcome.REJECTED,
    "back": Outcome.ROLLED_BACK,
}


def hold_eventually(eye: Eye, found: Sight, plan: Plan, verdict: Verdict) -> None:
    """Ask after every invariant of this group."""
    way = verdict.case.way
    verdict.hold("I14", found.state.outcome is ENDS[way], f"the run ended {found.state.outcome}")
    _places(eye, found, verdict)
    _counts(eye, found, verdict)
    _beside(eye, verdict)
    hold_mirrored(eye, found, verdict)
    verdict.hold("I16", len(eye.voyage.found) <= 1, f"{len(eye.voyage.found)} new values were met")
    asked = Counter(
        (e.step, e.details["kind"]) for e in found.entries if e.event is Event.GATE_APPROVED
    )
    twice = [step for (step, _), times in asked.items() if times > 1]
    verdict.hold("approvals", not twice, f"asked twice at {', '.join(twice)}")
    verdict.hold("locks", not found.holders, f"still held: {', '.join(found.holders)}")
    verdict.hold("locks", not found.drawer, "sealed values are left in the drawer")


def hold_stopped(eye: Eye, found: Sight, verdict: Verdict) -> None:
    """Ask after what must hold where a person set a value of the same secret, and so ended the run."""
    outcome = found.state.outcome
    verdict.hold("I14", outcome is Outcome.STOPPED, f"the run ended {outcome}")
    if verdict.case.meanwhile == "commit same":
        is_kept = eye.value(found.main) == STRANGE
        verdict.hold("I20", is_kept, "the run wrote over what a person has committed")
    else:
        is_kept = found.vault == [STRANGE]
        verdict.hold("I19", is_kept, "the run wrote over what a person has set in the vault")
    ended = len(ended_keys(eye, found))
    verdict.hold("I3", ended == 0, f"{ended} keys were ended, and nobody knows which value counts")
    verdict.hold("locks", not found.holders, f"still held: {', '.join(found.holders)}")
    verdict.hold("locks", not found.drawer, "sealed values are left in the drawer")


def _beside(eye: Eye, verdict: Verdict) -> None:
    world, path = eye.voyage.world, eye.voyage.beside
    if path:
        is_kept = world.sops_value(path) == STRANGE
        verdict.hold("I20", is_kept, "a person's commit to the same file is gone")
    if eye.voyage.noted:
        is_kept = world.vaultwarden.notes(eye.entry.vaultwarden.item) == STRANGE
        verdict.hold("I19", is_kept, "a person's change of the same item is gone")


def _places(eye: Eye, found: Sight, verdict: Verdict) -> None:
    is_new = verdict.case.way == "forward"
    wanted = next(iter(eye.voyage.found), None) if is_new else eye.old or None
    held: dict[str, list[str | None]] = {
        "SOPS": [eye.value(found.main)],
        "Vaultwarden": [*found.vault] if eye.old or is_new else [*found.vault] or [None],
        **found.pods,
    }
    if eye.entry.places:
        held["the Secret"] = [*found.clusters.values()]
    for place, values in held.items():
        is_right = bool(values) and all(value == wanted for value in values)
        words = ", ".join(eye_word(eye, value) for value in values)
        verdict.hold("I13", is_right, f"{place} holds {words}")
    if uses_provider(eye):
        accepts = eye.voyage.ring.accepts
        verdict.hold("I13", accepts(eye.old) is not is_new, "the old key is not as it should be")
        verdict.hold("I13", accepts(wanted or ""), "the provider refuses the value in force")
    if uses_database(eye):
        _database(eye, wanted or "", verdict)


def _database(eye: Eye, wanted: str, verdict: Verdict) -> None:
    """Hold that the value in force is let in, and none of the others."""
    verdict.hold("I13", is_let_in(eye, wanted), "the database refuses the value in force")
    others = {eye.old, *eye.voyage.found} - {wanted}
    left = [eye_word(eye, value) for value in others if is_let_in(eye, value)]
    verdict.hold("I13", not left, f"the database still lets in {', '.join(left)}")
    open_roles = may_log_in(eye)
    verdict.hold("I13", open_roles == 1, f"{open_roles} roles of it may log in, not one")


def _orphans(eye: Eye, found: Sight, verdict: Verdict) -> None:
    """Ask after keys of the run; where people make them, it may be theirs to end the one not used."""
    hands = eye.voyage.hands
    if not uses_provider(eye) or (hands.bring is not None and not hands.adopts):
        return
    before = {key["id"] for key in eye.voyage.keys_before}
    made = [key for key in found.keys if key["id"] not in before]
    if hands.adopts:  # what a person made is disabled, and stays in the list
        made = [key for key in made if key["status"] == "active"]
    wanted = 1 if verdict.case.way == "forward" else 0
    verdict.hold("I17", len(made) == wanted, f"{len(made)} keys of the run are left, not {wanted}")


def _counts(eye: Eye, found: Sight, verdict: Verdict) -> None:
    way = verdict.case.way
    wanted = {"forward": FORWARD, "reject": REJECTED, "back": eye.voyage.hands.back}[way]
    ended = 1 if way == "forward" and uses_provider(eye) else 0
    counted = len(ended_keys(eye, found))
    verdict.hold("I15a", counted == ended, f"{counted} keys were ended, not {ended}")
    _orphans(eye, found, verdict)
    for name, restarts in found.restarts.items():
        verdict.hold(
            "I15b",
            restarts == wanted.restarts,
            f"{name} was restarted {restarts} times, not {wanted.restarts}",
        )
    kept = wanted.writes if eye.old else 0  # an item that is made has nothing to keep
    written = wanted.writes * len(paths_of(eye))  # each half of a pair has an item of its own
    for what, times, right in (
        ("history has", len(found.history), kept),
        ("items were written", found.writes, written),
    ):
        verdict.hold("I15c", times == right, f"the vault's {what} {times} times, not {right}")
    commits = len(found.rotations)
    is_right = commits == wanted.commits
    verdict.hold("I15d", is_right, f"main has {commits} commits of the run, not {wanted.commits}")
    left = [name for name in found.branches if name != "main"]
    if verdict.case.duel == "stale" and left == [f"rotate/{eye.voyage.run}"]:
        verdict.notes.append("the late push left the run's branch on the remote")
        left = []
    verdict.hold("I15d", not left, f"left on the remote: {', '.join(left)}")
