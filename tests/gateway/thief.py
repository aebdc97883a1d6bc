"""Somebody with all rights in Prefect, its database included, and no key of the gateway."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import OKPKey

from engine.evidence import ALGORITHM, APPROVAL, digest_of
from engine.ledger import Event
from tests.gateway.town import Town, behind


class Thief:
    """Somebody with all rights in Prefect and no key of the gateway."""

    def __init__(self, town: Town, back: str, run: str, after: int = 0) -> None:
        self.town = town
        self.back = back
        self.run = run
        self.opening = town.stands(run, after)

    @property
    def key(self) -> str:
        return f"{self.opening.step}-{self.opening.kind.value}-{self.opening.number}"

    def answers(self, **more: Any) -> str:
        """Answer the gate past the gateway; return why it was refused."""
        told = {"decision": "approve", "gate": self.key, "name": "anna", **more}
        with behind(self.back) as client:
            client.resume_flow_run(UUID(self.run), run_input=told)
        return self.refused()

    def refused(self) -> str:
        """Wait for the next asking of the same gate, and return why the last was refused."""
        before = self.opening
        self.opening = self.town.stands(self.run, before.number)
        assert self.opening.step == before.step
        last = [e for e in self.town.trail(self.run) if e.event is Event.GATE_REFUSED][-1]
        assert last.actor.verified in {"claimed", "not at all"}
        return str(last.details["why"])

    def sets(self, state: Any) -> None:
        """Force a state upon the run."""
        with behind(self.back) as client:
            client.set_flow_run_state(UUID(self.run), state, force=True)

    def forge(self, key: OKPKey, **changes: Any) -> dict[str, Any]:
        """Return an answer that is right in everything but the key that signed it."""
        answer = {"decision": "approve", "gate": self.key, "name": "anna"}
        now = 2_000_000_000
        claims = {
            "sub": "anna",
            "groups": ["plana-admins"],
            "way": "oidc",
            "iat": now - 10**9,
            "exp": now,
            "auth_time": now,
            "jti": "forged",
            "run": self.run,
            "gate": self.key,
            "plan": self.opening.plan,
            "shown": self.opening.shown,
            "decision": "approve",
            "answer": digest_of(answer),
            **changes,
        }
        public = json.loads((self.town.stage.folder / "gateway/approval-keys.json").read_text())
        head = {"alg": ALGORITHM, "kid": public["keys"][0]["kid"], "typ": APPROVAL}
        return {"approval_token": jwt.encode(head, claims, key, algorithms=[ALGORITHM])}

    def ran(self) -> set[str]:
        """Name the steps that were started."""
        trail = self.town.trail(self.run)
        return {entry.step for entry in trail if entry.event is Event.STEP_STARTED}


def write_prefect(town: Town, statement: str, values: tuple[str, ...]) -> None:
    """Write straight into Prefect's database."""
    file = Path(town.stage.variables["PREFECT_HOME"]) / "prefect.db"
    with closing(sqlite3.connect(file, timeout=60)) as database, database:
        assert database.execute(statement, values).rowcount == 1
