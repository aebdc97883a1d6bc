"""Every check that can fail before anything has happened, made before anything happens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from pydantic import ValidationError

from engine.errors import Refused, RunbookError
from engine.job import IMPATIENT, Patience
from engine.plan import Plan, PlannedStep, is_settled
from engine.step import AnyStep, Preflight
from engine.surprise import WITHHELD, surprise
from engine.wording import listed


def preflight(
    plan: Plan,
    registry: Mapping[str, AnyStep],
    redact: Callable[[str], str],
    patience: Patience = IMPATIENT,
    report: Callable[[str], None] = print,
) -> dict[str, str]:
    """Return what was found fine, by step; raise `Refused` with all that was not.

    What does not answer is asked again with `patience`, and `report` is told of each wait.
    """
    fine: dict[str, str] = {}
    wrong: list[str] = []
    hints: list[str] = []
    for step in plan.steps:
        check = registry[step.uses].preflight
        if check is None:
            continue
        try:
            fine[step.id] = redact(patience.sit_out(partial(_look, check, step), report))
        except RunbookError as error:
            wrong.append(redact(f"{step.id}: {error.message}"))
            hints.append(redact(error.hint))
        except Exception as error:  # noqa: BLE001 - its text may hold a secret, and Prefect keeps it
            wrong.append(f"{step.id}: {surprise('the check', error)}")
            hints.append(WITHHELD)
    if wrong:
        raise Refused(
            "nothing was done, because " + "; ".join(wrong),
            hint=" ".join(dict.fromkeys(filter(None, hints))),
        )
    return fine


def _look(check: Preflight[Any], step: PlannedStep) -> str:
    fields = check.params.model_fields
    known = {name: value for name, value in step.with_.items() if name in fields}
    if not is_settled(known):
        return "known only while running"
    try:
        params = check.params.model_validate(known)
    except ValidationError as error:
        wrong = listed(error, known)
    else:
        return check.look(params)
    raise Refused(f"the parameters do not fit: {wrong}")
