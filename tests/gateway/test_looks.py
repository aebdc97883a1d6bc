"""What people read of Prefect behind the gateway: the whole of it, and nothing that is secret."""

from __future__ import annotations

import csv
import io

import pytest

from tests.flows.voyages import until
from tests.gateway.town import Town

pytestmark = pytest.mark.xdist_group("gated")


def test_the_log_of_a_run_is_downloaded_whole(town: Town, waiting: str) -> None:
    client = town.client("vera")
    wanted = {"logs": {"flow_run_id": {"any_": [waiting]}}}

    def logged() -> int | None:
        return len(client.post("/logs/filter", json=wanted).json()) or None

    count = until(logged, "the log of the run to be there")
    answer = client.get(f"/flow_runs/{waiting}/logs/download")

    head, *rows = csv.reader(io.StringIO(answer.text))
    assert head[-1] == "message"
    assert len(rows) >= count
    assert {row[2] for row in rows} == {waiting}
