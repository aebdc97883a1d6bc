"""The worker as a program: its arguments, its surroundings, and one of its name on a host."""

from __future__ import annotations

import argparse
import hashlib
import os
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from adapters.ledger import open_journal
from adapters.ledger.workers import Workers
from adapters.settings import load_settings
from engine.errors import Refused, RunbookError
from flows.worker.anew import Birth
from flows.worker.settings import PATIENCE, POOL, WorkerSettings, default_name, make_quick


def main(arguments: Sequence[str] | None = None) -> int:
    """Work for a pool until told to end; return 0, or 2 when the worker could not start."""
    settings = _settings(arguments)
    try:
        start_worker(settings)
    except RunbookError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    return 0


def start_worker(settings: WorkerSettings) -> None:
    """Work for a pool until told to end.

    Raises `Refused` where it cannot: not on Linux, no server named, no such pool, one of this name
    at work; `Invalid` or `Refused` for the settings of the platform; `Transient` where the server
    does not answer, and `LedgerDown` where the ledger does not.
    """
    birth = Birth()
    if sys.platform != "linux":
        raise Refused(
            f"the warm worker needs Linux, and this is {sys.platform}",
            hint=f"Use `prefect worker start --pool {settings.pool} --type process`.",
        )
    if not os.environ.get("PREFECT_API_URL"):
        raise Refused("PREFECT_API_URL is not set", hint="Set it to http://<server>:4200/api.")
    with (
        open_journal(load_settings().ledger) as journal,
        _alone(settings),
        tempfile.TemporaryDirectory(prefix="runbook-") as folder,
    ):
        make_quick(os.environ, Path(folder))
        # Prefect reads its settings when it is imported, so not before they are there
        anyio, loop = import_module("anyio"), import_module("flows.worker.loop")
        anyio.run(loop.work, settings, Workers(journal), Path(folder), birth)


@contextmanager
def _alone(settings: WorkerSettings) -> Iterator[None]:
    """Hold the name on this host; the kernel lets it go with the process."""
    told = f"{os.environ['PREFECT_API_URL']} {settings.pool} {settings.name}"
    name = f"\0runbook-worker-{hashlib.sha256(told.encode()).hexdigest()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as held:
        try:
            held.bind(name)
        except OSError:
            taken = True
        else:
            taken = False
        if taken:
            raise Refused(
                f"a worker {settings.name} of the pool {settings.pool} is at work on this host",
                hint="Give this one a name of its own with --name.",
            )
        yield


def _settings(arguments: Sequence[str] | None) -> WorkerSettings:
    parser = argparse.ArgumentParser(prog="flows.worker", description=__doc__)
    parser.add_argument("--pool", default=POOL, help="the work pool whose runs it takes")
    parser.add_argument(
        "--name",
        default=default_name(),
        help="a name that it alone has in the pool, and has again after a restart",
    )
    parser.add_argument("--limit", type=int, help="how many runs at the same time")
    parser.add_argument(
        "--patience",
        type=int,
        default=PATIENCE,
        help="after how many seconds without a sign of life others may take its runs over",
    )
    told = parser.parse_args(arguments)
    return WorkerSettings(told.pool, told.name, told.limit, told.patience)
