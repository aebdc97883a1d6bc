"""`runbook worker`: the warm worker as a service, and who is at work."""

from __future__ import annotations

from typing import Annotated

import typer

from adapters.ledger.workers import Workers
from adapters.platform import open_platform
from cli.options import AsJson, new_app
from cli.screen import say_json, show, table
from flows.worker.main import start_worker
from flows.worker.settings import (
    LEAST_PATIENCE,
    PATIENCE,
    POOL,
    WorkerSettings,
    default_name,
)

app = new_app()

PoolName = Annotated[
    str, typer.Option("--pool", metavar="POOL", help="The work pool whose runs it takes.")
]


@app.callback()
def worker() -> None:
    """Start a worker, or see which ones are at work."""


@app.command()
def start(
    pool: PoolName = POOL,
    name: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="A name that it alone has in the pool, and has again after a restart; made from "
            "the host's name by default.",
        ),
    ] = "",
    limit: Annotated[
        int | None,
        typer.Option(min=1, metavar="COUNT", help="How many runs it executes at the same time."),
    ] = None,
    patience: Annotated[
        int,
        typer.Option(
            min=LEAST_PATIENCE,
            metavar="SECONDS",
            help="After how long without a sign of life others may take its runs over.",
        ),
    ] = PATIENCE,
) -> None:
    """Work for a pool until told to end.

    On SIGTERM it takes no new run and ends when the steps that run have ended; on a second one it
    ends them as well. Started again under the same name, it marks what was cut off as crashed, so
    that it can be resumed.
    """
    start_worker(WorkerSettings(pool, name or default_name(), limit, patience))


@app.command("list")
def list_workers(pool: PoolName = POOL, as_json: AsJson = False) -> None:
    """List the warm workers of a pool, as the ledger knows them."""
    with open_platform().journal as journal:
        found = Workers(journal).find(pool)
    if as_json:
        say_json([vars(each) for each in found])
        return
    rows = (
        (each.name, each.place.split()[0], f"{each.patience} s", each.heir or "itself")
        for each in found
    )
    show(table(("Worker", "Host", "Patience", "Its runs are settled by"), rows))
