"""How the tests of the vault speak to its double: settings, calls, and people who interfere."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import SecretStr

from adapters.vaultwarden import VaultwardenSettings, steps
from adapters.vaultwarden.models import SetOutputs
from engine.step import Call, Done, NotYet, Step, Unclear
from sandbox.access import AccessLog
from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.keys import draw_credentials, write_credentials
from sandbox.layout import Layout
from sandbox.routes import Call as Request
from sandbox.server import Server
from sandbox.values import draw_values
from sandbox.vaultwarden.control import Vaultwarden
from sandbox.vaultwarden.seed import MACHINE_EMAIL, VaultOptions
from sandbox.wire import Wire
from sandbox.world import World

if TYPE_CHECKING:
    from starlette.responses import Response

STAFF = "plana-staff"
ITEM = "Anthropic API key"
OWN_KEY_ITEM = "OpenRouter API key"
NEW = SecretStr('sk-ant-api03-new-\u00fc"\\&-value')
AT = {"collection": STAFF, "item": ITEM}

CIPHER = re.compile(r"/api/ciphers/(?P<key>[^/]+)")


class VaultWorld:
    """The part of a sandbox world that a vault needs: its double, a clock and faults.

    It has the names of `sandbox.world.World`, and starts in a fraction of its time.
    """

    def __init__(self, root: Path, options: VaultOptions | None = None) -> None:
        self.layout = Layout(root)
        self.credentials = draw_credentials()
        self.values = draw_values()
        self.faults = Faults()
        self.clock = Clock()
        write_credentials(self.layout, self.credentials)
        self.vaultwarden = Vaultwarden(
            self.clock, options or VaultOptions(), self.values, self.credentials
        )
        self.log = AccessLog(self.layout.access_log)
        wire = Wire("vaultwarden", self.vaultwarden.answer, self.log, self.faults)
        self.server = Server("vaultwarden", wire)
        self.urls = {"vaultwarden": self.server.url}

    def __enter__(self) -> Self:
        self.server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()
        self.log.close()


def settings(world: World | VaultWorld, **changes: Any) -> VaultwardenSettings:
    known: dict[str, Any] = {
        "url": world.urls["vaultwarden"],
        "email": MACHINE_EMAIL,
        "client_id": world.vaultwarden.client_id,
        "client_secret_file": world.layout.credential("vaultwarden-client-secret"),
        "master_password_file": world.layout.credential("vaultwarden-master-password"),
        "organisation": world.vaultwarden.vault.organization_id,
    }
    return VaultwardenSettings(**{**known, **changes})


def fingerprint(value: SecretStr) -> str:
    return (
        "fp:" + hmac.new(b"k", value.get_secret_value().encode(), hashlib.sha256).hexdigest()[:16]
    )


def call(run: str = "run-1", attempt: int = 1) -> Call:
    return Call(
        run=run,
        runbook="rotate",
        step="vaultwarden",
        attempt=attempt,
        key=run,
        head="",
        secret="anthropic-api-key",
        started_by="petra",
        approved_by=(),
        answer=None,
        comment="",
        fingerprint=fingerprint,
        report=lambda _: None,
    )


class Hand:
    """One `vaultwarden` step with its parameters, driven as the engine drives it."""

    def __init__(self, world: World | VaultWorld, name: str = "set", **changes: Any) -> None:
        offered = {step.name: step for step in steps(settings(world, **changes))}
        self.step: Step[Any, Any] = offered[f"vaultwarden.{name}"]

    def params(self, value: SecretStr | None = NEW, **more: Any) -> Any:
        at = {**AT, **more.pop("at", {})}
        given = {"at": at, **({"value": value} if value else {}), **more}
        return self.step.params.model_validate(given)

    def probe(self, params: Any, run: str = "run-1") -> Done[Any] | NotYet | Unclear:
        assert callable(self.step.probe)
        return self.step.probe(params, call(run))

    def run(self, params: Any, run: str = "run-1") -> Done[Any]:
        return self.step.run(params, call(run))

    def undo(self, params: Any, outputs: Any, run: str = "run-1") -> SetOutputs:
        assert callable(self.step.undo)
        undone = self.step.undo(params, outputs, call(run))
        assert isinstance(undone, SetOutputs)
        return undone

    def preflight(self, **given: Any) -> str:
        assert self.step.preflight is not None
        at = {**AT, **given.pop("at", {})}
        params = self.step.preflight.params.model_validate({"at": at, **given})
        return self.step.preflight.look(params)


def interfere(world: VaultWorld, method: str, deed: Callable[[], object], times: int = 1) -> None:
    """Do `deed` right before the server answers the next requests for one cipher."""
    routes = world.vaultwarden.answer._routes
    known = next(route for route in routes if (route[0], route[1]) == (method, CIPHER))
    left = [deed] * times

    def answer(request: Request, key: str) -> Response:
        if left:
            left.pop()()
        return known[2](request, key=key)

    routes.insert(0, (method, CIPHER, answer))


def record_puts(world: VaultWorld) -> list[dict[str, Any]]:
    """Return a list that fills with the bodies of the PUTs to come."""
    routes, bodies = world.vaultwarden.answer._routes, list[dict[str, Any]]()
    known = next(route for route in routes if (route[0], route[1]) == ("PUT", CIPHER))

    def answer(request: Request, key: str) -> Response:
        bodies.append(request.json())
        return known[2](request, key=key)

    routes.insert(0, ("PUT", CIPHER, answer))
    return bodies
