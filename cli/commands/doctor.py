"""`runbook doctor`: a look at everything outside, each with the next move where it fails."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib import import_module
from pathlib import Path

import typer

from adapters.platform import Platform, open_platform
from cli.exits import Exit
from cli.options import AsJson, new_app
from cli.screen import say, say_json, show, table
from cli.systems import SYSTEMS, System
from engine.errors import Refused, RunbookError, Transient
from engine.findings import Invalid
from engine.loading import load
from engine.runbook import Runbook

app = new_app()

AT_ONCE = 8
"""Looks at the same time, so that one that waits does not keep the others waiting."""


class Health(StrEnum):
    """What a look came to."""

    OK = "ok"
    NOT_OK = "not ok"
    NOT_CONFIGURED = "not configured"


@dataclass(frozen=True)
class Diagnosis:
    """What was found about one system."""

    system: str
    health: Health
    words: str = ""
    hint: str = ""


@app.command()
def doctor(*, as_json: AsJson = False) -> None:
    """See whether every outside system can be used.

    For each: reachable, its version, and whether the credentials work; the next move if not. What
    is not in the settings counts only if a runbook needs it.
    """
    found = _diagnose()
    if as_json:
        say_json([asdict(diagnosis) for diagnosis in found])
    else:
        _show(found)
    if any(diagnosis.health is Health.NOT_OK for diagnosis in found):
        raise typer.Exit(Exit.REFUSED)


def _diagnose() -> list[Diagnosis]:
    try:
        platform = open_platform()
    except RunbookError as error:
        return [Diagnosis("settings", Health.NOT_OK, error.message, error.hint)]
    steps = _steps_used(platform)
    wanted = [system for system in SYSTEMS if _is_wanted(platform, system, steps)]
    for name in {name for system in wanted for name in system.imports}:
        import_module(name)  # packages that import in circles break when threads import them
    with ThreadPoolExecutor(AT_ONCE) as pool:
        looked = dict(zip(wanted, pool.map(lambda one: _look(platform, one), wanted), strict=True))
    return [looked.get(system) or _passed_over(system) for system in SYSTEMS]


def _steps_used(platform: Platform) -> frozenset[str]:
    """Name every step of a valid runbook; one that is not valid cannot be run and needs nothing."""
    used: set[str] = set()
    with suppress(RunbookError):
        for path in platform.files():
            with suppress(Invalid):
                used |= {step.uses for step in _read(platform, path).steps}
    return frozenset(used)


def _read(platform: Platform, path: Path) -> Runbook:
    """Return a runbook; where what it is held against cannot be had, as it stands."""
    with suppress(Refused, Transient):
        return platform.read(path)
    return load(path.read_bytes(), str(path), Runbook)[0]


def _is_wanted(platform: Platform, system: System, steps: frozenset[str]) -> bool:
    is_needed = any(step.startswith(system.needed_by) for step in steps)
    return is_needed or system.is_set(platform.settings)


def _passed_over(system: System) -> Diagnosis:
    return Diagnosis(system.name, Health.NOT_CONFIGURED, "no runbook needs it")


def _look(platform: Platform, system: System) -> Diagnosis:
    try:
        return Diagnosis(system.name, Health.OK, system.look(platform))
    except RunbookError as error:
        return Diagnosis(system.name, Health.NOT_OK, error.message, error.hint)
    except Exception as error:  # noqa: BLE001 - one broken look must not hide the others
        told = f"the look itself broke with {type(error).__name__}"
        return Diagnosis(system.name, Health.NOT_OK, told, "This is a fault of runbook.")


def _show(found: list[Diagnosis]) -> None:
    rows = ((one.system, one.health.value, one.words) for one in found)
    show(table(("System", "State", "What was found"), rows))
    for one in found:
        if one.hint and one.health is Health.NOT_OK:
            say(f"{one.system}: {one.hint}")
