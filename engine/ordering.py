"""The order in which a rotation may touch the world; held before anything runs.

1. A value written to one store is written to the other: a secret in only one store is a bug.
2. What is stored is carried out: a change that stays on a branch helps nobody.
3. The old value is revoked only after the new one was verified, and that is never left out.
4. After the point of no return nothing is minted, stored or distributed: it could fail then,
   and there is no way back. After a cutover what is stored is distributed, as it must be
   (`engine.cutover`).
5. What cannot be undone says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.cutover import check_cutover
from engine.findings import Finding
from engine.plan import is_point_of_no_return
from engine.runbook import StepSpec
from engine.source import Source
from engine.step import AnyStep, Effect, Irreversible, Store

CHANGES = (Effect.MINT, Effect.STORE, Effect.DISTRIBUTE)

Pair = tuple[int, StepSpec, AnyStep]


def check_ordering(
    steps: Sequence[StepSpec], registry: Mapping[str, AnyStep], source: Source
) -> Iterator[Finding]:
    """Yield a finding for each rule that the order of known steps breaks."""
    pairs = [
        (index, spec, registry[spec.uses])
        for index, spec in enumerate(steps)
        if spec.uses in registry
    ]
    yield from _both_stores(pairs, source)
    yield from _carried_out(pairs, source)
    yield from _verified_before_revoked(pairs, source)
    yield from _nothing_after_no_return(pairs, source)
    yield from _irreversible_declared(pairs, source)
    yield from check_cutover(pairs, source)


def _find(source: Source, index: int, key: str, message: str, hint: str) -> Finding:
    return Finding(source.place(("steps", index, key)), message, hint)


def _both_stores(pairs: Sequence[Pair], source: Source) -> Iterator[Finding]:
    written: dict[str, dict[Store, Pair]] = {}
    for pair in pairs:
        store = pair[2].store
        if store is not None:
            written.setdefault(str(pair[1].with_.get("value")), {})[store] = pair
            if pair[1].may_skip:
                yield _find(
                    source,
                    pair[0],
                    "may_skip",
                    f"`{pair[1].id}` may not be skipped: a secret in only one store is a bug",
                    "Remove `may_skip`.",
                )
    for stores in written.values():
        for missing in set(Store) - set(stores):
            index, spec, step = next(iter(stores.values()))
            yield _find(
                source,
                index,
                "uses",
                f"`{spec.id}` writes the value with {step.name} alone; no step writes it "
                f"to the {missing.value} store",
                "Add the other store with the same `value`, for example "
                + ("vaultwarden.set." if missing is Store.MIRROR else "sops.set."),
            )


def _carried_out(pairs: Sequence[Pair], source: Source) -> Iterator[Finding]:
    for index, spec, step in pairs:
        later = [other.effect for place, _, other in pairs if place > index]
        if step.store is Store.TRUTH and Effect.DISTRIBUTE not in later:
            yield _find(
                source,
                index,
                "uses",
                f"`{spec.id}` is stored and never carried out",
                "Add a git.publish step after it.",
            )


def _verified_before_revoked(pairs: Sequence[Pair], source: Source) -> Iterator[Finding]:
    changed = max((i for i, _, step in pairs if step.effect in CHANGES), default=-1)
    proofs = [(i, spec) for i, spec, step in pairs if step.effect is Effect.VERIFY]
    for index, spec, step in pairs:
        if step.effect is not Effect.REVOKE:
            continue
        before = [proof for i, proof in proofs if min(changed, index) < i < index]
        if not before:
            yield _find(
                source,
                index,
                "uses",
                f"`{spec.id}` revokes the old value, and no step "
                "verifies the new one between the last change and it",
                "Put a verifying step such as http.check before it.",
            )
        elif all(proof.may_skip for proof in before):
            yield _find(
                source,
                index,
                "uses",
                f"`{spec.id}` revokes the old value, and every step "
                "that verifies the new one may be skipped",
                f"Remove `may_skip` from `{before[0].id}`.",
            )


def _nothing_after_no_return(pairs: Sequence[Pair], source: Source) -> Iterator[Finding]:
    point: StepSpec | None = None
    forbidden: tuple[Effect, ...] = CHANGES
    for index, spec, step in pairs:
        if point and step.effect in forbidden:
            yield _find(
                source,
                index,
                "uses",
                f"`{spec.id}` comes after `{point.id}`, from which "
                "there is no way back, and could still fail",
                f"Move `{spec.id}` before `{point.id}`.",
            )
        if point is None and is_point_of_no_return(step):
            point = spec
            if step.effect is Effect.CUTOVER:
                forbidden = (Effect.MINT, Effect.STORE)


def _irreversible_declared(pairs: Sequence[Pair], source: Source) -> Iterator[Finding]:
    for index, spec, step in pairs:
        if isinstance(step.undo, Irreversible) and step.effect is not Effect.REVOKE:
            if not spec.irreversible:
                yield _find(
                    source,
                    index,
                    "uses",
                    f"`{spec.id}` cannot be undone and does not say so: {step.undo.because}",
                    "Add `irreversible: true` to the step.",
                )
        elif spec.irreversible and not is_point_of_no_return(step):
            yield _find(
                source,
                index,
                "irreversible",
                f"`{spec.id}` can be undone",
                "Remove `irreversible`.",
            )
