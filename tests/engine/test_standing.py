from __future__ import annotations

import pytest

from engine.standing import Stand, Standing, compare, is_same_move
from tests.engine.test_recovery import (
    NOTHING_KNOWN,
    RESTART,
    A,
    B,
    C,
    blind,
    branch,
    cluster,
    key,
    main,
    pods,
    vault,
)


def stands(*standings: Standing, old: str = A, new: str = B) -> list[Stand]:
    return [stand for _, stand in compare(standings, old, new, "run-1")]


def test_places_are_old_new_other_or_unknown_to_a_run() -> None:
    seen = (main(A), vault(B), cluster(C), blind(branch(B)))

    assert stands(*seen) == [Stand.OLD, Stand.NEW, Stand.OTHER, Stand.UNKNOWN]


def test_before_a_run_has_read_anything_all_is_unknown() -> None:
    assert stands(main(), vault(), old="", new="") == [Stand.UNKNOWN, Stand.UNKNOWN]


@pytest.mark.parametrize(
    ("value", "mark", "stand"),
    [
        (A, "", Stand.OLD),
        (A, "run-0/restart", Stand.OLD),
        (A, "run-1/restart-back", Stand.OLD),
        (A, RESTART, Stand.UNKNOWN),
        (B, RESTART, Stand.NEW),
        (B, "", Stand.UNKNOWN),
        (B, "run-1/restart-back", Stand.UNKNOWN),
        (C, RESTART, Stand.UNKNOWN),
    ],
)
def test_pods_are_judged_by_their_restart_and_their_secret(
    value: str, mark: str, stand: Stand
) -> None:
    assert stands(cluster(value), pods(mark))[1] is stand


def test_a_key_is_told_by_its_hint_and_left_out_where_it_fits_neither() -> None:
    seen = (key("old", A), key("new", B), key("both", A, B), key("ci"), blind(NOTHING_KNOWN))

    assert stands(*seen) == [Stand.OLD, Stand.NEW, Stand.UNKNOWN, Stand.UNKNOWN]


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("run-1/publish", "run-1/restart", True),
        ("run-1/publish", "run-2/restart", False),
        ("run-1/publish", "run-1/restart-back", False),
        ("run-1/publish-back", "run-1/restart-back", True),
        ("run-1/publish", "", False),
        ("", "", False),
    ],
)
def test_a_restart_belongs_to_a_publication_of_its_run_and_direction(
    one: str, other: str, is_same: bool
) -> None:
    assert is_same_move(one, other) is is_same
