"""The stage: sandbox, Prefect server, worker and deployments, up and ready on loopback."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr

from adapters.platform import Platform, open_platform
from adapters.settings import VARIABLE
from demo.database import give_database, keep_database
from demo.entrance import Entrance, headers, open_entrance
from demo.processes import Program, free_port, run, start, wait_for_line, wait_for_url
from flows.door import at_server
from flows.pool import make_pool
from rehearsal.systems import systems_of

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
HOME = "prefect"
"""The Prefect home of a stage, below its folder."""
POOL = "oncall"
WARM = ("flows.worker", "--pool", POOL)
STOCK = ("prefect", "worker", "start", "--pool", POOL, "--type", "process")
"""The arguments of either worker; the warm one needs Linux."""
WORKER = WARM if sys.platform == "linux" else STOCK
SANDBOX = ("sandbox", "--keep", "--directory")
SERVER = ("demo.server", "start", "--host", "127.0.0.1", "--port")
GATEWAY = ("cli", "gateway", "serve", "--port")
NO_CLOCK = {"PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": "false"}
"""Lays the schedules of all deployments to rest."""
SERVER_SECONDS = 120
"""A first start makes the database; on a slow machine that takes a while."""


@dataclass(frozen=True)
class Stage:
    """Everything that runs, and how to reach it."""

    folder: Path
    world: Mapping[str, Any]
    """The sandbox's map of itself: addresses and paths, no secret."""
    url: str
    """The Prefect UI."""
    variables: Mapping[str, str]
    """The environment in which a flow, a worker or `runbook` finds all of it."""
    programs: dict[str, Program]
    """All that were started, in order; they end with the stage, the last one first."""
    worker: Sequence[str]
    """The arguments its worker is started with."""
    worker_variables: Mapping[str, str]
    """The environment of its worker, which has a token where there is a gateway."""
    has_gateway: bool = False

    @property
    def settings_file(self) -> Path:
        """The settings of this platform."""
        return Path(self.variables[VARIABLE])

    @property
    def api_url(self) -> str:
        """The Prefect API."""
        return self.variables["PREFECT_API_URL"]

    def platform(self) -> Platform:
        """Return the platform as the engine sees it."""
        return open_platform(self.settings_file)

    def restart_worker(self) -> Program:
        """Start a further worker, e.g. after the first was killed; it ends with the stage."""
        further = _start_worker(self.worker, self.folder, self.worker_variables)
        self.programs[f"worker {len(self.programs)}"] = further
        return further


@contextmanager
def set_stage(
    folder: Path,
    *,
    port: int = 0,
    say: Callable[[str], None] = print,
    changes: Mapping[str, Any] | None = None,
    worker: Sequence[str] = WORKER,
    world: Mapping[str, Any] | None = None,
    extra: Mapping[str, str] | None = None,
    gateway: bool = False,
) -> Iterator[Stage]:
    """Bring everything up below `folder`, which is emptied first, and end it all afterwards.

    `changes` are laid over the settings, `extra` over the environment of every program. `world` is
    the map of a sandbox that runs already. With `gateway`, Prefect stands behind it, and claimed
    decisions do not count. Raises `Refused` with the end of a log of what did not come up.
    """
    _empty(folder)
    port = free_port(port)
    url = f"http://127.0.0.1:{port}"
    variables = {**_variables(folder, url), **(extra or {})}
    programs: dict[str, Program] = {}
    with ExitStack() as stack:
        stack.callback(_end, programs)
        launch = partial(_launch, programs, folder=folder)
        say(f"starting the sandbox and the Prefect server{' behind its gateway' * gateway}")
        if not gateway:
            launch(variables, "server", [*SERVER, str(port)])
        if world is None:
            launch(variables, "sandbox", [*SANDBOX, str(folder / "world")])
            world = _map_of(folder, programs["sandbox"])
        entrance = open_entrance(folder / "gateway", url, world) if gateway else None
        _write_settings(folder, world, changes or {}, entrance)
        if gateway:
            launch(variables, "server", [*GATEWAY, str(port)])
        wait_for_url(f"{url}/api/health", programs["server"], SERVER_SECONDS)
        keep_database(folder / HOME, CACHE)
        say("deploying every runbook of prefect.yaml and starting a worker")
        deployer = entrance.deployer if entrance else None
        with at_server(variables["PREFECT_API_URL"], deployer):
            make_pool(POOL)
        for_worker = {**variables, **(headers(entrance.worker) if entrance else {})}
        launch(for_worker, "worker", worker)
        _deploy(folder, variables, deployer)  # while the worker still imports what it needs
        yield Stage(folder, world, url, variables, programs, worker, for_worker, gateway)


def _launch(
    programs: dict[str, Program],
    variables: Mapping[str, str],
    name: str,
    arguments: Sequence[str],
    *,
    folder: Path,
) -> None:
    programs[name] = start(name, arguments, _log(folder, name), variables, ROOT)


def _end(programs: Mapping[str, Program]) -> None:
    with ExitStack() as stack:  # one that does not end keeps no other from ending
        for program in programs.values():
            stack.callback(program.stop)


def _map_of(folder: Path, sandbox: Program) -> Mapping[str, Any]:
    wait_for_line("ready ", sandbox, 60)
    told: Mapping[str, Any] = json.loads((folder / "world" / "world.json").read_text())
    return told


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "logs").mkdir(parents=True)


def _start_worker(arguments: Sequence[str], folder: Path, variables: Mapping[str, str]) -> Program:
    return start("worker", arguments, _log(folder, "worker"), variables, ROOT)


def _deploy(folder: Path, variables: Mapping[str, str], token: SecretStr | None) -> None:
    known = {**variables, **(headers(token) if token else {})}
    run(["prefect", "--no-prompt", "deploy", "--all"], _log(folder, "deploy"), known, ROOT)


def _log(folder: Path, name: str) -> Path:
    return folder / "logs" / f"{name}.log"


def _variables(folder: Path, url: str) -> dict[str, str]:
    home = folder / HOME
    home.mkdir()
    give_database(home, CACHE)
    return {
        VARIABLE: str(folder / "runbook.yaml"),
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": f"{url}/api",
        "PREFECT_UI_API_URL": "/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        # longer than the client keeps an idle connection, 25 s: one that the server closes under it
        # costs a retry after 2 s
        "PREFECT_SERVER_API_KEEPALIVE_TIMEOUT": "30",
        "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
        "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "false",
        "PREFECT_LOGGING_TO_API_BATCH_INTERVAL": "1.0",
        "PREFECT_CLI_COLORS": "false",
    }


def settings_of(world: Mapping[str, Any], ledger: Path) -> dict[str, Any]:
    """Return the settings of the platform that is this sandbox, by its map of itself."""
    return {
        "runbooks": str(ROOT / "runbooks"),
        "catalogue": str(ROOT / "runbooks" / "secrets.yaml"),
        "people": str(ROOT / "runbooks" / "people.yaml"),
        "ledger": {"url": f"sqlite:///{ledger}"},
        **systems_of(world),
    }


def _write_settings(
    folder: Path, world: Mapping[str, Any], changes: Mapping[str, Any], entrance: Entrance | None
) -> None:
    settings = settings_of(world, folder / "ledger.db")
    if entrance is not None:
        settings["engine"] |= entrance.engine
        settings["gateway"] = dict(entrance.settings)
    (folder / "runbook.yaml").write_text(yaml.safe_dump({**settings, **changes}, sort_keys=False))
