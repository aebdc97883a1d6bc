from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.conclusion import UNCLEAR, Case, Conclusion
from engine.recovery import conclude
from engine.standing import Place, Standing, is_same_move

A, B, C = "fp:aaaa", "fp:bbbb", "fp:cccc"
EARLY, LATE = "2026-01-01T00:00:00.000000Z", "2026-01-02T00:00:00.000000Z"
MARK, RESTART = "run-1/publish", "run-1/restart"


def main(value: str = A, before: str = "", mark: str = "", since: str = EARLY) -> Standing:
    return Standing(Place.MAIN, "SOPS main", value, before=before, mark=mark, since=since)


def vault(value: str = A, before: str = "") -> Standing:
    return Standing(Place.VAULT, "Vaultwarden", value, before=before)


def cluster(value: str = A) -> Standing:
    return Standing(Place.CLUSTER, "Secret a/b", value)


def pods(mark: str = "", since: str = "") -> Standing:
    return Standing(Place.PODS, "pods of deployment/b", mark=mark, since=since)


def branch(value: str = B, run: str = "run-1") -> Standing:
    return Standing(Place.PENDING, f"SOPS rotate/{run}", value, mark=f"{run}/sops")


def key(identity: str, *fits: str) -> Standing:
    return Standing(Place.PROVIDER, f"key {identity}", key=identity, fits=fits)


def slot(*fits: str) -> Standing:
    return Standing(Place.PROVIDER, "role plana", key="plana", fits=fits, slot=True)


def blind(standing: Standing, *, is_away: bool = True) -> Standing:
    return replace(standing, fingerprint="", unknown="no answer", is_away=is_away)


ROTATED = (main(B, A, MARK), vault(B, A), cluster(B), pods(RESTART))
NOTHING_KNOWN = Standing(Place.PROVIDER, "provider")

