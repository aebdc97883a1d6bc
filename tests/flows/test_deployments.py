"""`prefect.yaml` says what `runbooks/` and `flows/` do: one deployment for each, and its flow."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml
from prefect import Flow
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from pydantic import TypeAdapter

from adapters.kinds import USUAL
from adapters.platform import Platform
from adapters.settings import Settings
from flows import schedule, watch
from flows.catalogue import build

RUNBOOKS = "flows/catalogue.py:"
SCHEDULE: TypeAdapter[Any] = TypeAdapter(CronSchedule | IntervalSchedule)


def _platform(root: Path) -> Platform:
    return Platform(
        Settings(
            runbooks=root / "runbooks",
            catalogue=root / "runbooks" / "secrets.yaml",
            people=root / "runbooks" / "people.yaml",
            platform={"app": "http://127.0.0.1", "anthropic_console": "http://127.0.0.1"},
        )
    )


def _deployed(root: Path, *, by_the_clock: bool) -> list[dict[str, Any]]:
    """Return the deployments of runbooks, or those of the flows that are none."""
    every = yaml.safe_load((root / "prefect.yaml").read_text())["deployments"]
    watching = [entry for entry in every if not entry["entrypoint"].startswith(RUNBOOKS)]
    return watching if by_the_clock else [entry for entry in every if entry not in watching]


def test_each_runbook_has_its_deployment_and_each_deployment_its_runbook(root: Path) -> None:
    deployed = _deployed(root, by_the_clock=False)
    runbooks = {p.stem for p in (root / "runbooks").glob("*.yaml") if p.name not in USUAL}

    assert {entry["name"] for entry in deployed} == runbooks
    for entry in deployed:
        attribute = entry["name"].replace("-", "_")
        assert entry["entrypoint"] == f"flows/catalogue.py:{attribute}"
        assert entry["work_pool"]["name"] == "oncall"
        allows = _platform(root).runbook(entry["name"]).schedule == "allowed"
        assert allows or not entry.get("schedules"), "a schedule starts what allows it"


def test_the_clock_of_the_gates_is_deployed_to_run_each_minute_and_never_twice(root: Path) -> None:
    every = yaml.safe_load((root / "prefect.yaml").read_text())["deployments"]
    [clock] = [entry for entry in every if entry["name"] == watch.NAME]

    assert clock["entrypoint"] == "flows/watch.py:watch_gates"
    assert watch.watch_gates.name == watch.NAME
    assert clock["schedules"][0]["interval"] == 30
    assert clock["concurrency_limit"] == {"limit": 1, "collision_strategy": "CANCEL_NEW"}


def test_each_flow_that_runs_by_the_clock_is_deployed_with_its_hour(root: Path) -> None:
    deployed = _deployed(root, by_the_clock=True)
    flows = {name: each for name, each in vars(schedule).items() if isinstance(each, Flow)}

    assert {name.replace("_", "-") for name in flows} <= {entry["name"] for entry in deployed}
    for entry in deployed:
        file, _, attribute = entry["entrypoint"].partition(":")
        built = getattr(import_module(file.removesuffix(".py").replace("/", ".")), attribute)
        assert built.name == entry["name"]
        assert built.parameters.properties == {}
        assert built.persist_result is False
        assert all(SCHEDULE.validate_python(each) for each in entry["schedules"])
        assert entry["work_pool"]["name"] == "oncall"


def test_each_flow_has_a_form_with_every_input_described(root: Path) -> None:
    platform = _platform(root)
    for path in platform.files():
        runbook = platform.read(path)
        built = build(runbook, platform)
        schema = built.parameters

        assert built.name == runbook.runbook
        assert built.description == runbook.description
        assert set(schema.properties) == {*runbook.inputs, "requested_by"}
        assert all(field.get("description") for field in schema.properties.values())
        assert "requested_by" in schema.required


def test_a_secret_that_lacks_what_the_runbook_needs_is_not_offered(root: Path) -> None:
    platform = _platform(root)
    built = build(platform.runbook("rotate-api-key"), platform)

    offered = built.parameters.properties["secret"]["enum"]

    assert "redis-password" in offered
    assert "anthropic-api-key" not in offered


def test_a_secret_is_offered_for_what_its_entry_has_and_has_not(root: Path) -> None:
    platform = _platform(root)
    provided, stored = (
        build(platform.runbook(name), platform).parameters
        for name in ("rotate-provided-secret", "rotate-stored-secret")
    )

    assert provided.required == stored.required == ["secret", "reason", "requested_by"]
    offered = provided.properties["secret"]["enum"]
    assert "alertmanager-webhook-token" in offered
    assert not {"redis-password", "events-database-url", "tpp-qwac-a"} & {*offered}
    assert stored.properties["secret"]["const"] == "grafana-admin-password"  # the one there is


def test_a_run_finds_the_project_where_its_worker_has_it(root: Path, tmp_path: Path) -> None:
    pull = yaml.safe_load((root / "prefect.yaml").read_text())["pull"]
    [name] = pull[0]
    module, _, step = name.rpartition(".")
    before = Path.cwd()
    os.chdir(tmp_path)
    try:
        told = getattr(import_module(module), step)(**pull[0][name])
        assert Path.cwd() == root
    finally:
        os.chdir(before)

    assert len(pull) == 1
    assert told == {"directory": str(root)}


def test_the_form_of_a_new_secret_asks_for_its_name_and_what_its_entry_may_say(root: Path) -> None:
    platform = _platform(root)
    schema = build(platform.runbook("add-secret"), platform).parameters

    name = schema.properties["secret"]
    assert schema.required == ["secret", "reason", "requested_by"]
    assert (name["type"], name["maxLength"], "enum" in name) == ("string", 60, False)
    assert schema.properties["collection"]["enum"] == ["plana-staff", "plana-admins"]
    assert schema.properties["key"]["default"] == ""
    assert all(each["description"] for each in schema.properties.values())
