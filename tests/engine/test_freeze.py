"""Windows begin and end when people were told they do, and keep shut what would change something."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.findings import Invalid
from engine.freeze import DAYS, Freeze, Freezes, in_force
from engine.ledger import Event, timestamp
from engine.loading import load
from engine.present import Present, present
from engine.progress import AskPerson, Perform
from engine.state import Kind
from tests.engine.bench import NOW, Bench

YEAR_END = """\
freeze:
  - name: end of the year
    from: 2026-11-20T00:00:00+01:00
    to: 2026-12-01T00:00:00Z
    pass: [admins]
"""
TEXT = """\
gate: {groups: [staff, admins]}
steps:
  - {id: look, uses: lamp.look}
  - {id: a, uses: lamp.light}
  - {id: b, uses: lamp.shine}
"""


def freezes(text: str = YEAR_END) -> tuple[Freeze, ...]:
    return load(text, "freeze.yaml", Freezes)[0].freeze


def weekly(begin: str, end: str, zone: str = "Europe/Berlin") -> Freeze:
    told = {"name": "w", "weekly": {"from": begin, "to": end, "zone": zone}, "pass": ["admins"]}
    return Freeze.model_validate(told)


def until(freeze: Freeze, now: str) -> str:
    window = in_force([freeze], datetime.fromisoformat(now))
    return window.until[:16] if window else ""


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-11-19T22:59:59Z", ""),
        ("2026-11-19T23:00:00Z", "2026-12-01T00:00"),
        ("2026-11-30T23:59:59Z", "2026-12-01T00:00"),
        ("2026-12-01T00:00:00Z", ""),
    ],
)
def test_a_window_begins_and_ends_to_the_second(now: str, end: str) -> None:
    assert until(freezes()[0], now) == end


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-11-20T17:59+01:00", ""),
        ("2026-11-20T18:00+01:00", "2026-11-23T05:00"),
        ("2026-11-23T05:59+01:00", "2026-11-23T05:00"),
        ("2026-11-23T06:00+01:00", ""),
        ("2026-03-28T12:00+01:00", "2026-03-30T04:00"),  # the clock is put forward in between
        ("2026-10-24T12:00+02:00", "2026-10-26T05:00"),  # and back
    ],
)
def test_a_weekly_window_goes_by_the_clock_on_the_wall(now: str, end: str) -> None:
    assert until(weekly("fri 18:00", "mon 06:00"), now) == end


@given(
    begin=st.tuples(st.sampled_from(DAYS), st.integers(0, 23), st.integers(0, 59)),
    end=st.tuples(st.sampled_from(DAYS), st.integers(0, 23), st.integers(0, 59)),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),  # noqa: DTZ001 - made aware below
)
def test_inside_a_window_its_end_lies_ahead_and_is_outside(
    begin: tuple[str, int, int], end: tuple[str, int, int], zone: str, now: datetime
) -> None:
    told = [f"{day} {hour:02}:{minute:02}" for day, hour, minute in (begin, end)]
    if told[0] == told[1]:
        return
    freeze, at = weekly(told[0], told[1], zone), now.replace(tzinfo=UTC)
    window = in_force([freeze], at)
    if window is None:
        return
    over = datetime.fromisoformat(window.until)

    assert timestamp(at) < window.until
    assert over - at <= timedelta(days=7, hours=1)
    assert in_force([freeze], over) is None
    assert in_force([freeze], over - timedelta(seconds=1)) == window


def test_where_windows_overlap_only_those_pass_whom_each_lets() -> None:
    always = weekly("mon 00:00", "sun 23:59", "UTC")
    other = always.model_copy(update={"pass_": ("staff", "admins")})
    third = always.model_copy(update={"pass_": ("staff",)})

    assert in_force([always, other], NOW) == in_force([other, always], NOW)
    both, none = in_force([always, other], NOW), in_force([always, third], NOW)
    assert both is not None
    assert none is not None
    assert (both.groups, none.groups) == (("admins",), ())
    assert "nobody may pass" in none.words()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("freeze: [{name: a}]", "either `from` and `to`, or `weekly`"),
        ("freeze: [{name: a, from: 2026-11-20T00:00:00Z}]", "either `from` and `to`"),
        (
            "freeze: [{name: a, from: 2026-11-20T00:00:00, to: 2026-11-21T00:00:00Z}]",
            "its time zone",
        ),
        (
            "freeze: [{name: a, from: 2026-11-22T00:00:00Z, to: 2026-11-21T00:00:00Z}]",
            "ends after it begins",
        ),
        ("freeze: [{name: a, weekly: {from: fri 18:00, to: fri 18:00}}]", "different times"),
        ("freeze: [{name: a, weekly: {from: fri 25:00, to: fri 18:00}}]", "does not match"),
        (
            "freeze: [{name: a, weekly: {from: fri 09:00, to: sat 18:00, zone: X/Y}}]",
            ": X/Y is no time zone",
        ),
    ],
)
def test_a_window_that_says_nothing_certain_is_not_valid(text: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        freezes(text)


def frozen(folder: Path) -> Bench:
    bench = Bench.of(TEXT, folder).begin()
    bench.present = present(NOW, freezes())
    return bench


def test_inside_a_window_a_step_that_changes_something_is_refused_with_its_end(
    tmp_path: Path,
) -> None:
    bench = frozen(tmp_path)

    assert bench.decide("approve", "olga") is Event.GATE_APPROVED
    bench.make_move()
    assert bench.decide("approve", "olga") is Event.GATE_REFUSED
    assert bench.state.refusal == (
        "changes are frozen until 2026-12-01 00:00 UTC (end of the year); only admins may pass"
    )
    assert bench.decide("approve", "anna") is Event.GATE_APPROVED
    assert isinstance(bench.next(), Perform)


def test_a_yes_of_before_the_window_does_not_carry_into_it_and_counts_again_after(
    tmp_path: Path,
) -> None:
    bench = Bench.of(TEXT, tmp_path).begin()
    bench.decide("approve", "olga", through="b")
    bench.make_move()
    bench.make_move()
    bench.present = present(NOW, freezes())

    assert bench.next() == AskPerson(bench.plan.step("b"), Kind.STEP)
    bench.present = Present(timestamp(NOW + timedelta(days=30)))
    assert bench.next() == Perform(bench.plan.step("b"))


CUTOVER = """\
gate: {groups: [staff, admins]}
steps:
  - {id: make, uses: lamp.mint}
  - {id: store, uses: lamp.store, with: {value: "${{ steps.make.value }}"}}
  - {id: mirror, uses: lamp.mirror, with: {value: "${{ steps.make.value }}"}}
  - {id: swap, uses: lamp.swap, irreversible: true, with: {value: "${{ steps.make.value }}"}}
  - {id: out, uses: lamp.light}
  - {id: see, uses: lamp.verify, gate: none}
