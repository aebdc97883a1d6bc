"""The people on call, played: they make the new key in the console, and they approve each gate."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
from pydantic import SecretStr

from demo.signin import terminal_token
from demo.stage import Stage
from engine.errors import Refused, RunbookError
from engine.fold import fold
from engine.ledger import Actor
from engine.plan import Plan
from engine.policy import objection
from engine.state import Opening
from flows.door import Waiting, answer, at_server, open_gate

PATIENCE = 60.0
"""Seconds until the form of a gate that the ledger has opened must be there."""


@dataclass(frozen=True)
class OnCall:
    """Who decides at which gate."""

    stage: Stage
    staff: str = "olga"
    admin: str = "anna"
    tokens: dict[str, SecretStr] = field(default_factory=dict)

    @contextmanager
    def acting(self, name: str) -> Iterator[None]:
        """Be this person for a while: signed in where there is a gateway, else by name alone."""
        if not self.stage.has_gateway:
            yield
            return
        if name not in self.tokens:
            self.tokens[name] = terminal_token(self.stage.url, self.stage.world, name)
        with at_server(self.stage.api_url, self.tokens[name]):
            yield

    def decide(self, run: str, opening: Opening) -> None:
        """Approve the gate, with a sealed new key where it asks for one."""
        with self.acting(self.voter(run, opening)):
            self._approve(run, opening)

    def _approve(self, run: str, opening: Opening) -> None:
        platform = self.stage.platform()
        waiting = self.wait_for(run, opening)
        plan = waiting.schema["properties"]
        fields = {
            "decision": "approve",
            "name": self.voter(run, opening),
            "gate": waiting.key,
            "comment": "Read and agreed.",
            "via": "demo",
        }
        if "sealed_value" in plan:
            fields["sealed_value"] = platform.seal().close(self.new_key(run))
            fields["comment"] = "Created in the console."
        answer(run, fields)

    def new_key(self, run: str) -> SecretStr:
        """Create a key in the provider's console, as a person does in a browser."""
        response = httpx.post(
            f"{self.stage.world['urls']['console']}/console/keys",
            json={"name": f"plana-anthropic-{run[:8]}"},
            headers={"accept": "application/json"},
        )
        return SecretStr(response.raise_for_status().json()["key"])

    def voter(self, run: str, opening: Opening) -> str:
        """Name somebody whose yes this gate still lacks: whoever is on call, else any member."""
        platform = self.stage.platform()
        state, people = fold(run, platform.journal.entries(run)), platform.people
        plan = Plan.model_validate_json(state.plan_text)
        gate = plan.step(opening.step).gate or plan.gate
        said = {
            yes.actor.subject
            for yes in state.approvals
            if yes.step == opening.step and yes.plan == opening.plan
        }
        members = [name for group in people.groups.values() for name in group.members]
        for name in (self.staff, self.admin, *members):
            person = Actor(name, groups=people.groups_of(name))
            if name not in said and not objection(gate, person, state.initiator):
                return name
        raise Refused(f"nobody on call may say yes at the gate of {opening.step}")

    def wait_for(self, run: str, opening: Opening) -> Waiting:
        """Return the form of this very gate; Prefect shows it a moment after the ledger does."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                waiting = open_gate(run)
                found = f"it stands at {waiting.key}"
                if waiting.key.endswith(f"-{opening.number}"):
                    return waiting
            except RunbookError as error:
                found = error.message
            if time.monotonic() > deadline:
                raise Refused(
                    f"the form of gate {opening.number} of run {run} is not there: {found}"
                )
            time.sleep(0.2)
