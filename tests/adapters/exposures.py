"""A platform around a circle of readers, and what a leaver could read of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import yaml

from adapters.exposure import judged_now
from adapters.platform import Platform, open_platform
from demo.stage import ROOT
from engine.exposure import Exposed
from engine.ledger import Actor, Draft, Event
from tests.adapters import circle as made
from tests.adapters import infra as world
from tests.adapters.circle import BANK, FORGOTTEN, PULSE, Circle

RUN = "run-1"
REDIS = f'{PULSE}#["redis"]["password"]'
MATOMO = f'{PULSE}#["matomo"]["admin_password"]'
CLIENT = f'{BANK}#["bank"]["client_secret"]'
LEGACY = f'{FORGOTTEN}#["legacy"]["key"]'
VALUES = [str(v) for tree in made.VALUES.values() for part in tree.values() for v in part.values()]


@contextmanager
def platform_of(circle: Circle) -> Iterator[Platform]:
    """A platform whose catalogue knows one of the values, and a runbook for it."""
    key = circle.root / "fingerprint"
    key.write_text("k" * 64)
    shipped = yaml.safe_load((ROOT / "runbooks" / "secrets.yaml").read_text())["secrets"]
    entry = {**shipped["redis-password"], "sops": {"file": PULSE, "path": "redis.password"}}
    (circle.root / "secrets.yaml").write_text(
        yaml.safe_dump({"secrets": {"redis-password": entry}})
    )
    settings = {
        "runbooks": str(ROOT / "runbooks"),
        "catalogue": "secrets.yaml",
        "people": str(ROOT / "runbooks" / "people.yaml"),
        "platform": {
            "app": "https://app.example.org",
            "anthropic_console": "https://c.example.org",
        },
        "engine": {"fingerprint_key_file": "fingerprint", "age_key_file": "engine.txt"},
        "ledger": {"url": f"sqlite:///{circle.root / 'ledger.db'}"},
        "sops": {"age_key_file": "engine.txt"},
        "git": {"remote": f"file://{circle.remote}"},
    }
    (circle.root / "runbook.yaml").write_text(yaml.safe_dump(settings))
    opened = open_platform(circle.root / "runbook.yaml")
    try:
        yield opened
    finally:
        opened.journal.close()


def found(circle: Circle, platform: Platform) -> dict[str, Exposed]:
    step = platform.registry["exposure.find"]
    done = step.run(world.params(step, recipients=circle.recipient("leaver")), world.call())
    told = repr(done)
    assert [value for value in VALUES if value in told] == []
    return {each.place: each for each in done.outputs.items}


def look(platform: Platform, items: Mapping[str, Exposed]) -> Any:
    step = platform.registry["exposure.settled"]
    seen = world.probe(step, world.params(step, items=[*items.values()]), world.call(RUN))
    told = repr((seen, judged_now(platform, RUN, [*items.values()])))
    assert [value for value in VALUES if value in told] == []
    return seen


def leave(circle: Circle) -> None:
    step = circle.steps()["sops.remove_reader"]
    step.run(world.params(step, recipients=circle.recipient("leaver")), world.call())


def waive(platform: Platform, places: list[str], run: str = RUN) -> None:
    told = {"places": places, "reason": "the server was taken down"}
    platform.journal.append(Draft(run, Event.EXPOSURE_WAIVED, Actor("anna"), details=told))


def enter(
    platform: Platform, run: str, event: Event, *, hold: Any = (), end: bool = False, **told: Any
) -> None:
    draft = Draft(run, event, Actor("otto"), attempt=1, details={"plan": "{}", **told})
    platform.journal.append(draft, hold=hold, end=end)