"""


@pytest.mark.parametrize("through", ["swap", "out"])
def test_a_freeze_keeps_no_cutover_open_that_has_begun(tmp_path: Path, through: str) -> None:
    """Until the value is carried out, services cannot sign in."""
    bench = Bench.of(CUTOVER, tmp_path).begin()
    bench.decide("approve", "olga", through=through)
    for _ in ("make", "store", "mirror"):
        bench.make_move()
    bench.present = present(NOW, freezes())
    assert bench.next() == AskPerson(bench.plan.step("swap"), Kind.STEP)
    bench.present = Present(timestamp(NOW))
    bench.make_move()
    bench.present = present(NOW, freezes())

    if through == "swap":
        assert bench.decide("approve", "olga") is Event.GATE_APPROVED
    assert bench.next() == Perform(bench.plan.step("out"))


def test_saying_no_and_taking_back_are_never_frozen(tmp_path: Path) -> None:
    bench = Bench.of(TEXT, tmp_path).begin()
    bench.decide("approve", "olga", through="a")
    bench.make_move()
    bench.make_move()
    bench.present = present(NOW, freezes())

    assert bench.decide("reject", "olga") is Event.GATE_REJECTED
    assert bench.decide("roll back", "olga") is Event.FAILURE_DECIDED
    assert bench.decide("approve", "olga") is Event.GATE_APPROVED
    bench.make_move()
    assert bench.lamps.lit == set()
