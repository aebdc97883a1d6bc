"""Picking a run up: whose it is, under which plan, and what became of earlier approvals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adapters.ledger import SqlJournal
from adapters.platform import Platform
from adapters.settings import Settings
from engine.errors import Fenced, Locked, Superseded
from engine.job import Job
from engine.ledger import Actor, Event
from engine.progress import AskPerson, next_move
from engine.state import Outcome, RunState
from flows.gate_words import words
from flows.sailing import sail
from flows.voyage import Voyage, enter
from tests.engine.bench import Bench

OTTO = Actor("otto")
TEXT = "gate: {groups: [staff]}\nsteps:\n  - {id: a, uses: lamp.light}\n"


def voyage(bench: Bench, run: str = "run-1", about: str = "the-key") -> Voyage:
    plan = bench.plan.model_copy(update={"secret": about})
    return Voyage(run, Platform(Settings()), bench.desk, plan)


def test_a_runbook_edited_while_a_run_waits_is_shown_and_asked_again(tmp_path: Path) -> None:
    bench = Bench.of(TEXT, tmp_path)
    first = voyage(bench)
    enter(first, OTTO, {})
    bench.plan = first.plan
    bench.decide("approve")
    edited = Bench.of(TEXT.replace("lamp.light", "lamp.light, with: {bulb: z}"), tmp_path)
    later = replace(voyage(edited), desk=bench.desk)

    state = enter(later, OTTO, {})

    move = next_move(later.plan, state, bench.desk.registry)
    assert isinstance(move, AskPerson)
    assert bench.entries[-1].event is Event.PLAN_CHANGED
    assert state.changes == ("step a: bulb is 'z' and was None",)
    shown = words(later.job(later.plan.step("a")), move.kind, "")
    assert "The runbook was changed while this run waited." in shown
    assert "step a: bulb is 'z' and was None" in shown


def test_an_unchanged_runbook_keeps_its_approvals_over_a_restart(tmp_path: Path) -> None:
    bench = Bench.of(TEXT, tmp_path)
    first = voyage(bench)
    enter(first, OTTO, {})
    bench.plan = first.plan
    bench.decide("approve")

    state = enter(first, OTTO, {})

    assert state.attempt == 2
    assert not isinstance(next_move(first.plan, state, bench.desk.registry), AskPerson)


def test_who_was_overtaken_reads_nothing_on_and_writes_nothing(tmp_path: Path) -> None:
    bench = Bench.of(TEXT, tmp_path)
    first, second = voyage(bench), voyage(bench)
    enter(first, OTTO, {})
    state = enter(second, OTTO, {})
    known = len(bench.entries)

    for act in (
        first.state,
        lambda: first.job(first.plan.step("a")),
        lambda: sail(first, Nobody()),
    ):
        with pytest.raises(Superseded, match="run-1 is at attempt 2, and this is attempt 1"):
            act()

    assert second.state() == state
    assert len(bench.entries) == known


class Nobody:
    """A crew that may not be asked for anything."""

    def make(self, voyage: Voyage, job: Job, *, interrupted: bool) -> None:
        raise AssertionError(job.step.id)

    def ask(self, voyage: Voyage, state: RunState, move: AskPerson) -> None:
        raise AssertionError(move)

    def keep_record(self, voyage: Voyage, *, over: bool = False) -> None:
        raise AssertionError(voyage.run)


def test_one_live_run_a_secret(tmp_path: Path) -> None:
    bench = Bench.of(TEXT, tmp_path)
    enter(voyage(bench), OTTO, {})

    with pytest.raises(Locked, match="otto"):
        enter(voyage(bench, run="run-2"), Actor("petra"), {})

    enter(voyage(bench, run="run-3", about="another"), Actor("petra"), {})


def test_a_run_holds_the_other_slot_of_its_certificate_as_well(tmp_path: Path) -> None:
    bench = Bench.of(TEXT, tmp_path)

    def renewal(run: str, slot: str, beside: str) -> Voyage:
        made = voyage(bench, run, slot)
        return replace(made, plan=made.plan.model_copy(update={"beside": beside}))

    enter(renewal("run-1", "qwac-b", "qwac-a"), OTTO, {})
    with pytest.raises(
        Locked, match=r"qwac-a is held by run run-1 \(try of qwac-b, started by otto"
    ):
        enter(renewal("run-2", "qwac-a", "qwac-b"), Actor("petra"), {})
    enter(renewal("run-3", "qseal-a", "qseal-b"), Actor("petra"), {})

    holders = bench.desk.journal.holders()
    assert holders["secret:qwac-a"] == holders["secret:qwac-b"] == "run-1"
    assert isinstance(bench.desk.journal, SqlJournal)
    bench.desk.journal.verify_beside()


def test_what_a_run_holds_is_free_when_it_has_ended(tmp_path: Path) -> None:
    bench = Bench.of(TEXT, tmp_path)
    first = voyage(bench)
    state = enter(first, OTTO, {})
    first.end(state, Outcome.STOPPED)

    enter(voyage(bench, run="run-2"), OTTO, {})

    assert bench.desk.journal.holders() == {"secret:the-key": "run-2"}


def test_an_older_pick_up_of_a_run_is_fenced(tmp_path: Path) -> None:
    bench = Bench.of(TEXT, tmp_path)
    older = voyage(bench)
    state = enter(older, OTTO, {})
    enter(voyage(bench), OTTO, {})

    with pytest.raises(Fenced):
        older.append(Event.RUN_ENDED, state, outcome="stopped")


def test_an_ended_run_that_is_picked_up_again_does_nothing(tmp_path: Path) -> None:
    bench = Bench.of(TEXT, tmp_path)
    first = voyage(bench)
    first.end(enter(first, OTTO, {}), Outcome.STOPPED)
    before = len(bench.entries)

    state = enter(first, OTTO, {})

    assert state.outcome is Outcome.STOPPED
    assert len(bench.entries) == before
