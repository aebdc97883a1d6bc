"""A runbook performed step by step in a world of its own, without Prefect and without gates."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from adapters.platform import Platform, open_platform
from adapters.standing import standings
from demo.stage import settings_of
from engine.catalogue import Secret
from engine.conclusion import Conclusion
from engine.execution import perform, take_back
from engine.job import Patience
from engine.ledger import Actor
from engine.plan import Plan
from engine.preflight import preflight
from engine.progress import rollback_order
from engine.recovery import conclude
from engine.state import Outcome, Status
from engine.step import AnyStep
from flows.voyage import Voyage, enter
from sandbox.database import DatabaseServer
from sandbox.world import Options, World


class Killed(BaseException):
    """The process is gone: nothing of the engine may catch it."""


@dataclass
class Rotation:
    """One world, and the runs that are made in it."""

    world: World
    platform: Platform
    runs: int = 0
    values: set[str] = field(default_factory=set)
    """Every value that was ever in a drawer; none may be met anywhere."""

    def entry(self, plan: Plan) -> Secret:
        return self.platform.catalogue.secrets[plan.secret]

    def begin(self, runbook: str, **inputs: Any) -> Voyage:
        """Start a run after its preflight."""
        self.runs += 1
        plan = self.platform.plan(runbook, {"reason": "a test of the engine", **inputs})
        desk = replace(self.platform.desk(), patience=Patience(sleep=lambda _: None))
        voyage = Voyage(f"run-{self.runs}", self.platform, desk, plan)
        findings = preflight(plan, desk.registry, desk.redact)
        enter(voyage, Actor("otto"), findings)
        return voyage

    def go_on(self, voyage: Voyage, until: str = "", dies_in: str = "") -> None:
        """Perform what is left, up to a step; raise `Killed` after the effect of one, unrecorded."""
        if dies_in:
            step = voyage.plan.step(dies_in)
            voyage = replace(voyage, desk=replace(voyage.desk, registry=_deadly(voyage, step.uses)))
        for step in voyage.plan.steps:
            status = voyage.state().step(step.id).status
            if status is not Status.DONE:
                failed = perform(voyage.job(step), interrupted=status is Status.STARTED)
                assert failed is None, f"{step.id}: {failed}"
                self._remember(voyage)
            if step.id == until:
                return
        voyage.end(voyage.state(), Outcome.COMPLETED)

    def resume_after(self, voyage: Voyage, *deaths: str) -> None:
        """Let the process die in each of these steps, be picked up again, and come to the end."""
        for death in deaths:
            with suppress(Killed):
                self.go_on(voyage, dies_in=death)
                raise AssertionError(f"it did not die in {death}")
            enter(voyage, Actor("otto"), {})
        self.go_on(voyage)

    def roll_back(self, voyage: Voyage) -> None:
        """Take everything back in the engine's own order."""
        for step in rollback_order(voyage.plan, voyage.state(), voyage.desk.registry):
            failed = take_back(voyage.job(step, back=True))
            assert failed is None, f"{step.id}: {failed}"
        voyage.end(voyage.state(), Outcome.ROLLED_BACK)

    def concluded(self, plan: Plan) -> Conclusion:
        """Return what `runbook recover` would say."""
        return conclude(standings(self.platform, plan.secret))

    def everywhere(self, plan: Plan) -> set[str | None]:
        """Return every value that stands anywhere: one, if all places agree."""
        entry, world = self.entry(plan), self.world
        items = world.vaultwarden.ciphers(entry.vaultwarden.item)
        found: set[str | None] = {world.sops_value(entry.sops.path)}
        found |= {world.vaultwarden.open_password(each) for each in items}
        for place in entry.places:
            name = str(place.workload).partition("/")[2]
            found.add(world.cluster.secret(place.namespace, place.secret).get(place.key))
            pods = world.cluster.pod_env(place.namespace, name)
            found |= {pod.get(place.key) for pod in pods}
        return found

    def lets_in(self, plan: Plan, value: str | None) -> bool:
        assert self.world.database is not None
        return self.world.database.lets_in(self.entry(plan).sops.path, value or "")

    def _remember(self, voyage: Voyage) -> None:
        seal = self.platform.seal()
        sealed = self.platform.journal.sealed(voyage.run).values()
        self.values |= {seal.open(armour).get_secret_value() for armour in sealed}


def _deadly(voyage: Voyage, uses: str) -> Mapping[str, AnyStep]:
    declared = voyage.desk.registry[uses]

    def run(params: Any, call: Any) -> Any:
        declared.run(params, call)
        raise Killed

    return {**voyage.desk.registry, uses: replace(declared, run=run)}


@contextmanager
def open_rotation(folder: Path, server: DatabaseServer) -> Iterator[Rotation]:
    """Make a world on this database server, and end it."""
    with World.create(folder / "world", options=Options(database=server)) as world:
        told = json.loads(world.layout.world_json.read_text())
        settings = folder / "runbook.yaml"
        settings.write_text(yaml.safe_dump(settings_of(told, folder / "ledger.db")))
        platform = open_platform(settings)
        yield Rotation(world, platform)
        platform.journal.close()
