"""A leaver who could read both slots of a certificate has it renewed by one run, into the free slot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.exposure import rotations
from demo.stage import ROOT
from engine.exposure import Exposed
from tests.adapters import infra as world
from tests.adapters.slots import NEW_SLOT, OLD_SLOT, fill, two_slots
from tests.stores import Stores

NOW = datetime.now(UTC)
SOON, FAR, OVER = (NOW + timedelta(days=days) for days in (13.5, 380, -40))
RENEW = "renew-tpp-certificates"
BOTH = tuple(
    Exposed(place=f'f.yaml#["keys"]["{slot}"]', secret=slot, runbook=RENEW)
    for slot in (OLD_SLOT, NEW_SLOT)
)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Stores]:
    with two_slots(tmp_path) as made:
        text = (ROOT / "runbooks" / f"{RENEW}.yaml").read_text()
        (tmp_path / "runbooks" / f"{RENEW}.yaml").write_text(text)
        yield made


def opened(pair: Stores) -> tuple[Any, list[tuple[Mapping[str, Any], str]]]:
    asked: list[tuple[Mapping[str, Any], str]] = []

    def start(runbook: str, inputs: Mapping[str, Any], key: str) -> str:
        asked.append((inputs, key))
        return "a-run"

    step = pair.platform.registry["exposure.open_rotations"]
    given = world.params(step, items=BOTH)
    return step.run(given, world.call(about="nina", open_run=start)).outputs, asked


def test_one_renewal_is_opened_and_it_writes_the_slot_that_is_not_in_force(pair: Stores) -> None:
    fill(pair, SOON, OVER)

    outputs, [(inputs, key)] = opened(pair)

    assert outputs.runs == {"qwac": "a-run"}
    assert (inputs["secret"], key) == (NEW_SLOT, "run-1/sops/qwac")


def test_asked_again_after_the_slot_was_written_it_is_the_same_renewal(pair: Stores) -> None:
    fill(pair, SOON, FAR)

    _, [(inputs, key)] = opened(pair)

    assert (inputs["secret"], key) == (OLD_SLOT, "run-1/sops/qwac")


def test_where_no_slot_can_be_read_it_is_told_and_no_run_is_opened(pair: Stores) -> None:
    outputs, asked = opened(pair)

    assert asked == []
    [told] = outputs.not_opened
    assert told.startswith("qwac: it cannot be told which of s-0 and s-1 is in force")


def test_slots_that_no_certificate_of_the_catalogue_names_are_one_all_the_same(
    pair: Stores,
) -> None:
    pair.write_certificates({})

    assert [*rotations(pair.platform, BOTH)] == [OLD_SLOT]
    assert [*rotations(pair.platform, reversed(BOTH))] == [OLD_SLOT]
