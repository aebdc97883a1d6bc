"""What must hold at every instant, even with the engine dead in the middle of a step."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import yaml

from engine.errors import ChainBroken
from engine.ledger import Event, verify
from engine.plan import Plan
from engine.state import Outcome, Status
from engine.step import Effect
from tests.crash.cases import Verdict
from tests.crash.database import is_in_window, is_let_in, markers, uses_database
from tests.crash.leaks import leaks
from tests.crash.pairs import hold_together, paths_of
from tests.crash.sight import Commit, Eye, Sight

ALWAYS: Mapping[str, str] = {
    "I1": "every ready pod holds a credential that is accepted",
    "I2": "the old key is not ended without a recorded proof of the new one",
    "I3": "no key is ended but the old one, and never the last",
    "I4": "a new value that stands anywhere can be read back from git or the drawer",
    "I5": "every commit holds a whole SOPS file that opens and passes its MAC",
    "I6": "a commit of the engine changes one value, the MAC and the date, for the same readers",
    "I7": "no value stands in clear in ledger, git, logs, or temporary files",
    "I8": "the ledger's chain is whole",
    "I9": "a run that is not over holds its secret, and nobody else does",
    "I10": "the cluster never holds a value that was never on main",
    "I11": "nothing was restarted before the Secret held the value that it was restarted for",
    "I12": "where the stores differ, the ledger says that a run is at work",
    "I29": "main has a new secret's value and its entry in the catalogue, or neither",
    "I30": "a key and its secret are of one pair, on main, in the Secret and in every pod",
    "I28": "ending the old key was announced in the ledger before it was done",
}

REPEATED = (Status.UNDOING, Status.UNDO_FAILED, Status.UNDONE)
"""Where a restart on the way back is, once it was begun."""
CHANGES = (Effect.MINT, Effect.STORE, Effect.DISTRIBUTE)


def hold_always(eye: Eye, found: Sight, plan: Plan, verdict: Verdict) -> None:
    """Ask after every invariant of this group."""
    _pods(eye, found, plan, verdict)
    if uses_database(eye):
        _database(eye, found, plan, verdict)
    _provider(eye, found, plan, verdict)
    _recoverable(eye, found, verdict)
    _repository(eye, found, verdict)
    _ledger(eye, found, plan, verdict)
    _cluster(eye, found, plan, verdict)
    hold_together(eye, found, verdict)
    for place in leaks(eye.voyage, markers(eye, found)):
        verdict.hold("I7", claim=False, otherwise=f"a value stands in clear in {place}")
    verdict.hold("I7", claim=True, otherwise="")


def _pods(eye: Eye, found: Sight, plan: Plan, verdict: Verdict) -> None:
    is_window = is_in_window(found, plan)
    for name, values in found.pods.items():
        for value in values:  # none while the only pod of a workload is replaced
            is_good = value is not None and (
                _is_accepted(eye, value) or (is_window and value == eye.old)
            )
            verdict.hold("I1", is_good, f"a pod of {name} holds {eye_word(eye, value)}")


def _is_accepted(eye: Eye, value: str) -> bool:
    if uses_provider(eye):
        return eye.voyage.ring.accepts(value)
    if uses_database(eye):
        return is_let_in(eye, value)
    return value == eye.old or value in eye.voyage.found


def uses_provider(eye: Eye) -> bool:
    """Tell whether the secret is a key of the provider, which lists and ends it."""
    return eye.entry.sops.path in eye.voyage.world.rings


def ended_keys(eye: Eye, found: Sight) -> list[str]:
    """Return the ids of keys that were accepted before the run and are not any more."""
    now = {key["id"] for key in found.keys if key["status"] == "active"}
    return [
        k["id"] for k in eye.voyage.keys_before if k["status"] == "active" and k["id"] not in now
    ]


def eye_word(eye: Eye, value: str | None) -> str:
    """Name a value without telling it."""
    if not value:
        return "nothing"
    if value == eye.old:
        return "the old value"
    return "the new value" if value in eye.voyage.found else "another value"


def _provider(eye: Eye, found: Sight, plan: Plan, verdict: Verdict) -> None:
    ended = ended_keys(eye, found)
    strangers = [key for key in ended if key != eye.old_key]
    verdict.hold("I3", not strangers, f"{len(strangers)} keys were ended that are not the old one")
    verdict.hold("I3", any(k["status"] == "active" for k in found.keys), "no key is active")
    if not eye.old_key:
        return
    is_ended = eye.old_key in ended
    verdict.hold("I2", not is_ended or _is_proven(found, plan), "the old key ended without proof")
    by_hand = eye.voyage.hands.ends
    announced = any(
        e.event is (Event.GATE_OPENED if e.step in by_hand else Event.STEP_STARTED)
        and plan.step(e.step).effect is Effect.REVOKE
        for e in found.entries
        if e.step
    )
    verdict.hold("I28", not is_ended or announced, "the old key ended without an announcement")


def _database(eye: Eye, found: Sight, plan: Plan, verdict: Verdict) -> None:
    """Ask of the database what is asked of the provider: when the old value ends, and after what."""
    let_in = [value for value in {eye.old, *eye.voyage.found} if is_let_in(eye, value)]
    verdict.hold("I3", bool(let_in), "the database lets in nobody at all")
    ending = next(step for step in plan.steps if step.no_return)
    is_ended = eye.old not in let_in
    announced = any(
        e.event is Event.STEP_STARTED and e.step == ending.id for e in found.entries if e.step
    )
    verdict.hold("I28", not is_ended or announced, "the old value ended without an announcement")
    if ending.effect is Effect.REVOKE:
        verdict.hold("I2", not is_ended or _is_proven(found, plan), "it ended without proof")
    if found.state.outcome is None:
        kept = {*found.drawer.values(), *(eye.value(each) for each in found.commits.values())}
        lost = [value for value in let_in if value != eye.old and value not in kept]
        verdict.hold("I4", not lost, "the database accepts a value that can be read from nowhere")


def _is_proven(found: Sight, plan: Plan) -> bool:
    """Tell whether every proof between the last change and the end of the old key is recorded."""
    effects = [step.effect for step in plan.steps]
    first, last = effects.index(Effect.REVOKE), -1
    for place, effect in enumerate(effects[:first]):
        last = place if effect in CHANGES else last
    proofs = [s.id for s in plan.steps[last + 1 : first] if s.effect is Effect.VERIFY]
    return bool(proofs) and all(found.state.step(e).status is Status.DONE for e in proofs)


def _recoverable(eye: Eye, found: Sight, verdict: Verdict) -> None:
    if found.state.outcome is not None:
        return  # main holds it, or nobody needs it
    stands = {
        *found.vault,
        *found.clusters.values(),
        *(v for each in found.pods.values() for v in each),
    }
    kept = {*found.drawer.values(), *(eye.value(each) for each in found.commits.values())}
    lost = [value for value in stands if value and value != eye.old and value not in kept]
    verdict.hold("I4", not lost, "a store holds a value that can be read back from nowhere")


def _repository(eye: Eye, found: Sight, verdict: Verdict) -> None:
    for commit in found.commits.values():
        verdict.hold("I5", commit.values is not None, f"commit {commit.name[:12]} does not open")
        parent = found.commits.get(commit.parent)
        if parent is not None and not commit.author.startswith("Petra"):
            why = _strays(eye, parent, commit, is_main=commit in found.rotations)
            verdict.hold("I6", not why, f"commit {commit.name[:12]} {why}")
    if not eye.enters or eye.voyage.strange:  # a person who puts a value there writes no entry
        return
    for commit in found.rotations:
        is_there = (eye.value(commit) is not None, eye.enters in commit.entered)
        verdict.hold("I29", is_there[0] == is_there[1], f"commit {commit.name[:12]} has half of it")


def _strays(eye: Eye, before: Commit, after: Commit, *, is_main: bool) -> str:
    old, new = _leaves_of(before.file), _leaves_of(after.file)
    paths = paths_of(eye)
    allowed = {*paths, ("sops", "mac"), ("sops", "lastmodified")}
    changed = {place for place in old.keys() | new.keys() if old.get(place) != new.get(place)}
    if changed - allowed:
        return f"changes {sorted(map(str, changed - allowed))}"
    enters = eye.enters in before.entered ^ after.entered
    needed = paths if is_main else paths & changed  # on a branch halves of a pair come one by one
    return "" if enters or (needed and needed <= changed) else "does not change the value"


@lru_cache(maxsize=32)
def _leaves_of(file: bytes) -> Mapping[tuple[Any, ...], Any]:
    """Return the leaves of a YAML file by path; a file is looked at again after every death."""
    return _leaves(yaml.safe_load(file))


def _leaves(node: Any, path: tuple[Any, ...] = ()) -> dict[tuple[Any, ...], Any]:
    children = (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else None
    )
    if children is None:
        return {path: node}
    return {
        place: leaf
        for key, below in children
        for place, leaf in _leaves(below, (*path, key)).items()
    }


def _ledger(eye: Eye, found: Sight, plan: Plan, verdict: Verdict) -> None:
    try:
        verify(found.entries)
    except ChainBroken as error:
        verdict.hold("I8", claim=False, otherwise=error.message)
    else:
        verdict.hold("I8", claim=True, otherwise="")
    is_live = found.state.attempt > 0 and found.state.outcome is None
    holder = found.holders.get(f"secret:{plan.secret}")
    wanted = eye.voyage.run if is_live else None
    verdict.hold("I9", holder == wanted, f"the secret is held by {holder}, not {wanted}")
    main = eye.value(found.main)
    differ = any(value != main for value in found.vault) or (main is not None and not found.vault)
    verdict.hold("I12", not differ or is_live, "the stores differ and no run is at work")
    items = {1} if eye.old else {0, 1}
    verdict.hold(
        "I12", len(found.vault) in items, f"{len(found.vault)} items of that name are live"
    )


def _cluster(eye: Eye, found: Sight, plan: Plan, verdict: Verdict) -> None:
    on_main = {eye.value(commit) for commit in found.rotations} | {eye.old}
    on_the_way_back = found.state.back or found.state.outcome is Outcome.ROLLED_BACK
    restarts = [step for step in plan.steps if step.uses == "kubernetes.rollout_restart"]
    is_repeated = any(found.state.step(each.id).status in REPEATED for each in restarts)
    for name, value in found.clusters.items():
        verdict.hold("I10", value in on_main, "the Secret holds a value that main never held")
        is_new = value in eye.voyage.found
        is_due = not is_new if is_repeated else is_new or on_the_way_back
        verdict.hold("I11", not found.restarts[name] or is_due, f"{name} restarted too early")
