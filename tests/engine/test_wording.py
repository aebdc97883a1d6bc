"""What is wrong is told once, in our words and not in those of a library."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.registry import registry
from adapters.settings import Settings
from engine.wording import listed
from tests.engine.bad_runbooks import HEAD
from tests.engine.test_checks import AROUND, findings_of

STEPS = "steps: [{id: a, uses: lamp.light}]\n"
RESTART = registry(Settings())["kubernetes.rollout_restart"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "inputs: {d: {type: date, description: D., default: 2027-01-31}}\n" + STEPS,
            (
                "try.yaml:3:52: `inputs.d.default`: must be a text, a whole number or true or false\n"
                "    hint: Put quotes around it, so that it is a text."
            ),
        ),
        (
            "description: 2027-01-31\n" + STEPS,
            (
                "try.yaml:3:14: `description`: must be a text\n"
                "    hint: Put quotes around it, so that it is a text."
            ),
        ),
        (
            "steps: [{id: a, uses: lamp.light, gate: None}]\n",
            (
                "try.yaml:3:41: `steps.0.gate`: must be a mapping or `none`\n"
                "    hint: Did you mean `none`?"
            ),
        ),
        (
            "steps: [{id: a, uses: lamp.light, gate: {approvals: 0}}]\n",
            "try.yaml:3:53: `steps.0.gate.approvals`: must be at least 1",
        ),
        (
            "steps: [{id: a, uses: lamp.light, gate: {approvals: true}}]\n",
            "try.yaml:3:53: `steps.0.gate.approvals`: must be a whole number",
        ),
        (
            "schedule: allow\n" + STEPS,
            (
                "try.yaml:3:11: `schedule`: must be `allowed` or `refused`\n"
                "    hint: Did you mean `allowed`?"
            ),
        ),
        (
            "steps: {id: a}\n",
            "try.yaml:3:8: `steps`: must be a list",
        ),
        (
            "gate: {approvals: two, initiator_may_approve: maybe}\nsteps: []\n",
            "try.yaml:3:19: `gate.approvals`: must be a whole number",
        ),
    ],
)
def test_one_mistake_is_one_sentence(text: str, told: str) -> None:
    assert findings_of(HEAD + text)[0] == told


def test_of_a_union_the_branch_that_was_meant_is_told() -> None:
    around = replace(AROUND, registry={RESTART.name: RESTART})
    text = (
        HEAD
        + f"steps: [{{id: a, uses: {RESTART.name}, with: {{namespace: n, workload: redis}}}}]\n"
    )

    [found] = findings_of(text, around)

    assert "is not of the form kind/name" in found
    assert "tuple" not in found


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"workload": "redis"}, "`workload`: 'redis' is not of the form kind/name"),
        ({"workload": 3}, "`workload`: must be a list or a text"),
        ({"workload": ["deployment/a", "redis"]}, "`workload.1`: 'redis' is not of the form"),
        ({"workload": "deployment/a", "names": 1}, "there is no `names`"),
        ({}, "`workload` is missing"),
    ],
)
def test_parameters_that_do_not_fit_are_told_in_one_line(given: dict[str, Any], told: str) -> None:
    data = {"namespace": "n", **given}
    with pytest.raises(ValidationError) as error:
        RESTART.params.model_validate(data)

    assert listed(error.value, data).startswith(told)
    assert ";" not in listed(error.value, data)
