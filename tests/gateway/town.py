"""People and machines before the gateway of a stage, each with what they would have in hand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import httpx
from prefect.client.orchestration import get_client

from adapters.gateway import Role
from demo.oncall import OnCall
from demo.signin import sign_in
from demo.stage import Stage
from engine.errors import RunbookError
from engine.ledger import Entry
from engine.state import Opening
from flows.door import at_server, open_gate, start
from flows.gate_form import key
from gateway.store import Store
from gateway.tokens import new_machine
from tests.flows.voyages import entries, gate, until

RUNBOOK = "rotate-api-key"
PEOPLE = ("vera", "uma", "olga", "otto", "anna")
SECONDS = 60.0
HOUR = 3600
BUSY = 503
"""Prefect's server on SQLite, while another one writes; a person presses again."""


class Town:
    """Everybody who may want something of a stage."""

    def __init__(self, stage: Stage, stack: ExitStack) -> None:
        self.stage = stage
        self.oncall = OnCall(stage)
        self._stack = stack
        self._known: dict[str, httpx.Client] = {}
        self._worker = stage.programs["worker"]

    def client(self, name: str) -> httpx.Client:
        """Return a program that acts as a person, a machine, or as nobody (`""`)."""
        if name not in self._known:
            made = httpx.Client(
                base_url=self.stage.api_url, timeout=SECONDS, headers=self._headers(name)
            )
            self._known[name] = self._stack.enter_context(made)
        return self._known[name]

    def browser(self, name: str) -> httpx.Client:
        """Return a browser in which a person has signed in."""
        made = sign_in(self.stage.url, self.stage.world, name)
        self._stack.callback(made.close)
        return made

    def start(self, secret: str, by: str = "otto") -> str:
        """Start a run as this person, and return its id."""
        with self.oncall.acting(by):
            return start(RUNBOOK, {"reason": "a test of the gateway", "secret": secret})

    def stands(self, run: str, after: int = 0) -> Opening:
        """Return the gate at which the run stands, once its form is there."""

        def look() -> Opening | None:
            opening = gate(self.stage, run, after)
            assert opening is not None
            try:
                is_shown = open_gate(run).key == key(opening)
            except RunbookError:
                return None  # on its way there
            return opening if is_shown else None  # or an answer is still being judged

        with self.oncall.acting("olga"):
            return until(look, f"run {run} to stand at a gate")

    def answer(self, run: str, by: str, **fields: Any) -> httpx.Response:
        """Answer the gate of a run as this person."""
        with self.oncall.acting("olga"):
            asked = open_gate(run).key
        body = {"run_input": {"decision": "approve", "gate": asked, **fields}}

        def press() -> httpx.Response | None:
            sent = self.client(by).post(f"/flow_runs/{run}/resume", json=body)
            return None if sent.status_code == BUSY else sent

        return until(press, f"Prefect to take an answer of {by}")

    def approve(self, run: str, by: str = "olga", **fields: Any) -> None:
        """Answer the gate of a run as this person, and see that Prefect takes it."""
        sent = self.answer(run, by, **fields)
        assert sent.status_code == httpx.codes.CREATED, sent.text

    @contextmanager
    def without_worker(self) -> Iterator[None]:
        """Have no worker for a while, and a new one afterwards."""
        self._worker.stop()
        try:
            yield
        finally:
            self._worker = self.stage.restart_worker()
            self._stack.callback(self._worker.stop)

    def trail(self, run: str) -> list[Entry]:
        """Return what the ledger has of a run."""
        return entries(self.stage, run)

    def reject(self, run: str) -> None:
        """End a run at its gate."""
        self.approve(run, decision="reject")
        until(lambda: True if self.trail(run)[-1].event == "run.ended" else None, "the run to end")

    def settled(self, run: str) -> None:
        """Wait until Prefect, too, sees the run as completed."""
        client = self.client("olga")

        def look() -> bool | None:
            told = client.get(f"/flow_runs/{run}").json()["state"]["type"]
            return True if told == "COMPLETED" else None

        until(look, f"run {run} to be completed in Prefect")

    def deployment(self, runbook: str = RUNBOOK) -> str:
        """Return the id of the deployment of a runbook."""
        found = self.client("olga").get(f"/deployments/name/{runbook}/{runbook}")
        return str(found.json()["id"])

    def _headers(self, name: str) -> Mapping[str, str]:
        if not name:
            return {}
        if name == "worker":
            sent: dict[str, str] = json.loads(
                self.stage.worker_variables["PREFECT_CLIENT_CUSTOM_HEADERS"]
            )
            return sent
        if name == "deployer":
            with closing(Store(self.stage.folder / "gateway" / "state.db")) as store:
                token = new_machine(store, name, Role.DEPLOYER, HOUR)
            return {"Authorization": f"Bearer {token.get_secret_value()}"}
        with self.oncall.acting(name):
            return {"Authorization": f"Bearer {self.oncall.tokens[name].get_secret_value()}"}


@contextmanager
def behind(api_url: str) -> Iterator[Any]:
    """Yield Prefect's own client at a server without a gateway."""
    with at_server(api_url), get_client(sync_client=True) as client:
        yield client


def held_at_gate(town: Town, secret: str) -> Iterator[str]:
    """Yield a run that stands at its first gate; fail if it has left it, or done anything, since."""
    run = town.start(secret)
    opening = town.stands(run)
    before = len(town.trail(run))
    yield run
    state = town.client("olga").get(f"/flow_runs/{run}").json()["state"]
    assert (state["name"], len(town.trail(run))) == ("Suspended", before)
    assert town.stands(run).number == opening.number
    town.reject(run)
