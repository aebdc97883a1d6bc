"""A sandbox world with a settings file, and the moves of a rotation made one by one upon it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr

from adapters.platform import Platform, open_platform
from adapters.standing.looking import fingerprint_in
from demo.stage import settings_of
from engine.step import Step
from sandbox.world import Options, World
from tests.adapters import infra

RUN = "1f0c0000-0000-4000-8000-000000000001"
REDIS, ANTHROPIC = "redis-password", "anthropic-api-key"


class Ground:
    """One secret of a world, and the hands that move it from store to store."""

    def __init__(self, world: World, folder: Path, secret: str) -> None:
        self.world = world
        self.secret = secret
        self.settings = folder / "runbook.yaml"
        self.ledger = folder / "ledger.db"
        told = json.loads(world.layout.world_json.read_text())
        self.settings.write_text(yaml.safe_dump(settings_of(told, self.ledger)))
        self.platform: Platform = open_platform(self.settings)
        self.entry = self.platform.catalogue.secrets[secret]
        self.old = world.values[self.entry.sops.path]
        self.shown: list[str] = [self.old]
        """Every value that was ever in play; none may be printed."""

    def name(self, value: str) -> str:
        """Return the fingerprint of a value."""
        return fingerprint_in(self.platform, self.secret)(SecretStr(value))

    def put(self, value: str, run: str = RUN) -> None:
        """Write a value to the pending branch of a run."""
        self.shown.append(value)
        self._act("sops.set", run, "sops", at=self.entry.sops.model_dump(), value=value)

    def mirror(self, value: str, run: str = RUN) -> None:
        """Write a value to the vault."""
        self.shown.append(value)
        at = self.entry.vaultwarden.model_dump()
        given = {"at": at, "value": value, "replaces": self.old}
        self._act("vaultwarden.set", run, "vaultwarden", **given)

    def publish(self, run: str = RUN) -> None:
        """Bring what is pending to main."""
        self._act("git.publish", run, "publish")

    def arrive(self) -> None:
        """Let Flux carry main into the cluster."""
        self.world.cluster.reconcile_now()

    def restart(self, run: str = RUN) -> None:
        """Restart every workload that reads the secret."""
        place = self.entry.kubernetes
        assert place is not None
        given = {"namespace": place.namespace, "workload": place.workload, "timeout": 60}
        self._act("kubernetes.rollout_restart", run, "restart", **given)

    def edit_vault(self, value: str) -> None:
        """Change the vault's item as a person does."""
        self.shown.append(value)
        self.world.vaultwarden.edit_as_human(self.entry.vaultwarden.item, value)

    def leaks(self, *texts: str) -> list[str]:
        """Return the texts that hold a value."""
        return [text for text in texts if any(value in text for value in self.shown)]

    def _act(self, uses: str, run: str, step: str, **given: Any) -> None:
        declared: Step[Any, Any] = self.platform.registry[uses]
        declared.run(
            infra.params(declared, **given), infra.call(run, step=step, secret=self.secret)
        )


@contextmanager
def ground(folder: Path, secret: str = REDIS, options: Options | None = None) -> Iterator[Ground]:
    """Make a world for one secret, and end it."""
    with World.create(folder / "world", options=options) as world:
        yield Ground(world, folder, secret)
