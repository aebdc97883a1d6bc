"""What the gateway costs: the same requests to bare Prefect and through it, side by side.

`python -m benchmarks.gateway [--samples 200]` starts a Prefect server and a gateway, each on a
database of its own, asks both in turns, and prints the medians and their ratio. In turns, because
a machine that is busy for a while is then busy for both.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx

from demo.oncall import OnCall
from demo.stage import Stage, set_stage

RUNBOOK = "rotate-api-key"
GIVEN = {"reason": "a benchmark", "secret": "redis-password"}
SECONDS = 60.0
Ask = Callable[[httpx.Client, str], httpx.Response]
ASKED: Mapping[str, Ask] = {
    "GET /version": lambda client, _: client.get("/version"),
    "GET /deployments/{id}": lambda client, id_: client.get(f"/deployments/{id_}"),
    "POST /flow_runs/filter": lambda client, _: client.post("/flow_runs/filter", json={}),
    "POST create_flow_run": lambda client, id_: client.post(
        f"/deployments/{id_}/create_flow_run",
        json={
            "parameters": {**GIVEN, "requested_by": "otto"},
            "state": {
                "type": "SCHEDULED",
                "state_details": {"scheduled_time": "2099-01-01T00:00:00Z"},
            },
        },
    ),
}
FEWER = {"POST create_flow_run": 5}
"""What is slow is asked so many times less often."""


def main() -> int:
    """Measure and print; always 0, since a benchmark is not a test."""
    parser = argparse.ArgumentParser(prog="benchmarks.gateway", description=__doc__)
    parser.add_argument("--samples", type=int, default=200, help="requests of each kind")
    samples = parser.parse_args().samples
    with tempfile.TemporaryDirectory() as folder:
        bare, gated = Path(folder) / "bare", Path(folder) / "gated"
        extra = {"PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": "false"}
        with (
            set_stage(gated, gateway=True, say=_quiet, extra=extra) as behind,
            set_stage(bare, say=_quiet, world=behind.world, extra=extra) as open_,
        ):
            for stage in (behind, open_):
                stage.programs["worker"].stop()
            _measure(open_, behind, samples)
    return 0


def _measure(bare: Stage, gated: Stage, samples: int) -> None:
    oncall = OnCall(gated)
    with oncall.acting("otto"):
        token = oncall.tokens["otto"].get_secret_value()
    headers = {"authorization": f"Bearer {token}"}
    with (
        httpx.Client(base_url=bare.api_url, timeout=SECONDS) as one,
        httpx.Client(base_url=gated.api_url, timeout=SECONDS, headers=headers) as other,
    ):
        clients = (one, other)
        ids = [_deployment(client) for client in clients]
        for name, ask in ASKED.items():
            times: tuple[list[float], list[float]] = ([], [])
            for _ in range(samples // FEWER.get(name, 1)):
                for client, deployment, taken in zip(clients, ids, times, strict=True):
                    began = time.perf_counter()
                    ask(client, deployment).raise_for_status()
                    taken.append(time.perf_counter() - began)
            plain, through = (statistics.median(taken) * 1000 for taken in times)
            _say(
                f"{name:24} bare {plain:7.2f} ms   gateway {through:7.2f} ms   "
                f"{through / plain:.2f} times, {through - plain:+.2f} ms"
            )


def _deployment(client: httpx.Client) -> str:
    return str(client.get(f"/deployments/name/{RUNBOOK}/{RUNBOOK}").raise_for_status().json()["id"])


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _quiet(_: str) -> None:
    return


if __name__ == "__main__":
    sys.exit(main())
