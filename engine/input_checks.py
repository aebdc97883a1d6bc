"""What a runbook asks for, made sure of: a form that can be shown, and filled in."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field, TypeAdapter
from pydantic_core import SchemaError

from engine.catalogue import Catalogue
from engine.findings import Finding
from engine.inputs import asked_of, problem_of
from engine.nearness import nearest
from engine.runbook import RESERVED_INPUTS, Input, Runbook
from engine.source import Path, Source


def check_form(runbook: Runbook, source: Source, catalogue: Catalogue) -> Iterator[Finding]:
    """Yield every finding about the inputs of a runbook."""
    for name, spec in runbook.inputs.items():
        path: Path = ("inputs", name)
        place = source.key_place(path)
        if name in RESERVED_INPUTS:
            yield Finding(place, f"`{name}` is an input of every runbook already", "Rename it.")
        if keyword.iskeyword(name):
            yield Finding(
                place,
                f"an input may not be called `{name}`, which is a word of Python",
                f"Rename it, for example to `{name}_`.",
            )
        for part in sorted(asked_of(runbook).parts & set(spec.without)):
            yield Finding(
                source.place((*path, "without")),
                f"a step refers to `secret.{part}`, which no entry has that is without it",
                f"Remove `{part}` here, or the reference.",
            )
        wrong = [*_pattern(spec, path, source), *_limits(spec, path, source)]
        yield from wrong or _default(spec, path, source, catalogue)


def _pattern(spec: Input, path: Path, source: Source) -> Iterator[Finding]:
    if spec.pattern is None:
        return
    place = source.place((*path, "pattern"))
    try:
        re.compile(spec.pattern)
    except re.error as error:
        yield Finding(
            place,
            f"the pattern is no regular expression: {error}",
            "Put a backslash before a character that stands for itself.",
        )
        return
    try:
        TypeAdapter(Annotated[str, Field(pattern=spec.pattern)])
    except SchemaError:
        yield Finding(
            place,
            "the form cannot hold a text against this pattern",
            "Leave out what looks ahead, looks behind or refers back to a group.",
        )


def _limits(spec: Input, path: Path, source: Source) -> Iterator[Finding]:
    for low, high in (("min_length", "max_length"), ("minimum", "maximum")):
        least, most = getattr(spec, low), getattr(spec, high)
        if least is not None and most is not None and least > most:
            yield Finding(
                source.place((*path, low)),
                f"nothing fits: `{low}` is {least}, and `{high}` is {most}",
                f"Let `{low}` be no more than `{high}`.",
            )


def _default(spec: Input, path: Path, source: Source, catalogue: Catalogue) -> Iterator[Finding]:
    default = spec.default
    if default is None or "${{" in str(default):  # a stray reference is told as one
        return
    place = source.place((*path, "default"))
    if spec.type == "secret":
        if default not in catalogue.secrets:
            yield Finding(
                place,
                f"the catalogue has no secret `{default}`",
                nearest(str(default), catalogue.secrets),
            )
    elif problem := problem_of(spec, default):
        yield Finding(
            place,
            f"the default {problem}",
            "Let it be what the form takes, or leave it out, so that people are asked.",
        )
