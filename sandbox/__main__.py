"""`python -m sandbox`: a world as a program of its own, or many, until it is told to end."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
from dataclasses import replace
from pathlib import Path

from sandbox.cluster.agenda import Pace
from sandbox.layout import Layout
from sandbox.many import serve_worlds
from sandbox.world import Options, World

_DEMO = Pace(source=0.4, kustomize=0.4, operator=0.4, rollout=0.4, deadline=10)


def main() -> int:
    """Run a world until SIGTERM or SIGINT; print `ready <world.json>` once it is up."""
    wanted = _parse()
    if wanted.many:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # so that a database ends with it
        serve_worlds(sys.stdin, sys.stdout, Options(pace=Pace()))
        return 0
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)  # before any thread starts: all inherit it
    pace = replace(Pace() if wanted.fast else _DEMO, interval=wanted.interval)
    try:
        with World.create(wanted.directory, options=Options(pace=pace)) as world:
            sys.stdout.write(f"ready {world.layout.world_json}\n")
            sys.stdout.flush()
            signal.sigwait(signals)
    except FileExistsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if not wanted.keep:
        _remove(Layout(wanted.directory.resolve()))
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--directory", type=Path, help="a new or empty directory for the world")
    what.add_argument(
        "--many", action="store_true", help="fast worlds in the directories that stdin names"
    )
    parser.add_argument("--fast", action="store_true", help="let the cluster take no time, nearly")
    parser.add_argument(
        "--interval", type=float, help="seconds between reconciles that nobody asked for"
    )
    parser.add_argument("--keep", action="store_true", help="leave the world's files at the end")
    return parser.parse_args()


def _remove(layout: Layout) -> None:
    for folder in (layout.remote, layout.keys, layout.credentials):
        shutil.rmtree(folder, ignore_errors=True)
    for file in (layout.kubeconfig, layout.world_json, layout.access_log):
        file.unlink(missing_ok=True)
    if not any(layout.root.iterdir()):
        layout.root.rmdir()


if __name__ == "__main__":
    sys.exit(main())
