"""How the people of a runbook answer what it asks; the one place that knows runbooks by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.stripe import expire
from sandbox.values import letters, stripe_key
from sandbox.world import STRIPE_KEY, World
from tests.staff import LETTER, offboarding, onboarding, read_word, waive_all

if TYPE_CHECKING:
    from tests.crash.voyage import Voyage

ROTATED_BY = "otto"
"""Starts every run, and so approves nothing that asks for four eyes."""


@dataclass(frozen=True)
class Counts:
    """How often each thing must have happened."""

    restarts: int
    writes: int
    """To the vault's item."""
    commits: int
    """On main, made by the run."""


FORWARD, REJECTED, BACK = Counts(1, 1, 1), Counts(0, 0, 0), Counts(2, 2, 2)


@dataclass(frozen=True)
class Hands:
    """What it takes to play a runbook through."""

    inputs: Mapping[str, Any]
    """The form that starts it, without `requested_by`."""
    bring: Callable[[World], str] | None = None
    """Makes the value that a person brings, where a step asks for a sealed one."""
    issue: Callable[[World, str], str] | None = None
    """Makes the certificate that a person brings, upon the request."""
    settle: Callable[[World, str, str], None] | None = None
    """What a person does about one item of a checklist, with the certificate."""
    ends: Mapping[str, Callable[[World], None]] = field(default_factory=dict)
    """By step, what a person ends outside before they answer its gate; twice must be as once."""
    mends: Mapping[str, Callable[[World], None]] = field(default_factory=dict)
    """By step, what a person does outside before they answer that it failed; twice must be as once."""
    fail: Mapping[str, Any] | None = None
    """A fault of the sandbox that the way to the point of no return does not survive."""
    fail_from: str = "verify"
    """The step at whose gate that fault begins."""
    back: Counts = BACK
    """What must have happened when the run was taken back after that fault."""
    adopts: bool = False
    """Whether the run ends the key that people bring, if it is taken back."""
    needs_database: bool = False
    """Whether its world needs a real PostgreSQL."""
    of_world: Callable[[World], Mapping[str, Any]] | None = None
    """Returns what else stands in the form, where that depends on the world."""
    comments: Mapping[str, Callable[[Voyage], str]] = field(default_factory=dict)
    """What people write at the gates that ask for more than a word, by step."""

    def at(self, world: World) -> Hands:
        """Return the hands in this world, with the whole form."""
        more = self.of_world(world) if self.of_world else {}
        return replace(self, inputs={**self.inputs, **more})


def _console_key(world: World) -> str:
    return world.anthropic.create("plana-anthropic-new").secret


NEW_SECRET = {
    "secret": "events-webhook-secret",
    "title": "Webhook secret of the events page",
    "category": "pulse_calendar",
    "key": "webhook_secret",
    "item": "Events webhook secret",
    "max_age": "90d",
}
"""A secret that the catalogue does not have, in a category that the file does not have, which nothing
reads."""
VAULT_SHUT = {"double": "vaultwarden", "kind": "status", "status": 400, "times": None}
"""The vault lets nobody in, so that the proof that both stores agree cannot be had."""

HANDS: Mapping[str, Hands] = {
    "rotate-anthropic-api-key": Hands(
        inputs={"reason": "a crash test of the engine"},
        bring=_console_key,
        adopts=True,
        fail=VAULT_SHUT,
    ),
    "renew-tpp-certificates": Hands(
        inputs={"reason": "a crash test of the engine", "secret": "tpp-qwac-b"},
        issue=lambda world, csr: world.qtsp.issue("qwac", csr),
        settle=lambda world, bank, pem: world.banks.register(bank, pem),
        fail=VAULT_SHUT,
        fail_from="banks",
    ),
    "rotate-openrouter-key": Hands(
        inputs={"reason": "a crash test of the engine"},
        fail=VAULT_SHUT,
    ),
    "rotate-forgejo-token": Hands(
        inputs={"reason": "a crash test of the engine"},
        fail=VAULT_SHUT,
    ),
    "rotate-exoscale-key": Hands(
        inputs={"reason": "a crash test of the engine"},
        fail=VAULT_SHUT,
    ),
    "rotate-odoo-api-key": Hands(
        inputs={"reason": "a crash test of the engine"},
        mends={
            "mint": World.remove_lost_odoo_keys,
            "no-lost-keys": World.remove_lost_odoo_keys,
        },
        fail=VAULT_SHUT,
    ),
    "rotate-stripe-webhook-secret": Hands(
        inputs={"reason": "a crash test of the engine"},
        fail=VAULT_SHUT,
    ),
    "rotate-psd2-client-secret": Hands(
        inputs={"reason": "a crash test of the engine"},
        bring=lambda _: letters(48),
        fail=VAULT_SHUT,
    ),
    "rotate-stripe-api-key": Hands(
        inputs={"reason": "a crash test of the engine"},
        bring=lambda world: world.stripe_keys.create("website", stripe_key(), {}).secret,
        ends={"revoke": lambda world: expire(world.stripe_keys, world.values[STRIPE_KEY])},
        fail=VAULT_SHUT,
    ),
    "rotate-matrix-admin-token": Hands(
        inputs={"reason": "a crash test of the engine"},
        bring=lambda world: world.matrix.sign_in("housekeeper").secret,
        fail=VAULT_SHUT,
    ),
    "rotate-provided-secret": Hands(
        inputs={"reason": "a crash test of the engine", "secret": "alertmanager-webhook-token"},
        bring=lambda _: letters(48),
        fail=VAULT_SHUT,
    ),
    "rotate-stored-secret": Hands(
        inputs={"reason": "a crash test of the engine", "secret": "grafana-admin-password"},
        bring=lambda _: letters(48),
        fail=VAULT_SHUT,
        fail_from="publish",
    ),
    "add-secret": Hands(
        inputs={"reason": "a crash test of the engine", **NEW_SECRET},
        bring=lambda _: letters(48),
        fail=VAULT_SHUT,
        fail_from="publish",
    ),
    "rotate-api-key": Hands(
        inputs={"reason": "a crash test of the engine", "secret": "redis-password"},
        fail=VAULT_SHUT,
    ),
    "rotate-postgres-role": Hands(
        inputs={"reason": "a crash test of the engine", "secret": "events-database-url"},
        fail=VAULT_SHUT,
        needs_database=True,
    ),
    "rotate-postgres-shared-role": Hands(
        inputs={"reason": "a crash test of the engine"},
        fail=VAULT_SHUT,
        fail_from="mirrored",
        back=Counts(restarts=0, writes=2, commits=0),
        needs_database=True,
    ),
    "onboard-sops-recipient": Hands(
        inputs={}, of_world=onboarding, comments={"proven": lambda v: read_word(v.world, v.state())}
    ),
    "offboard-staff": Hands(
        inputs={},
        of_world=offboarding,
        fail={"double": "authentik", "kind": "status", "status": 403, "times": None},
        fail_from="authentik",
        comments={
            "letter": lambda _: LETTER,
            "settled": lambda v: waive_all(v.platform, v.state()),
        },
    ),
}


def hands_of(runbook: str) -> Hands:
    """Return how a runbook is played; fail with what to add for one that is not known."""
    if runbook not in HANDS:
        pytest.fail(
            f"nobody knows how to play {runbook}.yaml: add it to HANDS in tests/crash/hands.py "
            "with its inputs, the value people bring, and a fault that makes it fail"
        )
    return HANDS[runbook]
