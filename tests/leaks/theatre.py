"""A stage on which every secret is a marker and nothing that happens goes unseen."""

# ruff: noqa: S603, S607 - fixed programs, looked up as everywhere, arguments made here

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import prefect.logging
import pytest
import yaml

import sandbox.vaultwarden.admin
import sandbox.vaultwarden.identity
import sandbox.vaultwarden.tokens
from demo.stage import NO_CLOCK, ROOT, Stage, set_stage
from engine.values import known_values
from flows.door import at_server
from sandbox.cluster.agenda import Pace
from sandbox.database import RULES, DatabaseServer
from sandbox.faults import Fault
from sandbox.postgresql import Postgres, find_programs, running_postgres
from sandbox.state import sops_values
from sandbox.values import IDENTIFIERS, TREE
from sandbox.world import Options, World
from tests.leaks.api import Api
from tests.leaks.marker import FOREIGN, SHORTEST, TELLING, Marker, draw, key_lines

TRACING = Path(__file__).with_name("tracing")
LOUD = ("httpx", "httpcore", "urllib3", "kubernetes", "git", "adapters", "engine", "flows")
"""Loggers that people turn on to see what goes wrong."""
SENT = ("urllib3", "kubernetes", "adapters", "engine", "flows")
"""Those whose lines go to Prefect's database too; `httpx` would tell of its own telling."""


@dataclass
class Theatre:
    """A running stage, its world, and what is kept for the search."""

    folder: Path
    stage: Stage
    world: World
    api: Api
    markers: dict[str, Marker] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    """What was said to people: errors, answers of the API."""
    said: set[str] = field(default_factory=set)
    """What people said in the open because they are meant to, such as a newcomer's word."""
    struck: list[Fault] = field(default_factory=list)
    """Slow requests in the middle of which a process was ended."""
    runs: dict[str, str] = field(default_factory=dict)
    """The run of each runbook."""
    lines: list[dict[str, Any]] = field(default_factory=list)
    """What the runs wrote, as Prefect's API has it."""
    tasks: list[dict[str, Any]] = field(default_factory=list)
    """The task runs, likewise."""

    def mark(self, name: str, value: str) -> None:
        """From now on `value` must be met nowhere; what is too short to tell is left out.

        Of a certificate with its key only the key is secret, line by line. Of another value that has
        several lines each of them is.
        """
        if "-----BEGIN CERTIFICATE" in value or "PRIVATE KEY-----" in value:
            for number, line in enumerate(key_lines(value)):
                self._mark(f"{name}, line {number} of its key", line)
            return
        self._mark(name, value)
        if "\n" in value:
            for number, line in enumerate(value.splitlines()):
                self._mark(f"{name}, line {number}", line.strip())

    def _mark(self, name: str, value: str) -> None:
        known = {marker.value for marker in self.markers.values()}
        if len(value) >= SHORTEST and value not in known | self.said:
            self.markers[name] = Marker(name, value)
        password = urlsplit(value).password if "://" in value else None
        if password:
            self.mark(f"password in {name}", password)

    def give_away(self, value: str) -> None:
        """Let this value be met from now on: it is worth nothing any more once it was said."""
        self.said.add(value)
        self.markers = {name: each for name, each in self.markers.items() if each.value != value}

    def mark_drawer(self, run: str) -> None:
        """Mark every value that the run knows now, whoever made it."""
        platform = self.stage.platform()
        known = known_values(platform.journal.sealed(run), platform.seal())
        shown = self.world.exoscale.identifiers()
        for (step, name), value in known.items():
            if value.get_secret_value() in shown:
                continue  # the half of a pair that opens nothing
            self.mark(f"{name} of {step} in run {run[:8]}", value.get_secret_value())

    def mark_stores(self, when: str) -> None:
        """Mark every value that stands in the stores and at the provider now."""
        for path, value in sops_values(self.world).items():
            if path not in IDENTIFIERS:
                self.mark(f"{path} after {when}", value)
        for ring in self.world.rings.values():
            for key in ring.listing():
                self.mark(f"provider's {key.name} after {when}", key.secret)

    def keep_databases(self, when: str) -> None:
        """Keep all databases and their logs as they are now: a deleted row may be gone later.

        A program of its own copies them: SQLite's locks of a process end when it closes any file
        handle on the database (sqlite.org/howtocorrupt.html, section 2.2).
        """
        kept = self.trace / "databases" / when.replace(" ", "-")
        kept.mkdir(parents=True, exist_ok=True)
        files = [str(path) for path in (self.folder / "stage").rglob("*.db*")]
        subprocess.run(["cp", "--", *files, str(kept)], check=True)

    @property
    def trace(self) -> Path:
        """Starts of programs, deleted files and samples of processes."""
        return self.folder / "trace"

    @property
    def temp(self) -> Path:
        """The TMPDIR of every program."""
        return self.folder / "tmp"