TABLE: dict[str, tuple[Case, Sequence[Standing]]] = {
    "nobody has begun": (Case.SETTLED, (main(), vault(), cluster(), pods())),
    "no cluster reads it": (Case.SETTLED, (main(), vault())),
    "all is new": (Case.SETTLED, ROTATED),
    "all is new, the branch is still there": (Case.SETTLED, (*ROTATED, branch(B))),
    "all is new, the old key is gone": (Case.SETTLED, (*ROTATED, key("new", B), key("ci"))),
    "a branch waits": (Case.PENDING, (main(), vault(), cluster(), branch())),
    "a branch waits, its key is there": (
        Case.PENDING,
        (main(), vault(), cluster(), branch(), key("old", A), key("new", B)),
    ),
    "two branches hold the same value": (
        Case.PENDING,
        (main(), vault(), cluster(), branch(), branch(B, "run-2")),
    ),
    "a branch and the vault have it": (
        Case.VAULT_AHEAD,
        (main(), vault(B, A), cluster(), branch()),
    ),
    "a branch waits that the one slot does not take yet": (
        Case.PENDING,
        (main(), vault(), cluster(), branch(), slot(A)),
    ),
    "the one slot has what waits": (
        Case.CUT_OVER,
        (main(), vault(B, A), cluster(), branch(), slot(B)),
    ),
    "the one slot has what main has": (Case.SETTLED, (*ROTATED, slot(B))),
    "the one slot has what nobody knows": (
        Case.KEYS_UNCLEAR,
        (main(), vault(), cluster(), slot()),
    ),
    "two branches hold two values": (
        Case.SEVERAL_PENDING,
        (main(), vault(), cluster(), branch(), branch(C, "run-2")),
    ),
    "main has it, the vault has not": (
        Case.VAULT_BEHIND,
        (main(B, A, MARK), vault(A), cluster(B), pods(RESTART)),
    ),
    "main was taken back, the vault not": (
        Case.VAULT_BEHIND,
        (main(A, B, "run-1/publish-back"), vault(B, A), cluster(A)),
    ),
    "the vault went back to the value before": (
        Case.VAULT_NEWER,
        (main(B, A, MARK), vault(A, B), cluster(B)),
    ),
    "stores have it, the Secret has not": (
        Case.CLUSTER_BEHIND,
        (main(B, A, MARK), vault(B, A), cluster(A)),
    ),
    "the pods are older than main": (
        Case.PODS_BEHIND,
        (main(B, A, MARK, LATE), vault(B), cluster(B), pods("run-0/restart", EARLY)),
    ),
    "a pod was made in the second of the commit": (
        Case.PODS_BEHIND,
        (main(B, A, MARK), vault(B), cluster(B), pods("", EARLY)),
    ),
    "the value is the first there was": (
        Case.SETTLED,
        (main(A), vault(A), cluster(A), pods("", EARLY)),
    ),
    "other pods were restarted later, by whomever": (
        Case.SETTLED,
        (main(B, A, MARK, EARLY), vault(B), cluster(B), pods("run-2/restart", LATE)),
    ),
    "somebody changed the vault": (Case.VAULT_NEWER, (main(), vault(C, A), cluster())),
    "the vault holds what nothing explains": (Case.OTHER, (main(), vault(C, B), cluster())),
    "the Secret holds what nothing explains": (Case.OTHER, (main(), vault(), cluster(C))),
    "the Secret has what only waits": (Case.OTHER, (main(), vault(), cluster(B), branch())),
    "a branch waits on a main half carried out": (
        Case.OTHER,
        (main(B, A, MARK), vault(B), cluster(A), branch(C)),
    ),
    "a branch holds what main has left": (
        Case.OTHER,
        (main(A, B, "run-1/publish-back"), vault(A), cluster(A), branch(B)),
    ),
    "the old key is active": (Case.OLD_KEY, (*ROTATED, key("old", A), key("new", B))),
    "the old key is active, pods unproven": (
        Case.OLD_KEY,
        (main(B, A), vault(B), cluster(B), pods(), key("old", A), key("new", B)),
    ),
    "the old key is active, no Secret known": (
        Case.OLD_KEY,
        (main(B, A, MARK), vault(B), pods(RESTART), key("old", A), key("new", B)),
    ),
    "the old key is active, and so are old pods": (
        Case.PODS_BEHIND,
        (main(B, A, MARK), vault(B), cluster(B), pods("", EARLY), key("old", A), key("new", B)),
    ),
    "the value before is the one in force": (
        Case.SETTLED,
        (main(B, B, MARK), vault(B), cluster(B), pods(RESTART), key("new", B)),
    ),
    "two keys fit what is in force": (Case.KEYS_UNCLEAR, (*ROTATED, key("new", B), key("n", B))),
    "two keys may be the old one": (
        Case.KEYS_UNCLEAR,
        (*ROTATED, key("old", A), key("older", A), key("new", B)),
    ),
    "one key fits old and new": (Case.KEYS_UNCLEAR, (*ROTATED, key("old", A, B), key("new", B))),
    "no key fits what is in force": (Case.KEYS_UNCLEAR, (*ROTATED, key("ci"))),
    "no key fits what waits": (
        Case.KEYS_UNCLEAR,
        (main(), vault(), cluster(), branch(), key("old", A)),
    ),
    "the provider has no active key": (Case.KEYS_UNCLEAR, (*ROTATED, NOTHING_KNOWN)),
    "the vault is away": (Case.UNREADABLE, (main(), blind(vault()), cluster())),
    "git is away": (Case.UNREADABLE, (blind(main()), vault(), cluster())),
    "a branch cannot be read": (Case.UNREADABLE, (main(), vault(), blind(branch()))),
    "the provider is away": (Case.UNREADABLE, (*ROTATED, blind(NOTHING_KNOWN))),
    "the pods cannot be seen": (Case.UNREADABLE, (main(), vault(), cluster(), blind(pods()))),
    "the pods cannot be seen and need not be": (
        Case.CLUSTER_BEHIND,
        (main(B, A, MARK), vault(B), cluster(A), blind(pods())),
    ),
    "nothing was looked at": (Case.UNREADABLE, ()),
}


@pytest.mark.parametrize(("case", "standings"), TABLE.values(), ids=TABLE)
def test_each_sight_has_its_conclusion(case: Case, standings: Sequence[Standing]) -> None:
    found = conclude(standings)

    assert found.case is case
    assert found.words
    assert bool(found.move) == (case is not Case.SETTLED)
    assert found.is_ambiguous == (case in UNCLEAR)
    assert bool(found.pending) == (case in (Case.PENDING, Case.VAULT_AHEAD))


def test_only_the_plain_old_key_may_be_ended() -> None:
    advised = {name: conclude(told).revoke for name, (_, told) in TABLE.items()}

    assert {name: key for name, key in advised.items() if key} == {"the old key is active": "old"}


