"""Nothing happens without its entry: with the ledger away, no step touches the world."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adapters.ledger import SqlJournal
from engine.errors import LedgerDown
from engine.execution import perform
from sandbox.postgresql import Postgres
from tests.engine.bench import Bench

pytest_plugins = ["tests.postgres"]


def test_with_postgresql_down_no_step_runs(postgres: Postgres, tmp_path: Path) -> None:
    bench = Bench.of("steps:\n  - {id: light, uses: lamp.light}\n", tmp_path)
    with postgres.new_database() as name, SqlJournal(postgres.url(name)) as journal:
        bench.desk = replace(bench.desk, journal=journal)
        bench.begin()
        bench.decide("approve")
        job = bench.job("light")
        postgres.stop()
        try:
            with pytest.raises(LedgerDown, match="the ledger at"):
                perform(job)
        finally:
            postgres.start()

        assert bench.lamps.calls == []
        assert perform(job) is None
        assert bench.lamps.calls == ["light a"]