@contextmanager
def open_theatre(folder: Path) -> Iterator[Theatre]:
    """Bring it up below `folder`; after the block all has ended and lies there to be searched."""
    for name in ("tmp", "trace"):
        (folder / name).mkdir(parents=True)
    with ExitStack() as stack:
        stack.enter_context(_core_files_allowed(folder))
        tokens = stack.enter_context(_tokens_heard())
        database = stack.enter_context(_database())
        place = DatabaseServer(str(database.folder)) if database else None
        options = Options(pace=Pace(), database=place)  # as swift as can be
        world = stack.enter_context(World.create(folder / "world", _values(), options))
        stack.enter_context(_sampler(folder))
        told = json.loads(world.layout.world_json.read_text())
        extra = {**_surroundings(folder), **NO_CLOCK}  # no flow runs beside the one that is played
        stage = stack.enter_context(set_stage(folder / "stage", world=told, extra=extra))
        stack.enter_context(at_server(stage.api_url))
        api = stack.enter_context(closing(Api(stage.api_url)))
        theatre = Theatre(folder, stage, world, api)
        _mark_world(theatre)
        yield theatre
        if database is not None:
            log = database.folder / "log"
            theatre.texts["log of the database"] = log.read_text(errors="replace")
        for number, token in enumerate(tokens):
            theatre.mark(f"access token {number}", token)


@contextmanager
def _database() -> Iterator[Postgres | None]:
    """Run a PostgreSQL that logs every statement; None where it is not installed."""
    programs = find_programs()
    if programs is None:
        yield None
        return
    loud = ("log_statement=all", "log_min_duration_statement=0", "log_connections=on")
    with running_postgres(programs, rules=RULES, options=("fsync=off", *loud)) as server:
        yield server


def _values() -> dict[str, str]:
    """Return a marker for every secret of the tree that people make up themselves."""
    chosen = {
        f"{category}.{name}": draw(odd=TELLING + FOREIGN)
        for category, leaves in TREE.items()
        for name in leaves
        if "password" in name or "passphrase" in name
    }
    return {**chosen, "ai_agents.anthropic_api_key": draw("sk-ant-api03-", TELLING)}


def _mark_world(theatre: Theatre) -> None:
    world = theatre.world
    for path, value in world.values.items():
        if path not in IDENTIFIERS:
            theatre.mark(path, value)
    for name, value in vars(world.credentials).items():
        theatre.mark(name, value)
    theatre.mark_stores("the start")
    for file in world.layout.keys.iterdir():
        theatre.mark(file.name, file.read_text().splitlines()[-1])


def _surroundings(folder: Path) -> dict[str, str]:
    return {
        "TMPDIR": str(folder / "tmp"),
        "PYTHONPATH": str(TRACING),
        "LEAK_TRACE": str(folder / "trace"),
        "LEAK_WATCHED": str(folder),
        "PREFECT_LOGGING_LEVEL": "DEBUG",
        "PREFECT_SERVER_LOGGING_LEVEL": "DEBUG",
        "PREFECT_LOGGING_SETTINGS_PATH": str(_write_logging(folder)),
    }


def _write_logging(folder: Path) -> Path:
    shipped = Path(prefect.logging.__file__).with_name("logging.yml")
    config = yaml.safe_load(shipped.read_text())
    for name in LOUD:
        handlers = ["console", "api"] if name in SENT else ["console"]
        config["loggers"][name] = {"level": "DEBUG", "handlers": handlers, "propagate": False}
    path = folder / "logging.yml"
    path.write_text(yaml.safe_dump(config))
    return path


@contextmanager
def _sampler(folder: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "tests.leaks.sampler"]
    places = [str(folder / "trace" / "samples"), str(folder / "tmp"), str(os.getpid())]
    with subprocess.Popen(
        [*command, *places], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as sampler:
        assert sampler.stdout is not None
        assert sampler.stdout.readline() == b"ready\n"
        yield
        looks = sampler.communicate()[0]
    assert int(looks) > 100, "the sampler did not look often enough to have seen anything"


@contextmanager
def _tokens_heard() -> Iterator[list[str]]:
    """Keep every access token and admin's cookie that the vault gives out: secrets as well."""
    issue, heard = sandbox.vaultwarden.tokens.issue_token, list[str]()
    draw_cookie = sandbox.vaultwarden.admin.draw_cookie

    def hear(*arguments: object) -> str:
        token = issue(*arguments)  # type: ignore[arg-type] # whatever it takes
        heard.append(token)
        return token

    def hear_cookie() -> str:
        cookie = draw_cookie()
        heard.append(cookie)
        return cookie

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox.vaultwarden.identity, "issue_token", hear)
        patch.setattr(sandbox.vaultwarden.admin, "draw_cookie", hear_cookie)
        yield heard


@contextmanager
def _core_files_allowed(folder: Path) -> Iterator[None]:
    """Let Linux write core files; those that fell into the working directory end up in `folder`."""
    before = set(_core_files())
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))
        for core in set(_core_files()) - before:
            shutil.move(core, folder / core.name)


def _core_files() -> list[Path]:
    found = [ROOT / "core", *ROOT.glob("core.[0-9]*")]
    return [path for path in found if path.is_file()]
