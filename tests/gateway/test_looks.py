"""What people read of Prefect behind the gateway: the whole of it, and nothing that is secret."""

from __future__ import annotations

import csv
import io
import json
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr

from engine.sealing import seal_for
from flows.door import start
from tests.flows.voyages import until
from tests.gateway.thief import Thief
from tests.gateway.town import Town, behind

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


def test_a_sealed_answer_is_shown_to_the_worker_alone(town: Town, back: str, waiting: str) -> None:
    key, told = (
        "suspended-elsewhere-step-9-response",
        {"decision": "approve", "comment": "c" * 2000},
    )
    answer = {**told, "sealed_value": "armour"}
    with behind(back) as client:
        client.create_flow_run_input(UUID(waiting), key, json.dumps(answer))

    for name in ("uma", "olga", "otto", "anna", "worker"):
        sees = answer if name == "worker" else {**told, "sealed_value": ""}
        asking, place = town.client(name), f"/flow_runs/{waiting}/input"
        read = asking.get(f"{place}/{key}")
        [listed] = asking.post(f"{place}/filter", json={"prefix": key, "limit": 9}).json()

        assert (name, read.json(), json.loads(listed["value"])) == (name, sees, sees)


def test_a_sealed_answer_that_does_not_count_is_kept_nowhere(town: Town, back: str) -> None:
    with town.oncall.acting("otto"):
        run = start("rotate-anthropic-api-key", {"reason": "a test of the gateway"})
    thief = Thief(town, back, run)
    key = f"suspended-{thief.key}-response"
    armour = seal_for(town.stage.platform().seal().recipient, SecretStr("brought-by-somebody"))

    assert "takes signed ones alone" in thief.answers(sealed_value=armour)

    left = town.client("worker").get(f"/flow_runs/{run}/input/{key}")
    assert left.status_code == httpx.codes.NOT_FOUND
    town.reject(run)


def test_the_settings_of_prefect_pass_their_veil(town: Town) -> None:
    told = town.client("vera").get("/admin/settings").json()

    assert told["client"]["custom_headers"] == {}
    assert told["server"]["docket"]["url"] == "memory://"
    assert told["server"]["database"]["connection_url"] in {None, "*" * 10}
