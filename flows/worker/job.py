"""The job configuration that makes a stock process worker start runs by the launcher."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

from prefect.client.schemas.objects import FlowRun
from prefect.workers.process import ProcessJobConfiguration

LAUNCHER = Path(__file__).with_name("launcher.py")
COLD = "python -m prefect.engine"
"""What `prefect.yaml` says for stock workers, and what this worker may replace."""


def warm_job(zygote: Path) -> type[ProcessJobConfiguration]:
    """Return a configuration whose runs ask the zygote at this socket.

    A deployment that names a command of its own keeps it.
    """
    launch = shlex.join([sys.executable, "-I", "-S", str(LAUNCHER), str(zygote)])

    class WarmJob(ProcessJobConfiguration):
        def prepare_for_flow_run(self, flow_run: FlowRun, *more: Any, **named: Any) -> None:
            if self.command in (None, COLD):
                self.command = launch
            super().prepare_for_flow_run(flow_run, *more, **named)

    return WarmJob
