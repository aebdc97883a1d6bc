"""An entry of the catalogue that a form describes, for a secret that the catalogue does not have yet.

A runbook says under `entry` what the entry is made of: the parts of `engine.catalogue.Secret`, each a
text with references to inputs. What is left empty in the form is left out of the entry. A form that
says nothing but the name is about a secret that the catalogue has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from engine.catalogue import Secret
from engine.errors import Refused
from engine.findings import Finding
from engine.loading import listed_problem
from engine.references import find, look_up, substitute
from engine.runbook import Runbook
from engine.source import Path, Source

Entry = Mapping[str, Any]
"""An entry as it stands in the catalogue's file; `Secret` is what it means."""


def described(runbook: Runbook, inputs: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the entry that the form describes; None where every field of it is as it was.

    Raises `Refused` that names the fields which are missing or do not fit.
    """
    asked = {ref.parts[1] for ref in find(runbook.entry)}
    if all(inputs.get(name) == runbook.inputs[name].default for name in asked):
        return None
    missing: set[str] = set()
    entry: dict[str, Any] = _filled(runbook.entry, inputs, missing) or {}
    problems = [
        # the entry is shown at a gate, where nothing that was typed may look like the gate's own words
        f"`{name}` has a line break or a control character in it"
        for name in sorted(asked)
        if not str(inputs.get(name, "")).isprintable()
    ]
    problems += [f"`{name}` is missing" for name in sorted(missing)]
    try:
        Secret.model_validate(entry)
    except ValidationError as error:
        problems += [
            listed_problem(_field(runbook.entry, detail["loc"]), detail)
            for detail in error.errors(include_input=False)
        ]
    if problems:
        raise Refused(
            f"the form describes no entry of the catalogue: {'; '.join(dict.fromkeys(problems))}",
            hint="Fill in what is missing. To bring the first value of a secret that the catalogue "
            "has, leave everything that describes it as it was.",
        )
    return entry


def _filled(part: Any, inputs: Mapping[str, Any], missing: set[str]) -> Any:
    """Return a part of the entry, None where all of it was left empty; note what was half given."""
    named = {ref.parts[1] for ref in find(part)}
    empty = {name for name in named if inputs.get(name) in {None, ""}}
    if named and empty == named:
        return None
    if isinstance(part, Mapping):
        filled = {key: _filled(below, inputs, missing) for key, below in part.items()}
        return {key: value for key, value in filled.items() if value is not None}
    missing |= empty
    return substitute(part, lambda parts: look_up({"inputs": inputs}, parts))


def _field(template: Any, location: tuple[str | int, ...]) -> str:
    """Name the field of the form behind a place of the entry, else the place."""
    part = template
    for key in location:
        if not isinstance(part, Mapping) or key not in part:
            break
        part = part[key]
    named = [ref.parts[1] for ref in find(part)]
    return named[0] if named else ".".join(map(str, location))


def check_entry(runbook: Runbook, source: Source) -> Iterator[Finding]:
    """Yield every finding about `entry`, and about a name of a secret without one."""
    kinds = {spec.type for spec in runbook.inputs.values()}
    if runbook.entry and "secret_name" not in kinds:
        yield Finding(
            source.key_place(("entry",)),
            "`entry` is for a secret that the catalogue may not have yet, and no input names one",
            "Give the input that `secret` refers to the type secret_name.",
        )
    for name, spec in runbook.inputs.items():
        if spec.type == "secret_name" and not runbook.entry:
            yield Finding(
                source.place(("inputs", name, "type")),
                f"`{name}` may name a new secret, and nothing says what its entry will be",
                "Add `entry`, or let the input be of type secret.",
            )
    for key in runbook.entry:
        if key not in Secret.model_fields:
            place = source.key_place(("entry", key))
            yield Finding(place, f"`{key}` is no part of an entry of the catalogue")
    for reference in find(runbook.entry, ("entry",)):
        parts = reference.parts
        if len(parts) != 2 or parts[0] != "inputs" or parts[1] not in runbook.inputs:
            path: Path = reference.path
            yield Finding(
                source.place(path),
                f"`{reference.text}` names no input",
                "An entry is made of what the form says: `${{ inputs.… }}`.",
            )
