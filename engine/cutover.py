"""The order around a cutover: a secret with one slot, where the new value ends the old one at once.

Between the cutover and the last consumer's restart, whoever signs in anew with the old value fails. So
all that can fail is done before it, and all that it takes to end that window comes right after:

1. Before it, the value is in both stores, so that no crash can lose what is in force by then.
2. Nothing carries it out before, since it would not be accepted yet.
3. After it, it is carried out to every consumer, and verified at every consumer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.catalogue import Catalogue
from engine.findings import Finding
from engine.references import find
from engine.runbook import Runbook, StepSpec
from engine.source import Source
from engine.step import AnyStep, Effect, Store

Pair = tuple[int, StepSpec, AnyStep]


def check_cutover(pairs: Sequence[Pair], source: Source) -> Iterator[Finding]:
    """Yield a finding for each of these rules that a step with this effect breaks."""
    for index, spec, step in pairs:
        if step.effect is Effect.CUTOVER:
            place = source.place(("steps", index, "uses"))
            for message, hint in _wrong(index, spec, pairs):
                yield Finding(place, message, hint)


def check_consumers(
    runbook: Runbook, source: Source, registry: Mapping[str, AnyStep], catalogue: Catalogue
) -> Iterator[Finding]:
    """Yield a finding for each consumer of the secret that nothing is carried to after a cutover."""
    known = [(spec, registry[spec.uses]) for spec in runbook.steps if spec.uses in registry]
    points = [n for n, (_, step) in enumerate(known) if step.effect is Effect.CUTOVER]
    entry = catalogue.secrets.get(runbook.secret)
    if not points or entry is None:
        return
    for name in entry.consumers:
        for effect, deed in ((Effect.DISTRIBUTE, "carries it to"), (Effect.VERIFY, "verifies")):
            later = (spec for spec, step in known[points[-1] + 1 :] if step.effect is effect)
            if not any(_names(spec, name) for spec in later):
                yield Finding(
                    source.place(("secret",)),
                    f"`{name}` reads {runbook.secret}, and no step after the cutover {deed} it",
                    f"Add one that refers to `${{{{ secret.consumers.{name}.… }}}}`.",
                )


def _wrong(index: int, spec: StepSpec, pairs: Sequence[Pair]) -> Iterator[tuple[str, str]]:
    before = [pair for pair in pairs if pair[0] < index]
    after = [pair for pair in pairs if pair[0] > index]
    value = str(spec.with_.get("value"))
    stored = {step.store for _, each, step in before if str(each.with_.get("value")) == value}
    for missing in set(Store) - stored:
        yield (
            f"`{spec.id}` puts a value in force that the {missing.value} store does not have yet",
            "Store it in both before: a crash must not lose what is in force.",
        )
    for _, each, step in before:
        if step.effect is Effect.DISTRIBUTE:
            yield (
                f"`{each.id}` carries the value out before `{spec.id}` puts it in force",
                f"Move `{each.id}` after `{spec.id}`.",
            )
    carried = [place for place, _, step in after if step.effect is Effect.DISTRIBUTE]
    proofs = [e for i, e, s in after if s.effect is Effect.VERIFY and i > max(carried, default=i)]
    if not carried or all(each.may_skip for each in proofs):
        yield (
            f"after `{spec.id}` no step that is never skipped carries the new value out and verifies it",
            "Publish, reconcile and restart after it, and end with a verifying step.",
        )
    if spec.may_skip:
        yield f"`{spec.id}` may not be skipped: what follows relies on it", "Remove `may_skip`."


def _names(spec: StepSpec, consumer: str) -> bool:
    wanted = ("secret", "consumers", consumer)
    return any(each.parts[:3] == wanted for each in find(spec.with_))
