"""References in a case file: what only the made-up world knows, or a step of the run has told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import Refused
from engine.references import look_up, substitute
from engine.state import RunState
from rehearsal.worlds import World


def filled(data: Mapping[str, Any], world: World, state: RunState | None = None) -> dict[str, Any]:
    """Return `data` with every reference replaced; raise `Refused` for one that names nothing.

    `${{ world.recipients.leaver }}` is a fact of the sandbox's map of itself (`world.json`), and
    `${{ steps.challenge.armour }}` an output, where `state` is given.
    """
    steps = {name: step.outputs for name, step in state.steps.items()} if state else {}
    facts = {"world": world.facts, "steps": steps}
    try:
        return dict(substitute(data, lambda parts: look_up(facts, parts)))
    except KeyError as error:
        name = error.args[0]
    raise Refused(
        f"`${{{{ {name} }}}}` names nothing in this world",
        hint="A case file may name what the sandbox's world.json has, and outputs of steps.",
    )
