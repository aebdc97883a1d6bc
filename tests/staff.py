"""What the people of a run about a member of staff type, and what they do beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyrage

from adapters.platform import Platform
from engine.exposure import listed, waiver
from engine.ledger import Actor, Event
from engine.plan import Plan
from engine.state import RunState
from sandbox.keys import LEAVING
from sandbox.staff import LEAVER
from sandbox.vaultwarden.seed import LEAVER_EMAIL
from sandbox.world import World

LETTER = f"archive/letters/{LEAVER}.pdf sha256:{hashlib.sha256(b'wiped').hexdigest()}"


def identity_of(file: Path) -> Any:
    """Return the age identity in a file."""
    lines = file.read_text().splitlines()
    return pyrage.x25519.Identity.from_str(next(x for x in lines if x.startswith("AGE-SECRET")))


def recipient_of(world: World, owner: str) -> str:
    """Return the public key of somebody's identity."""
    return str(identity_of(world.layout.age_key(owner)).to_public())


def onboarding(world: World) -> Mapping[str, Any]:
    """Return the form of an onboarding."""
    recipient = recipient_of(world, "newcomer")
    return {
        "person": "noel",
        "recipient": recipient,
        "email": "noel@planapulse.com",
        "reason": "a test of the engine",
    }


def offboarding(world: World) -> Mapping[str, Any]:
    """Return the form of an offboarding."""
    return {
        "person": LEAVER,
        "recipients": " ".join(recipient_of(world, owner) for owner in LEAVING),
        "email": LEAVER_EMAIL,
        "reason": "a test of the engine",
    }


def read_word(world: World, state: RunState) -> str:
    """Read the challenge with the newcomer's key, as `runbook prove` does on their machine."""
    armour = str(state.step("challenge").outputs["armour"])
    key = identity_of(world.layout.age_key("newcomer"))
    return bytes(pyrage.decrypt(armour.encode(), [key])).decode()


def waive_all(platform: Platform, state: RunState) -> str:
    """Answer for every value that could be read, once, as `runbook exposure waive` does."""
    journal = platform.journal
    if not any(each.run == state.run for each in journal.of(Event.EXPOSURE_WAIVED)):
        plan = Plan.model_validate_json(state.plan_text)
        actor = Actor("anna", groups=("plana-admins",), via="cli")
        why = "the world ends with the test"
        journal.append(waiver(state.run, actor, listed(plan, state), why))
    return "All of them are settled."
