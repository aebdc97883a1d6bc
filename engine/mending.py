"""A runbook with a wrong shape, mended just enough that the rest of it can be checked too.

Somebody who wrote an unknown key and a reference to nowhere shall hear of both at once. What is
mended here is never run: the findings about the shape stand in any case.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from engine.loading import known_path, told
from engine.runbook import Runbook
from engine.source import Path, Source

ROUNDS = 3
"""What is mended may show what lay behind it, but not for ever."""
_WORDS = {"runbook": "mended", "title": "?", "description": "?"}
"""What may be missing without changing what the rest means, and what stands in for it."""


def mended(source: Source) -> tuple[Runbook, Source] | None:
    """Return the runbook without what is wrong in its shape; None where too little would be left."""
    data = deepcopy(source.data)
    for _ in range(ROUNDS):
        try:
            runbook = Runbook.model_validate(data)
        except ValidationError as error:
            details = told(source, error)
        else:
            return _with_its_own_ids(runbook, source), replace(source, data=data)
        if not all(_mend(data, source, detail) for detail in details):
            return None
    return None


def _with_its_own_ids(runbook: Runbook, source: Source) -> Runbook:
    """Put the ids back as they were written, wrong or not: references name them so."""
    written = [step["id"] for step in source.data["steps"]]
    steps = [
        step.model_copy(update={"id": str(name)})
        for step, name in zip(runbook.steps, written, strict=True)
    ]
    return runbook.model_copy(update={"steps": tuple(steps)})


def _mend(data: Any, source: Source, detail: ErrorDetails) -> bool:
    path = known_path(source, detail["loc"])
    if detail["type"] == "missing":
        key = detail["loc"][-1]
        above = _at(data, known_path(source, detail["loc"][:-1]))
        if key not in _WORDS or not isinstance(above, dict):
            return False
        above[key] = _WORDS[str(key)]
        return True
    if len(path) == 2 and path[0] == "inputs":
        return _stand_in(data["inputs"], str(path[1]))
    above = _at(data, path[:-1])
    if len(path) == 3 and path[2] == "id" and isinstance(above, dict):
        above["id"] = f"mended-{path[1]}"
        return True
    if not path or not isinstance(above, dict):
        return False
    above.pop(path[-1], None)  # another finding may have taken it away already
    return True


def _stand_in(inputs: dict[str, Any], name: str) -> bool:
    """Put a plain input where a wrong one was, so that references to it still name something."""
    wrong = inputs[name]
    told = wrong.get("type") if isinstance(wrong, dict) else ""
    kind = told if told in {"secret", "secret_name"} else "string"
    inputs[name] = {"type": kind, "description": "?"}
    return True


def _at(data: Any, path: Path) -> Any:
    for part in path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data
