from __future__ import annotations

import pytest

from engine.drift import Compared, Held, State, differ, judge, summary

EARLY, LATE = "2026-11-23T21:04:07.120000Z", "2026-11-24T08:00:00.000000Z"
A, B, C = "fp:aaaaaaaaaaaaaaaa", "fp:bbbbbbbbbbbbbbbb", "fp:cccccccccccccccc"

CASES = [
    (Held(A), Held(A), (), State.EQUAL),
    (Held(), Held(), (), State.MISSING_IN_BOTH),
    (Held(), Held(A), (), State.MISSING_IN_SOPS),
    (Held(A), Held(), (), State.MISSING_IN_VAULTWARDEN),
    (Held(A, LATE), Held(B, EARLY), (), State.SOPS_NEWER),
    (Held(A, EARLY), Held(B, LATE), (), State.VAULTWARDEN_NEWER),
    (Held(A, EARLY), Held(B, EARLY), (), State.SOPS_NEWER),
    (Held(A), Held(B, EARLY), (), State.UNKNOWN),
    (Held(A, LATE, is_exact=False), Held(B, EARLY), (), State.UNKNOWN),
    (Held(A, EARLY, is_exact=False), Held(B, EARLY), (), State.UNKNOWN),
    (Held(A, EARLY, is_exact=False), Held(B, LATE), (), State.VAULTWARDEN_NEWER),
    (Held(A, LATE, is_exact=False), Held(B, EARLY), (A, B), State.IN_PROGRESS),
    (Held(A, EARLY), Held(B, LATE), (A, B), State.IN_PROGRESS),
    (Held(A), Held(), (A,), State.IN_PROGRESS),
    (Held(A, EARLY), Held(C, LATE), (A, B), State.VAULTWARDEN_NEWER),
    (Held(A), Held(copies=2), (A,), State.DUPLICATE_ITEM),
    (Held(unknown="no key"), Held(A), (), State.UNKNOWN),
    (Held(A), Held(unknown="no right"), (A,), State.UNKNOWN),
]


@pytest.mark.parametrize(("sops", "vault", "known", "state"), CASES)
def test_two_looks_come_to_one_state(
    sops: Held, vault: Held, known: tuple[str, ...], state: State
) -> None:
    assert judge(sops, vault, frozenset(known))[0] is state


def test_a_failed_look_says_why() -> None:
    assert judge(Held(unknown="there is no key"), Held(A)) == (State.UNKNOWN, "there is no key")


def test_only_two_plain_values_differ() -> None:
    assert differ(Held(A), Held(B))
    assert not differ(Held(A), Held(A))
    assert not differ(Held(A), Held())
    assert not differ(Held(A), Held(B, copies=2))
    assert not differ(Held(A, unknown="no"), Held(B))


def test_nobody_has_to_do_anything_about_equal_and_explained_ones_alone() -> None:
    fine = {state for state in State if Compared("", state).is_fine}

    assert fine == {State.EQUAL, State.BY_CHOICE, State.IN_PROGRESS}


def test_the_summary_counts_the_states() -> None:
    rows = [Compared("", state) for state in (State.UNKNOWN, State.EQUAL, State.EQUAL)]

    assert summary(rows) == "2 equal, 1 unknown"
    assert summary([]) == "nothing to compare"
