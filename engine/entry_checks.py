"""The facts of the catalogue, held against the steps of the runbooks that would take them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from engine.catalogue import Catalogue
from engine.findings import Finding
from engine.inputs import eligible
from engine.loading import known_path
from engine.nearness import nearest
from engine.references import find, look_up, substitute
from engine.runbook import Runbook, StepSpec
from engine.source import Path, Source
from engine.surroundings import Surroundings
from engine.wording import path_in, reduced, words_of


def check_entries(
    catalogue: Catalogue, source: Source, runbooks: Iterable[Runbook], around: Surroundings
) -> Iterator[Finding]:
    """Yield a finding for each fact in `source` that a step of a valid runbook cannot take.

    `catalogue` is what stands in this file; `around` has the whole of it. What only a run knows, and
    facts of the platform where there is none, are left open.
    """
    told: set[Path] = set()
    for runbook in runbooks:
        for name in _secrets_of(runbook, around.catalogue):
            for spec in runbook.steps:
                for path, words in _wrong(spec, name, around):
                    place = known_path(source, ("secrets", *path))
                    if path[0] in catalogue.secrets and place not in told:
                        told.add(place)
                        key = ".".join(map(str, path[1:]))
                        yield Finding(
                            source.place(place),
                            f"`{key}`: {words}",
                            f"The step {spec.id} of {runbook.runbook} has to take it.",
                        )


def check_renewals(
    catalogue: Catalogue, source: Source, runbooks: Iterable[str]
) -> Iterator[Finding]:
    """Yield a finding for each certificate whose runbook is none of these."""
    known = tuple(runbooks)
    for name, entry in catalogue.certificates.items():
        if entry.runbook is not None and entry.runbook not in known:
            yield Finding(
                source.place(("certificates", name, "runbook")),
                f"there is no runbook `{entry.runbook}`",
                nearest(entry.runbook, known),
            )


def _secrets_of(runbook: Runbook, catalogue: Catalogue) -> tuple[str, ...]:
    if any(find(runbook.secret)):
        return eligible(runbook, catalogue)
    return (runbook.secret,) if runbook.secret in catalogue.secrets else ()


def _wrong(spec: StepSpec, name: str, around: Surroundings) -> Iterator[tuple[Path, str]]:
    """Yield where, below `secrets`, something stands that the step cannot take, and why not."""
    settled = _Settled(name, around)
    given = settled.value(spec.with_, ())
    try:
        around.registry[spec.uses].params.model_validate(given)
    except ValidationError as error:
        details = error.errors(include_input=False)
    else:
        return
    for detail in reduced(details, lambda at: path_in(given, at)):
        fact = settled.fact(path_in(given, detail["loc"]))
        if fact is not None:
            yield fact, words_of(detail)


class _Settled:
    """The parameters of a step with all facts put in that are known before a run."""

    def __init__(self, name: str, around: Surroundings) -> None:
        self._name = name
        self._around = around
        self._facts = around.catalogue.facts(name)
        self._from: dict[Path, Path] = {}
        """Where in the catalogue it comes from what stands at a path."""

    def value(self, data: Any, path: Path) -> Any:
        """Return `data`, which stands at `path`, with what is known put in."""
        if isinstance(data, Mapping):
            return {key: self.value(each, (*path, key)) for key, each in data.items()}
        if isinstance(data, list | tuple):
            return [self.value(each, (*path, index)) for index, each in enumerate(data)]
        try:
            settled = substitute(data, self._resolve)
        except KeyError:
            return data  # only a run knows it
        secret = [ref.parts[1:] for ref in find(data) if ref.parts[:1] == ("secret",)]
        if secret:
            self._from[path] = self._place(secret[0])
        return settled

    def fact(self, path: Path) -> Path | None:
        """Return where in the catalogue it stands what is wrong at `path`; None if elsewhere."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._from:
                return (*self._from[path[:length]], *path[length:])
        return None

    def _resolve(self, parts: tuple[str, ...]) -> Any:
        roots = {"secret": self._facts, "platform": self._around.platform or {}}
        return substitute(look_up(roots, parts), self._resolve)

    def _place(self, parts: tuple[str, ...]) -> Path:
        if parts[0] == "identifier":
            return (self._around.catalogue.identifier_of(self._name), *parts[1:])
        return (self._name, *parts)
