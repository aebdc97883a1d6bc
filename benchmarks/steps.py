"""What a step costs: the engine beside raw Prefect tasks, DBOS and ansible-core.

`python -m benchmarks.steps [--most 100]` lets each do the same: so many steps, one after the other,
each of which sends one request to the same server on loopback. The cost of one step is the slope
over several lengths, so what a start costs is in none of them. The engine and Prefect's tasks use
the same Prefect server. Ansible keeps nothing and asks nobody; DBOS keeps each step in a database.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import yaml
from prefect import flow, task

from adapters.platform import open_platform
from adapters.settings import VARIABLE
from benchmarks.environment import Points, outside, plot, program
from benchmarks.figures import exponent, say, slope
from benchmarks.server import answering
from demo.stage import NO_CLOCK, set_stage
from flows.catalogue import build
from flows.door import at_server
from sandbox.postgresql import find_programs, running_postgres

ROUNDS = 3
LENGTHS = (10, 30, 100, 300, 1000)

Run = Callable[[int], float]
"""Carries out so many steps and returns the seconds it took."""


def main() -> int:
    """Measure and print; always 0, since a benchmark is not a test."""
    parser = argparse.ArgumentParser(prog="benchmarks.steps", description=__doc__)
    parser.add_argument("--most", type=int, default=100, help="steps of the longest run")
    parser.add_argument("--growth", type=int, default=1000, help="the same for the engine alone")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as made, answering() as address, ExitStack() as stack:
        folder = Path(made)
        stage = stack.enter_context(set_stage(folder / "stage", say=lambda _: None, extra=NO_CLOCK))
        stack.enter_context(at_server(stage.api_url))
        runs: dict[str, Run] = {
            "engine": Engine(folder, stage.settings_file, address).run,
            "Prefect tasks": lambda steps: raw(address, steps),
            "ansible-core": lambda steps: ansible(folder, address, steps),
        }
        for kind, url in databases(folder, stack).items():
            runs[f"DBOS, {kind}"] = lambda steps, url=url: dbos(url, address, steps)  # type: ignore[misc]
        lengths = [length for length in LENGTHS if length <= wanted.most]
        found = measure(runs, lengths)
        costs = {name: slope(points) * 1e3 for name, points in found.items()}
        for name, cost in costs.items():
            ratio = costs["engine"] / cost
            say(f"{name:16} {cost:6.1f} ms a step; the engine takes {ratio:.2f} times as long")
        lengths = [length for length in LENGTHS if length <= wanted.growth]
        grow({name: runs[name] for name in ("engine", "Prefect tasks")}, lengths)
    return 0


def measure(runs: Mapping[str, Run], lengths: list[int]) -> dict[str, Points]:
    """Return the median of several rounds for each length; the runs take turns."""
    for run in runs.values():
        run(lengths[0])  # the first one pays for what is made once
    took: dict[tuple[str, int], list[float]] = {}
    for _ in range(ROUNDS):
        for steps in lengths:
            for name, run in runs.items():
                took.setdefault((name, steps), []).append(run(steps))
    return {
        name: [(steps, statistics.median(took[name, steps])) for steps in lengths] for name in runs
    }


def grow(runs: Mapping[str, Run], lengths: list[int]) -> None:
    """Tell how the seconds of these grow with the number of steps, and draw it.

    A run ends on a whole second of its clients' timers, which long runs alone are not coarsened by:
    what the engine adds to a task is told from here.
    """
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    for steps in lengths:
        for name, run in runs.items():
            seconds = run(steps)
            found[name].append((float(steps), seconds))
            each = seconds / steps * 1e3
            say(f"{name:16} {steps:5} steps: {seconds:7.2f} s, {each:.1f} ms each")
    for name, points in found.items():
        power = exponent(points)
        say(f"{name}: seconds grow with the number of steps to the power {power:.2f}")
    ours, theirs = (slope(points) * 1e3 for points in found.values())
    say(f"the engine adds {ours - theirs:.1f} ms to a raw task of Prefect")
    plot("steps", "A run of so many steps", ("steps", "seconds"), dict(found))


class Engine:
    """The engine, in this process: the flow that a worker would run, less the start of one."""

    def __init__(self, folder: Path, settings: Path, address: str) -> None:
        self._runbooks = folder / "runbooks"
        self._runbooks.mkdir()
        told = yaml.safe_load(settings.read_text())
        self._settings = folder / "runbook.yaml"
        self._settings.write_text(yaml.safe_dump(told | {"runbooks": str(self._runbooks)}))
        self._address = address
        os.environ[VARIABLE] = str(self._settings)  # as a worker hands it to the flow

    def run(self, steps: int) -> float:
        """Run a runbook of so many steps without gates."""
        name = f"ask-{steps}"
        told = {
            "runbook": name,
            "title": "Ask often",
            "gate": {"groups": ["plana-staff"]},
            "steps": [self._step(number) for number in range(steps)],
        }
        (self._runbooks / f"{name}.yaml").write_text(yaml.safe_dump(told, sort_keys=False))
        platform = open_platform(self._settings)
        work = build(platform.runbook(name), platform)
        began = time.perf_counter()
        work(requested_by="otto")
        return time.perf_counter() - began

    def _step(self, number: int) -> dict[str, Any]:
        asked = {"url": self._address}
        step = {"id": f"ask-{number}", "title": "Ask", "uses": "http.check", "gate": "none"}
        return {**step, "with": asked}


def raw(address: str, steps: int) -> float:
    """Run a flow of so many tasks, with what a user of Prefect would write."""
    client = httpx.Client()

    @task
    def ask() -> int:
        return client.get(address).status_code

    @flow
    def work() -> None:
        for _ in range(steps):
            ask()

    began = time.perf_counter()
    work()
    client.close()
    return time.perf_counter() - began


def dbos(database: str, address: str, steps: int) -> float:
    """Run a durable workflow of so many steps."""
    return float(outside("dbos_steps", database, address, str(steps)))


def ansible(folder: Path, address: str, steps: int) -> float:
    """Run a play of so many tasks on this machine."""
    tasks = [{"ansible.builtin.uri": {"url": address}} for _ in range(steps)]
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
    play["vars"] = {"ansible_python_interpreter": program("python")}
    book = folder / "play.yaml"
    book.write_text(yaml.safe_dump([play]))
    call = [program("ansible-playbook"), "-i", "localhost,", str(book)]
    began = time.perf_counter()
    subprocess.run(call, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own play
    return time.perf_counter() - began


def databases(folder: Path, stack: ExitStack) -> dict[str, str]:
    """Return the address of each kind of database that is here."""
    found = {"SQLite": f"sqlite:///{folder}/dbos.sqlite"}
    programs = find_programs()
    if programs is not None:
        server = stack.enter_context(running_postgres(programs))
        found["PostgreSQL"] = server.url(stack.enter_context(server.new_database()))
    return found


if __name__ == "__main__":
    sys.exit(main())
