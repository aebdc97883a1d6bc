"""A shipped runbook played on a whole sandbox by the engine alone: real steps, no Prefect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from engine.decision import Answer, Question, Verdict, judge
from engine.job import Patience, prepared
from engine.ledger import Actor, Event
from engine.progress import AskPerson, End
from engine.state import Kind, Outcome
from sandbox.keybook import Keybook
from tests.engine.bench import NOW, Bench
from tests.engine.lamp import Lamps
from tests.ground import RUN, Ground

REASON = {"reason": "a test of the engine"}
ANNA = Actor("anna", groups=("plana-admins",), via="ui")
OTTO = Actor("otto", groups=("plana-staff",), via="ui")


@dataclass
class Rotation(Bench):
    """One run of a runbook about one secret of a world."""

    ground: Ground = field(kw_only=True)

    @classmethod
    def on(
        cls, ground: Ground, runbook: str, inputs: Mapping[str, str] = REASON, run: str = RUN
    ) -> Self:
        """Begin a run of a shipped runbook."""
        told: list[str] = []
        waiting = Patience(sleep=lambda seconds: told.append(f"slept {seconds:g}"))
        desk = replace(ground.platform.desk(), patience=waiting, report=told.append)
        plan = ground.platform.plan(runbook, inputs)
        made = cls(plan, desk, Lamps(), run=run, told=told, ground=ground)
        made.append(Event.RUN_STARTED, actor=OTTO, attempt=1, runbook=runbook, plan=plan.text())
        return made

    @property
    def ring(self) -> Keybook:
        """The provider's keys."""
        found = self.ground.world.rings[self.ground.entry.sops.path]
        assert isinstance(found, Keybook)
        return found

    def judge(self, decision: str, by: str = "", **said: object) -> Verdict:
        """Answer the next gate as an admin who did not start the run."""
        opening = self.state.opening or self.open()
        job = self.job(opening.step, back=opening.kind is Kind.UNDO)
        params = prepared(job)[0]
        question = Question(
            self.plan, self.state, opening, self.desk.registry, self.desk.seal, params,
            present=self.present,
        )  # fmt: skip
        given = {"comment": "seen and agreed", **said}
        return judge(question, Answer(ANNA, decision, **given), NOW)  # type: ignore[arg-type] # as its fields

    def sail_to(self, step: str = "") -> None:
        """Approve and perform until the gate of `step`, a failure, or the end."""
        while not isinstance(move := self.next(), End):
            if not isinstance(move, AskPerson):
                self.make_move()
                continue
            if move.kind is Kind.FAILURE or (move.kind is Kind.STEP and move.step.id == step):
                return
            self.decide("approve")

    @property
    def outcome(self) -> Outcome | None:
        """How the run ends; None where it does not yet."""
        move = self.next()
        return move.outcome if isinstance(move, End) else None

    def holds(self, value: str) -> dict[str, bool]:
        """Return for each place that has the secret whether it holds `value`."""
        world, entry = self.ground.world, self.ground.entry
        place = entry.kubernetes
        assert place is not None
        assert isinstance(place.workload, str)
        pods = world.cluster.pod_env(place.namespace, place.workload.partition("/")[2])
        [item] = world.vaultwarden.ciphers(entry.vaultwarden.item)
        return {
            "SOPS": world.sops_value(entry.sops.path) == value,
            "Vaultwarden": world.vaultwarden.open_password(item) == value,
            "the Secret": world.cluster.secret(place.namespace, place.secret)[place.key] == value,
            "pods": bool(pods) and all(pod[place.key] == value for pod in pods),
        }
