"""Whatever breaks at a gate or before a run is told by its kind and place, and never by its text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from engine.errors import LedgerDown, NotConverged, Refused
from engine.job import Job
from engine.ledger import Event
from engine.looking import describe, look
from engine.preflight import preflight
from engine.step import AnyStep, NotYet, Preflight
from tests.engine.bench import Bench

CANARY = "canary-in-the-text"
LIGHT = "steps:\n  - {id: light, uses: lamp.light}\n"
PROVIDE = "steps:\n  - {id: make, uses: lamp.provide}\n"


def breaks(*_any: object) -> Any:
    raise KeyError(CANARY)


def with_step(job: Job, **changes: Any) -> Job:
    """Return the job with its step declared otherwise."""
    declared: AnyStep = replace(job.declared, **changes)
    registry = {**job.desk.registry, declared.name: declared}
    return replace(job, desk=replace(job.desk, registry=registry))


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Bench.of(LIGHT, tmp_path).begin().job("light")


def test_a_look_that_breaks_is_told_without_its_text(job: Job) -> None:
    found = look(with_step(job, probe=breaks))

    assert isinstance(found, NotYet)
    assert found.finding.startswith("could not look: the look broke with KeyError in breaks line")
    assert CANARY not in found.finding


def test_a_look_that_is_refused_says_so_and_the_ledgers_own_troubles_go_on(job: Job) -> None:
    def refuses(error: Exception) -> Job:
        def probe(*_any: object) -> Any:
            raise error

        return with_step(job, probe=probe)

    assert look(refuses(NotConverged("it moves"))) == NotYet("could not look: it moves")
    with pytest.raises(LedgerDown):
        look(refuses(LedgerDown("away")))


def test_a_description_that_breaks_is_told_without_its_text(job: Job) -> None:
    said = describe(with_step(job, describe=breaks))

    assert said.startswith("Light it. (its description broke with KeyError in breaks line")
    assert CANARY not in said


def test_a_check_before_the_run_that_breaks_is_told_with_the_others(job: Job) -> None:
    check: Preflight[Any] = Preflight(job.declared.preflight.params, breaks)  # type: ignore[union-attr] # it has one
    registry = with_step(job, preflight=check).desk.registry

    with pytest.raises(Refused, match="light: the check broke with KeyError in breaks") as refused:
        preflight(job.plan, registry, job.desk.redact)
    assert CANARY not in str(refused.value)
    assert "its text is withheld" in refused.value.hint
    assert refused.value.__context__ is None


def test_a_check_of_what_was_brought_that_breaks_refuses_the_answer(tmp_path: Path) -> None:
    bench = Bench.of(PROVIDE, tmp_path).begin()
    declared = replace(bench.desk.registry["lamp.provide"], check_answer=breaks)
    bench.desk = replace(bench.desk, registry={**bench.desk.registry, declared.name: declared})
    sealed = bench.desk.seal.close(SecretStr("a value that is long"))
    told = bench.judge("approve", "olga", sealed_value=sealed).draft

    assert told.event is Event.GATE_REFUSED
    assert told.details["why"].startswith("the check of what was brought broke with KeyError")
    assert CANARY not in str(told.details)
