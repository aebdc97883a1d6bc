"""One provider's double alone on loopback, with its faults: all that the tests of a driver need."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.responses import Response

from adapters import exoscale, forgejo, openrouter, stripe
from adapters.exoscale import ExoscaleSettings
from adapters.forgejo import ForgejoSettings
from adapters.openrouter import OpenRouterSettings
from adapters.stripe import StripeSettings
from engine.step import AnyStep, Call, Done, NotYet
from sandbox import routes as sandbox_routes
from sandbox.access import AccessLog
from sandbox.clock import Clock
from sandbox.exoscale import Exoscale, exoscale_keys
from sandbox.faults import DoubleName, Faults, Kind
from sandbox.forgejo import ACCOUNT, Forgejo
from sandbox.keybook import Keybook
from sandbox.openrouter import OpenRouter, openrouter_keys
from sandbox.routes import Answer
from sandbox.server import Server
from sandbox.stripe import Stripe, seed_endpoint, stripe_endpoints, stripe_keys
from sandbox.wire import Wire
from tests.adapters import infra, sky

RUN, OTHER_RUN = "1f0c0000-0000-4000-8000-000000000001", "1f0c0000-0000-4000-8000-000000000002"
PREFIX = "plana-test"
KEY = "rk_live_the-key-in-force-of-the-tests"
RECEIVER = "https://www.example.org/webhooks/stripe"
PASSWORD = "the-password-of-the-account-in-tests"
MANAGEMENT = "sk-or-v1-management-key-of-the-tests"


@dataclass
class House:
    """A double, its keys, and the steps of the adapter that talks to it."""

    double: DoubleName
    book: Keybook
    url: str
    faults: Faults
    log: AccessLog
    folder: Path
    steps: dict[str, AnyStep]
    """By name, and by the verb alone, e.g. `mint_key`."""

    @property
    def old(self) -> str:
        """The id of the key in force before the run."""
        found = self.book.key_of(sky.MARKER)
        assert found is not None
        return found.key_id

    def offer(self, steps: Sequence[AnyStep]) -> None:
        """Take the steps that are tested here, whatever they call a key."""
        for each in steps:
            verb = each.name.partition(".")[2].partition("_")[0]
            self.steps.setdefault(f"{verb}_key", each)
            self.steps[each.name] = each

    def file(self, name: str, text: str) -> Path:
        """Write a credential and return its file."""
        path = self.folder / name
        path.write_text(text)
        return path

    def fail(self, kind: Kind, **details: Any) -> None:
        """Arm a fault at the double."""
        self.faults.add(self.double, kind, **details)

    def run(self, name: str, call: Call | None = None, /, **given: Any) -> Done[Any]:
        return sky.run(self.steps[name], call or at(), **given)

    def probe(self, name: str, call: Call | None = None, /, **given: Any) -> Done[Any] | NotYet:
        return sky.probe(self.steps[name], call or at(), **given)

    def undo(self, name: str, outputs: Any, call: Call | None = None, /, **given: Any) -> Any:
        declared = self.steps[name]
        assert callable(declared.undo)
        return declared.undo(infra.params(declared, **given), outputs, call or at())

    def mint(self, call: Call | None = None, /) -> Any:
        """Mint a key like the old one and return the outputs."""
        return self.run("mint_key", call, like=self.old, name=PREFIX).outputs

    def names(self) -> list[str]:
        """Return the names of all keys of runs, oldest first."""
        return [k.name for k in reversed(self.book.listing()) if k.name.startswith(f"{PREFIX}.")]


def at(attempt: int = 1, run: str = RUN) -> Call:
    """Return a call of this pick-up of a run."""
    return infra.call(run, step="mint", attempt=attempt)


@contextmanager
def opened(double: DoubleName, answer: Answer, book: Keybook, folder: Path) -> Iterator[House]:
    """Serve one double; the test says which steps talk to it."""
    faults, log = Faults(), AccessLog(folder / "access.log")
    server = Server(double, Wire(double, answer, log, faults))
    server.start()
    try:
        yield House(double, book, server.url, faults, log, folder, {})
    finally:
        server.stop()
        log.close()
    assert log.problems == []


Change = Callable[[sandbox_routes.Call, Response], Response]
"""What to make of an answer of the double before it is sent."""


@contextmanager
def open_openrouter(folder: Path, change: Change | None = None) -> Iterator[House]:
    """Serve OpenRouter with `sky.MARKER` as the key in force, and the steps that talk to it."""
    book = openrouter_keys(Clock(), sky.MARKER)
    answer = _changed(OpenRouter(book, MANAGEMENT).answer, change)
    with opened("openrouter", answer, book, folder) as made:
        file = made.file("management", MANAGEMENT)
        made.offer(openrouter.steps(OpenRouterSettings(url=made.url, management_key_file=file)))
        yield made


@contextmanager
def open_forgejo(folder: Path, change: Change | None = None) -> Iterator[House]:
    """Serve Forgejo with `sky.MARKER` as the token in force, and the steps that talk to it."""
    double = Forgejo(Clock(), sky.MARKER, PASSWORD)
    answer = _changed(double.answer, change)
    with opened("forgejo", answer, double.tokens, folder) as made:
        file = made.file("password", PASSWORD)
        settings = ForgejoSettings(url=made.url, username=ACCOUNT, password_file=file)
        made.offer(forgejo.steps(settings))
        yield made


@contextmanager
def open_stripe(folder: Path, change: Change | None = None) -> Iterator[House]:
    """Serve Stripe with `sky.MARKER` as the signing secret in force, and the steps about it."""
    book = stripe_endpoints(Clock())
    seed_endpoint(book, sky.MARKER, RECEIVER)
    answer = _changed(Stripe(book, MANAGEMENT, stripe_keys(Clock(), KEY)).answer, change)
    with opened("stripe", answer, book, folder) as made:
        settings = StripeSettings(url=made.url, secret_key_file=made.file("key", MANAGEMENT))
        made.offer(stripe.steps(settings))
        yield made


OWN_PAIR = ("EXO0123456789abcdef01234567", "the-own-secret-of-the-engine-in-the-tests")
PAIRED = "EXOfedcba9876543210fedcba98"
"""The IAM key in force, whose secret is `sky.MARKER`."""


@contextmanager
def open_exoscale(folder: Path, change: Change | None = None) -> Iterator[House]:
    """Serve Exoscale with `sky.MARKER` as the secret in force, and the steps that talk to it."""
    book = exoscale_keys(Clock(), PAIRED, sky.MARKER)
    answer = _changed(Exoscale(book, OWN_PAIR).answer, change)
    with opened("exoscale", answer, book, folder) as made:
        key, secret = made.file("key", OWN_PAIR[0]), made.file("secret", OWN_PAIR[1])
        settings = ExoscaleSettings(url=made.url, key_file=key, secret_file=secret)
        made.offer(exoscale.steps(settings))
        yield made


def _changed(answer: Answer, change: Change | None) -> Answer:
    return (lambda call: change(call, answer(call))) if change else answer
