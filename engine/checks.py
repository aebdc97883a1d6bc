"""Everything that can be known to be wrong with a runbook before it runs, all at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.catalogue import Catalogue, People
from engine.configuration import check_places
from engine.cutover import check_consumers
from engine.durations import spell
from engine.entry import check_entry
from engine.findings import Finding, Invalid
from engine.freeze import HARMLESS, Freezes
from engine.input_checks import check_form
from engine.inputs import asked_of, eligible
from engine.loading import build
from engine.mending import mended
from engine.nearness import nearest
from engine.ordering import check_ordering
from engine.pairs import check_pair
from engine.parameters import check_parameters
from engine.references import find
from engine.runbook import Gate, GateChange, Runbook, StepSpec
from engine.source import Path, Source, parse
from engine.step import AnyStep, Ask
from engine.surroundings import Surroundings

NAMES_A_SECRET = ("secret", "secret_name")
"""Types of inputs."""


def read_runbook(text: str | bytes, file: str, around: Surroundings) -> tuple[Runbook, Source]:
    """Return a checked runbook and its source; raise `Invalid` with every finding."""
    source = parse(text, file)
    try:
        runbook = build(source, Runbook)
    except Invalid as wrong:
        findings, rest = list(wrong.findings), mended(source)
        if rest is not None:
            findings += check(*rest, around)
    else:
        findings = list(check(runbook, source, around))
        if not findings:
            return runbook, source
    raise Invalid(findings)


def check(runbook: Runbook, source: Source, around: Surroundings) -> Iterator[Finding]:
    """Yield every finding about a well-formed runbook."""
    yield from check_form(runbook, source, around.catalogue)
    yield from _secret(runbook, source, around.catalogue)
    yield from check_entry(runbook, source)
    yield from _about(runbook, source)
    yield from _groups(runbook, source, around.people)
    yield from _reminders(runbook, source)
    yield from _stray_references(source)
    seen: dict[str, StepSpec] = {}
    for index, spec in enumerate(runbook.steps):
        if spec.id in seen:
            place = source.place(("steps", index, "id"))
            yield Finding(
                place, f"there is already a step `{spec.id}`", "Give each step its own id."
            )
        step = around.registry.get(spec.uses)
        if step is None:
            yield _unknown_step(source, index, spec, around.registry)
        else:
            yield from _gate(source, index, spec, step)
            yield from check_parameters(runbook, source, index, seen, around)
        seen[spec.id] = spec
    yield from check_ordering(runbook.steps, around.registry, source)
    yield from check_consumers(runbook, source, around.registry, around.catalogue)
    yield from check_pair(runbook, source, around.registry, around.catalogue)
    yield from check_places(runbook.steps, around.registry, source)


def _unknown_step(
    source: Source, index: int, spec: StepSpec, registry: Mapping[str, AnyStep]
) -> Finding:
    same = [name for name in registry if name.split(".")[0] == spec.uses.split(".")[0]]
    hint = nearest(spec.uses, registry) or nearest(spec.uses, same) or "See `runbook list --steps`."
    return Finding(source.place(("steps", index, "uses")), f"unknown step `{spec.uses}`", hint)


def _secret(runbook: Runbook, source: Source, catalogue: Catalogue) -> Iterator[Finding]:
    place = source.place(("secret",))
    references = list(find(runbook.secret))
    if not references:
        if runbook.secret and runbook.secret not in catalogue.secrets:
            yield Finding(
                place,
                f"the catalogue has no secret `{runbook.secret}`",
                nearest(runbook.secret, catalogue.secrets)
                or "Add it to the catalogue, runbooks/secrets.yaml.",
            )
        return
    parts = references[0].parts
    named = runbook.inputs.get(parts[1]) if len(parts) == 2 and parts[0] == "inputs" else None
    if not references[0].alone or named is None or named.type not in NAMES_A_SECRET:
        yield Finding(
            place,
            "`secret` must be a name of the catalogue or one reference to an input of type secret",
            "For example `${{ inputs.secret }}`.",
        )
    elif named.type == "secret" and catalogue.secrets and not eligible(runbook, catalogue):
        yield Finding(
            place,
            "no secret of the catalogue has every fact that this runbook refers to",
            f"It refers to {', '.join(asked_of(runbook).named)}.",
        )


def _about(runbook: Runbook, source: Source) -> Iterator[Finding]:
    if not runbook.about:
        return
    place = source.place(("about",))
    if runbook.secret:
        yield Finding(
            place,
            "a runbook is about a secret or about a person, not both",
            "Remove `secret` or `about`.",
        )
    references = list(find(runbook.about))
    parts = references[0].parts if references and references[0].alone else ()
    named = runbook.inputs.get(parts[1]) if len(parts) == 2 and parts[0] == "inputs" else None
    if named is None or named.type != "string":
        yield Finding(
            place,
            "`about` must be one reference to an input of type string",
            "For example `${{ inputs.person }}`.",
        )


def check_freezes(freezes: Freezes, source: Source, people: People) -> Iterator[Finding]:
    """Yield a finding for each group that may pass a freeze and is not known."""
    for index, freeze in enumerate(freezes.freeze):
        path: Path = ("freeze", index, "pass")
        yield from _unknown_groups(path, freeze.pass_, source, people)


def _groups(runbook: Runbook, source: Source, people: People) -> Iterator[Finding]:
    named: list[tuple[Path, tuple[str, ...]]] = [(("gate", "groups"), runbook.gate.groups)]
    named += _escalates(("gate",), runbook.gate)
    if runbook.break_glass is not None:
        named.append((("break_glass", "groups"), runbook.break_glass.groups))
    for index, spec in enumerate(runbook.steps):
        if isinstance(spec.gate, GateChange):
            path: Path = ("steps", index, "gate")
            named += [((*path, "groups"), spec.gate.groups or ()), *_escalates(path, spec.gate)]
    for path, groups in named:
        yield from _unknown_groups(path, groups, source, people)


def _unknown_groups(
    path: Path, groups: tuple[str, ...], source: Source, people: People
) -> Iterator[Finding]:
    for number, group in enumerate(groups):
        if group not in people.groups:
            yield Finding(
                source.place((*path, number)),
                f"unknown group `{group}`",
                nearest(group, people.groups)
                or "Add it to the list of groups, runbooks/people.yaml.",
            )


def _escalates(path: Path, gate: Gate | GateChange) -> list[tuple[Path, tuple[str, ...]]]:
    return [((*path, "escalate", "to"), gate.escalate.to)] if gate.escalate else []


def _reminders(runbook: Runbook, source: Source) -> Iterator[Finding]:
    gates: list[tuple[Path, Gate | None]] = [(("gate",), runbook.gate)]
    for index, spec in enumerate(runbook.steps):
        if isinstance(spec.gate, GateChange):
            gates.append((("steps", index, "gate"), runbook.gate_of(spec)))
    for path, gate in gates:
        if gate is not None and gate.remind is not None and gate.remind >= gate.expires:
            yield Finding(
                source.place((*path, "remind")),
                f"nobody can be reminded {spell(gate.remind)} before a gate expires that is open "
                f"for {spell(gate.expires)}",
                "Let `remind` be shorter than `expires`.",
            )


def _stray_references(source: Source) -> Iterator[Finding]:
    for reference in find(source.data):
        inside_with = reference.path[:1] == ("steps",) and reference.path[2:3] == ("with",)
        if not inside_with and reference.path[0] not in {"secret", "about", "entry"}:
            yield Finding(
                source.place(reference.path),
                "a reference has no meaning here: " + reference.text,
                "References stand in `with:`, `secret:`, `about:` and `entry:` alone.",
            )


def _gate(source: Source, index: int, spec: StepSpec, step: AnyStep) -> Iterator[Finding]:
    harmless = step.effect in HARMLESS and step.ask is Ask.NOTHING
    if spec.gate == "none" and not harmless:
        yield Finding(
            source.place(("steps", index, "gate")),
            f"`{spec.id}` may not go without a gate: {step.name} changes something or "
            "asks a person",
            "Remove `gate: none`.",
        )
