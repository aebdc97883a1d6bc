"""Two entries of the catalogue that are one credential: a secret, and the identifier that names it.

Either half alone opens nothing, and a new half with an old one opens nothing either. So a runbook that
writes one writes the other, into both stores, and the run holds the right to both. What brings values
into places that are still empty (`new: true`) may do so one by one: nothing is parted by that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.catalogue import Catalogue
from engine.findings import Finding
from engine.references import find
from engine.runbook import Runbook, StepSpec
from engine.source import Source
from engine.step import AnyStep

HALF = ("secret", "identifier")


def parts_a_pair(
    runbook: Runbook,
    secret: str,
    catalogue: Catalogue,
    registry: Mapping[str, AnyStep] | None = None,
) -> bool:
    """Tell whether a runbook that refers to `secret.…` would leave one half of a pair behind.

    Without a registry, what takes a value and a place counts as writing.
    """
    is_half = catalogue.lead_of(secret) != secret
    if not is_half and not catalogue.identifier_of(secret):
        return False
    writing = [
        step
        for step in runbook.steps
        if _refers(step, ("secret",)) and _writes(step) and _is_store(step, registry)
    ]
    return bool(writing) and (is_half or not any(_refers(step, HALF) for step in writing))


def check_pair(
    runbook: Runbook, source: Source, registry: Mapping[str, AnyStep], catalogue: Catalogue
) -> Iterator[Finding]:
    """Yield a finding for a half that is left behind, and for a value that is shown and is none."""
    name = runbook.secret
    lead, identifier = catalogue.lead_of(name), catalogue.identifier_of(name)
    if parts_a_pair(runbook, name, catalogue, registry):
        yield Finding(
            source.place(("secret",)),
            f"`{lead}` and `{identifier or name}` are a pair, and no step writes both halves",
            f"Let the runbook be about `{lead}`, and store `${{{{ secret.identifier.… }}}}` as well.",
        )
    for index, spec in enumerate(runbook.steps):
        step = registry.get(spec.uses)
        if step is not None and step.reveals and not _is_half(spec.with_.get(step.reveals)):
            yield Finding(
                source.place(("steps", index, "with")),
                f"`{spec.id}` shows the value at `{step.reveals}`, and only an identifier may be shown",
                "Give it `${{ secret.identifier.sops }}`, or read the value with sops.read.",
            )


def _writes(spec: StepSpec) -> bool:
    """Tell whether a step puts a value where one may be already."""
    return {"value", "at"} <= spec.with_.keys() and spec.with_.get("new") is not True


def _is_store(spec: StepSpec, registry: Mapping[str, AnyStep] | None) -> bool:
    known = registry.get(spec.uses) if registry is not None else None
    return known is None or known.store is not None


def _refers(spec: StepSpec, parts: tuple[str, ...]) -> bool:
    return any(each.parts[: len(parts)] == parts for each in find(spec.with_.get("at")))


def _is_half(at: object) -> bool:
    found = list(find(at))
    return len(found) == 1 and found[0].alone and found[0].parts[:2] == HALF
