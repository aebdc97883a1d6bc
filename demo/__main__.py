"""`make demo`: the Anthropic key rotation of the platform's handbook, from start to proof."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from cli.follow import Show, progress
from cli.runs import read_run
from cli.screen import say, table
from cli.screen import show as show_table
from cli.trail import HEAD, row
from demo.oncall import OnCall
from demo.proof import proofs
from demo.signin import password_of
from demo.stage import ROOT, STOCK, WORKER, Stage, set_stage
from engine.errors import RunbookError
from flows.door import at_server, start

RUNBOOK = "rotate-anthropic-api-key"
DEFAULT_PORT = 4200
RUN_SECONDS = 600
PEOPLE = {
    "otto": "of plana-staff, who starts the run",
    "olga": "of plana-staff, who approves",
    "anna": "of plana-admins, who approves the end of the old key",
}


def main() -> int:
    """Run the demo; return 0 when all was proven, 1 when something was not."""
    wanted = _arguments()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr] # seen as it goes
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with (
            set_stage(
                wanted.folder,
                port=wanted.port,
                say=_point,
                worker=STOCK if wanted.stock_worker else WORKER,
                gateway=True,
            ) as stage,
            at_server(stage.api_url),
        ):
            _play(stage, wait=wanted.wait)
            if sys.stdin.isatty():
                _linger(stage)
    except KeyboardInterrupt:
        say("stopped")
        return 130
    except (RunbookError, AssertionError) as error:
        say(f"error: {error}")
        return 1
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument(
        "--wait", action="store_true", help="leave the approving to you, in the browser"
    )
    parser.add_argument(
        "--stock-worker", action="store_true", help="start runs by Prefect's own process worker"
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


def _play(stage: Stage, *, wait: bool) -> None:
    oncall = OnCall(stage)
    with oncall.acting("otto"):
        run = start(RUNBOOK, {"reason": "Quarterly rotation"})
    _point(f"Prefect UI: {stage.url}  (run {run[:8]} of {RUNBOOK})")
    _tell_who(stage)
    if wait:
        _tell_how(stage, run)
    with progress() as show:
        _until_over(oncall, run, show, wait=wait)
    told = read_run(stage.platform(), run)
    assert told is not None, "the ledger lost the run"
    say("")
    say("Audit trail:")
    show_table(table(HEAD, (row(entry) for entry in told.entries)))
    say("")
    say("What was proven:")
    for sentence in proofs(stage, run):
        say(f"  ✔ {sentence}")


def _until_over(oncall: OnCall, run: str, show: Show, *, wait: bool) -> None:
    decided, deadline = 0, time.monotonic() + RUN_SECONDS
    while wait or time.monotonic() < deadline:
        told = read_run(oncall.stage.platform(), run)
        if told is not None:
            show(told)
            if told.state.outcome is not None:
                return
            opening = told.state.opening
            if not wait and opening is not None and opening.number > decided:
                oncall.decide(run, opening)
                decided = opening.number
        time.sleep(0.2)
    raise AssertionError(f"the run was not over after {RUN_SECONDS} s")


def _tell_how(stage: Stage, run: str) -> None:
    say(f"  Open {stage.url}/runs/flow-run/{run} and press Resume at each gate.")
    say(f"  A new key: {stage.world['urls']['console']}/console")
    say(f"  Seal it with: RUNBOOK_SETTINGS={stage.settings_file} .venv/bin/runbook seal")


def _tell_who(stage: Stage) -> None:
    say("  Sign in as one of these; the gateway signs what they decide:")
    for name, part in PEOPLE.items():
        say(f"    {name:<5} password {password_of(stage.world, name)}  {part}")
    say(f"  The worker's token is of {stage.folder.name}/gateway/state.db, as a hash alone.")


def _linger(stage: Stage) -> None:
    _point(f"The UI stays up at {stage.url}; Ctrl-C ends it.")
    try:
        while all(program.is_running() for program in stage.programs.values()):
            time.sleep(0.5)
    except KeyboardInterrupt:
        say("stopping")


def _point(text: str) -> None:
    say(f"• {text}")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
