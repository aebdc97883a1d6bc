"""What a step costs: the engine beside raw Prefect tasks, DBOS and ansible-core.

`python -m benchmarks.steps [--most 100]` lets each do the same: so many steps, one after the other,
each of which sends one request to the same server on loopback. For the engine and Prefect's tasks, which
use the same Prefect server, a step is timed inside the run, from the first to the last, since a run
ends on a whole second of its clients' timers. For the others it is the slope over several lengths, so
what a start costs is in none of them. Ansible keeps nothing and asks nobody; DBOS keeps each step in a
database.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import yaml
from prefect import flow, task

from adapters.platform import open_platform
from adapters.settings import VARIABLE
from benchmarks.crowd import moment
from benchmarks.environment import outside, plot, program
from benchmarks.figures import exponent, say, slope
from benchmarks.server import answering
from demo.stage import NO_CLOCK, set_stage
from engine.ledger import Event
from flows.catalogue import build
from flows.door import at_server
from sandbox.postgresql import find_programs, running_postgres

ROUNDS = 3
LENGTHS = (10, 30, 100, 300, 1000)


class Took(NamedTuple):
    """Seconds."""

    run: float
    """From its start to its end."""
    step: float | None = None
    """One step, where it is timed inside."""


Run = Callable[[int], Took]
"""Carries out so many steps."""


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
        costs = measure(runs, lengths)
        for name, cost in costs.items():
            ratio = costs["engine"] / cost
            say(f"{name:16} {cost:6.1f} ms a step; the engine takes {ratio:.2f} times as long")
        added = costs["engine"] - costs["Prefect tasks"]
        say(f"the engine adds {added:.1f} ms to a raw task of Prefect")
        lengths = [length for length in LENGTHS if length <= wanted.growth]
        grow({name: runs[name] for name in ("engine", "Prefect tasks")}, lengths)
    return 0


def measure(runs: Mapping[str, Run], lengths: list[int]) -> dict[str, float]:
    """Return the milliseconds of a step, by medians of several rounds; the runs take turns."""
    for run in runs.values():
        run(lengths[0])  # the first one pays for what is made once
    took: dict[tuple[str, int], list[Took]] = {}
    for _ in range(ROUNDS):
        for steps in lengths:
            for name, run in runs.items():
                took.setdefault((name, steps), []).append(run(steps))
    return {name: _cost({steps: took[name, steps] for steps in lengths}) * 1e3 for name in runs}


def _cost(rounds: Mapping[int, Sequence[Took]]) -> float:
    """Return the seconds of a step, from what several rounds took for each length."""
    inside = [each.step for each in rounds[max(rounds)] if each.step is not None]
    if inside:
        return statistics.median(inside)
    return slope([(n, statistics.median(each.run for each in took)) for n, took in rounds.items()])


def grow(runs: Mapping[str, Run], lengths: list[int]) -> None:
    """Tell how the seconds of these grow with the number of steps, and draw it.

    The whole run is what its user waits for: at its end Prefect's client sends on the events of all
    tasks that the server has not taken yet.
    """
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    for steps in lengths:
        for name, run in runs.items():
            took = run(steps)
            assert took.step is not None
            within = took.step * (steps - 1)
            found[name].append((float(steps), within))
            say(
                f"{name:16} {steps:5} steps: {within:6.2f} s, {took.step * 1e3:.1f} ms each; "
                f"with its start and end {took.run:.2f} s"
            )
    for name, points in found.items():
        power = exponent(points)
        say(f"{name}: seconds grow with the number of steps to the power {power:.2f}")
    plot("steps", "From the first of so many steps to the last", ("steps", "seconds"), dict(found))


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

    def run(self, steps: int) -> Took:
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
        seconds = time.perf_counter() - began
        with platform.journal as journal:
            entries = journal.entries(journal.entries()[-1].run)
        starts = [moment(each.at) for each in entries if each.event is Event.STEP_STARTED]
        return Took(seconds, _each(starts))

    def _step(self, number: int) -> dict[str, Any]:
        asked = {"url": self._address}
        step = {"id": f"ask-{number}", "title": "Ask", "uses": "http.check", "gate": "none"}
        return {**step, "with": asked}


def _each(starts: Sequence[float]) -> float:
    """Return the seconds of a step, from when each was begun."""
    return (starts[-1] - starts[0]) / (len(starts) - 1)


def raw(address: str, steps: int) -> Took:
    """Run a flow of so many tasks, with what a user of Prefect would write."""
    client = httpx.Client()
    starts = []

    @task
    def ask() -> int:
        starts.append(time.time())
        return client.get(address).status_code

    @flow
    def work() -> None:
        for _ in range(steps):
            ask()

    began = time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    client.close()
    return Took(seconds, _each(starts))


def dbos(database: str, address: str, steps: int) -> Took:
    """Run a durable workflow of so many steps."""
    return Took(float(outside("dbos_steps", database, address, str(steps))))


def ansible(folder: Path, address: str, steps: int) -> Took:
    """Run a play of so many tasks on this machine."""
    tasks = [{"ansible.builtin.uri": {"url": address}} for _ in range(steps)]
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
    play["vars"] = {"ansible_python_interpreter": program("python")}
    book = folder / "play.yaml"
    book.write_text(yaml.safe_dump([play]))
    call = [program("ansible-playbook"), "-i", "localhost,", str(book)]
    began = time.perf_counter()
    subprocess.run(call, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own play
    return Took(time.perf_counter() - began)


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