def test_a_key_that_fits_nothing_is_named_and_not_ended() -> None:
    found = conclude((*ROTATED, key("ci"), key("new", B)))

    assert found.case is Case.SETTLED
    assert found.strangers == ("key ci",)
    assert not found.revoke


def test_a_branch_that_is_on_main_already_is_left_over() -> None:
    assert conclude((*ROTATED, branch(B))).leftovers == ("SOPS rotate/run-1",)


def test_only_a_place_that_gave_no_answer_may_tell_later() -> None:
    assert conclude((main(), blind(vault()))).is_away
    assert not conclude((main(), blind(vault(), is_away=False))).is_away


PRINTS = st.sampled_from([A, B, B, C])
MAYBE = st.sampled_from(["", A, A, B, C])
MARKS = st.sampled_from(["", MARK, MARK, RESTART, "run-1/publish-back", "run-2/publish"])
TIMES = st.sampled_from(["", EARLY, LATE])


@st.composite
def looks(draw: st.DrawFn, place: Place) -> Standing:
    if draw(st.integers(0, 9)) == 0:
        return Standing(place, place.value, unknown="no answer", is_away=draw(st.booleans()))
    by_value = place not in (Place.PODS, Place.PROVIDER)
    return Standing(
        place,
        place.value,
        draw(PRINTS) if by_value else "",
        before=draw(MAYBE),
        since=draw(TIMES),
        mark=draw(MARKS),
        key=draw(st.sampled_from(["one", "two", "three"])) if place is Place.PROVIDER else "",
        fits=tuple(draw(st.sets(PRINTS, max_size=2))) if place is Place.PROVIDER else (),
    )


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Standing, ...]:
    counts = {Place.MAIN: (1, 1), Place.VAULT: (1, 1), Place.CLUSTER: (0, 1), Place.PODS: (0, 2)}
    counts |= {Place.PENDING: (0, 2), Place.PROVIDER: (0, 3)}
    standings = [
        draw(looks(place))
        for place, (least, most) in counts.items()
        for _ in range(draw(st.integers(least, most)))
    ]
    if draw(st.booleans()):  # else hardly any world agrees with itself
        agreed = {Place.MAIN, Place.VAULT, Place.CLUSTER}
        standings = [
            replace(each, fingerprint=B, unknown="") if each.place in agreed else each
            for each in standings
        ]
    return tuple(draw(st.permutations(standings)))


def blame(standings: Sequence[Standing], found: Conclusion) -> str:
    """Say why the key may not be ended, told apart from the code that decided it."""
    at = {place: [each for each in standings if each.place is place] for place in Place}
    held = {e.fingerprint for p in (Place.MAIN, Place.VAULT, Place.CLUSTER) for e in at[p]}
    if any(each.unknown for each in standings):
        return "something could not be read"
    if len(held) != 1 or not at[Place.CLUSTER] or not at[Place.PODS]:
        return "not all agree"
    (value,) = held
    if any(each.fingerprint != value for each in at[Place.PENDING]):
        return "another value waits"
    if sum(value in each.fits for each in at[Place.PROVIDER]) != 1:
        return "not exactly one key fits what is in force"
    before = at[Place.MAIN][0].before
    others = [each for each in at[Place.PROVIDER] if before in each.fits and value not in each.fits]
    if not before or before == value or [each.key for each in others] != [found.revoke]:
        return "not exactly one other key fits what was before"
    if not all(is_same_move(at[Place.MAIN][0].mark, each.mark) for each in at[Place.PODS]):
        return "the pods are not known to be of the same move"
    return ""


@given(worlds())
@example((*ROTATED, key("old", A), key("new", B)))
def test_no_key_is_ever_advised_to_be_ended_on_a_guess(standings: tuple[Standing, ...]) -> None:
    found = conclude(standings)

    if found.revoke:
        assert found.case is Case.OLD_KEY
        assert blame(standings, found) == ""
    else:
        assert "then end" not in found.move


@given(worlds())
def test_the_order_of_looking_changes_nothing(standings: tuple[Standing, ...]) -> None:
    one, other = conclude(standings), conclude(tuple(reversed(standings)))

    assert (one.case, one.revoke, one.pending) == (other.case, other.revoke, other.pending)


@given(worlds())
def test_what_cannot_be_read_is_never_called_settled(standings: tuple[Standing, ...]) -> None:
    if any(each.unknown for each in standings):
        assert conclude(standings).case is not Case.SETTLED
