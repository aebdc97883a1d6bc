"""`make demo`: the Anthropic key rotation of the platform's handbook, from start to proof."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.live import Live

from demo.oncall import OnCall
from demo.proof import proofs
from demo.stage import ROOT, Stage, set_stage
from demo.watch import Watch, trail_table
from engine.errors import RunbookError
from engine.fold import fold
from flows.door import at_server, start

RUNBOOK = "rotate-anthropic-api-key"
DEFAULT_PORT = 4200
RUN_SECONDS = 600
PLAIN_WIDTH = 160
"""Characters of a line where there is no terminal to ask."""


def main() -> int:
    """Run the demo; return 0 when all was proven, 1 when something was not."""
    wanted = _arguments()
    console = Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with (
            set_stage(
                wanted.folder, port=wanted.port, say=lambda text: console.print(f"• {text}")
            ) as stage,
            at_server(stage.api_url),
        ):
            _play(stage, console, wait=wanted.wait)
            if sys.stdin.isatty():
                _linger(stage, console)
    except KeyboardInterrupt:
        console.print("stopped")
        return 130
    except (RunbookError, AssertionError) as error:
        console.print(f"error: {error}", style="red", markup=False)
        return 1
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument(
        "--wait", action="store_true", help="leave the approving to you, in the browser"
    )
    parser.add_argument(
        "--port",
        type=int,
        default=DEFAULT_PORT,
        help="port of the Prefect UI; another one is taken if it is in use",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=ROOT / ".demo",
        help="where everything is kept; emptied at the start",
    )
    return parser.parse_args()


def _play(stage: Stage, console: Console, *, wait: bool) -> None:
    parameters = {"reason": "Quarterly rotation", "requested_by": "otto"}
    run = start(RUNBOOK, parameters)
    console.print(f"• Prefect UI: {stage.url}  (run {run[:8]} of {RUNBOOK})")
    if wait:
        _tell_how(stage, console, run)
    plan = stage.platform().plan(RUNBOOK, {"reason": parameters["reason"]})
    journal = stage.platform().journal
    oncall, watch, decided = OnCall(stage), Watch(console), 0
    deadline = time.monotonic() + RUN_SECONDS
    with (
        Live(console=console, refresh_per_second=4)
        if console.is_terminal
        else nullcontext() as live
    ):
        watch.live = live
        while True:
            entries = list(journal.entries(run))
            state = fold(run, entries)
            watch.show(plan, state, entries)
            if state.outcome is not None:
                break
            opening = state.opening
            if not wait and opening is not None and opening.number > decided:
                oncall.decide(run, opening)
                decided = opening.number
            if not wait and time.monotonic() > deadline:
                raise AssertionError(f"the run was not over after {RUN_SECONDS} s")
            time.sleep(0.2)
    console.print(trail_table(list(journal.entries(run))))
    console.print("What was proven:")
    for sentence in proofs(stage, run):
        console.print(f"  ✔ {sentence}", markup=False, soft_wrap=True)


def _tell_how(stage: Stage, console: Console, run: str) -> None:
    settings = stage.settings_file
    console.print(
        f"  Open {stage.url}/runs/flow-run/{run} and press Resume at each gate.\n"
        f"  A new key: {stage.world['urls']['console']}/console\n"
        f"  Seal it with: RUNBOOK_SETTINGS={settings} .venv/bin/runbook seal\n"
        "  Members of plana-staff: olga, otto, petra; of plana-admins: anna, ada.",
        markup=False,
        soft_wrap=True,
    )


def _linger(stage: Stage, console: Console) -> None:
    console.print(f"• The UI stays up at {stage.url}; Ctrl-C ends it.")
    try:
        while all(program.is_running() for program in stage.programs.values()):
            time.sleep(0.5)
    except KeyboardInterrupt:
        console.print("stopping")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
