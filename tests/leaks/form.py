"""What is typed into the form of a runbook of which nothing is known but its own file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.catalogue import Catalogue
from engine.inputs import eligible
from engine.runbook import Runbook

SAMPLES: Mapping[str, object] = {
    "string": "a test of the engine",
    "integer": 1,
    "boolean": True,
    "date": "2026-11-23",
    "secret_name": "brand-new-secret",
}
"""What is typed into an input of each type that has no default."""
PATTERNED: Mapping[str, str] = {
    "person": "noel",
    "recipient": f"age1{'q' * 58}",
    "email": "noel@planapulse.com",
}
"""What is typed into an input that takes no other text."""


def inputs(runbook: Runbook, catalogue: Catalogue) -> dict[str, Any]:
    """Return something for every input that has no default."""
    secrets = eligible(runbook, catalogue)
    return {
        name: secrets[0]
        if spec.type == "secret"
        else (*spec.choices, PATTERNED.get(name) or SAMPLES.get(spec.type))[0]
        for name, spec in runbook.inputs.items()
        if spec.default is None
    }
