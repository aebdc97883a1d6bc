"""A rotation of a login at a database that may be cut off anywhere, and is picked up again."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from adapters.standing import standings
from engine.conclusion import Conclusion
from engine.recovery import conclude
from engine.step import AnyStep, Done
from tests.adapters.rotation import Rotation
from tests.crash.database import secrets_in


class Killed(BaseException):
    """The process is gone: nothing of the engine may catch it."""


@dataclass
class Turn(Rotation):
    """One run about a login at the database of a world."""

    def survive(self, *deaths: str) -> None:
        """Let the process die where each of these steps is done, unrecorded, and go on to the end."""
        for death in deaths:
            whole = self.desk
            uses = self.plan.step(death).uses
            self.desk = replace(whole, registry=_deadly(whole.registry, uses, death))
            with suppress(Killed):
                self.sail_to()
                raise AssertionError(f"it did not die in {death}")
            self.desk = whole
            self.resume()
        self.sail_to()

    def everywhere(self) -> set[str | None]:
        """Return every value that stands anywhere: one, if all places agree."""
        entry, world = self.ground.entry, self.ground.world
        items = world.vaultwarden.ciphers(entry.vaultwarden.item)
        found: set[str | None] = {world.sops_value(entry.sops.path)}
        found |= {world.vaultwarden.open_password(each) for each in items}
        for place in entry.places:
            name = str(place.workload).partition("/")[2]
            found.add(world.cluster.secret(place.namespace, place.secret).get(place.key))
            pods = world.cluster.pod_env(place.namespace, name)
            found |= {pod.get(place.key) for pod in pods}
        return found

    def lets_in(self, value: str | None) -> bool:
        """Tell whether the database lets somebody in with this value."""
        assert self.ground.world.database is not None
        return self.ground.world.database.lets_in(self.ground.entry.sops.path, value or "")

    def concluded(self) -> Conclusion:
        """Return what `runbook recover` would say."""
        return conclude(standings(self.ground.platform, self.ground.secret))

    def leaks(self) -> list[str]:
        """Return every value of this run, and the password in it, that its ledger holds in clear."""
        kept = b"".join(each.read_bytes() for each in self.ground.ledger.parent.glob("ledger.db*"))
        sealed = self.desk.journal.sealed(self.run).values()
        values = {self.desk.seal.open(armour).get_secret_value() for armour in sealed}
        assert values, "the run has no value to look for"
        text = f"{self.told} {self.entries}"
        return [v for v in secrets_in(values) if v.encode() in kept or v in text]


def _deadly(registry: Mapping[str, AnyStep], uses: str, death: str) -> Mapping[str, AnyStep]:
    """Return the steps with one that kills when it was run, or is found done, in its place."""
    declared = registry[uses]

    def run(params: Any, call: Any) -> Any:
        declared.run(params, call)
        raise Killed

    def probe(params: Any, call: Any) -> Any:
        assert callable(declared.probe)
        found = declared.probe(params, call)
        if isinstance(found, Done) and call.step == death:
            raise Killed
        return found

    looked = probe if callable(declared.probe) else declared.probe
    return {**registry, uses: replace(declared, run=run, probe=looked)}
