"""From a parsed file to a checked model, with every error at its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from engine.belonging import belongs
from engine.findings import Finding, Invalid
from engine.runbook import INPUT_NAME, SLUG
from engine.source import Path, Source, parse
from engine.wording import INSIDE, kind_hint, reduced, words_of

M = TypeVar("M", bound=BaseModel)

_WORDS = {
    "missing": "`{key}` is missing",
    "extra_forbidden": "unknown key `{key}`",
}
_SPELLING = {
    f"^{SLUG}$": "Small letters, digits and hyphens, beginning with a letter.",
    f"^{INPUT_NAME}$": "Small letters, digits and underscores, beginning with a letter.",
}


def load(text: str | bytes, file: str, model: type[M]) -> tuple[M, Source]:
    """Return the model a file holds, and its source; raise `Invalid` with all that is wrong."""
    source = parse(text, file, next(iter(model.model_fields)))
    return build(source, model), source


def build(source: Source, model: type[M], context: dict[str, object] | None = None) -> M:
    """Return the model that `source` describes; raise `Invalid` with all that is wrong."""
    try:
        return model.model_validate(source.data, context=context)
    except ValidationError as error:
        findings = [finding(source, (), detail, model) for detail in told(source, error)]
    raise Invalid(findings)


def told(
    source: Source,
    error: ValidationError,
    prefix: Path = (),
    is_known: Callable[[Path], bool] = lambda _: True,
) -> list[ErrorDetails]:
    """Return the errors below `prefix`, one for each thing that somebody wrote.

    Without those whose location `is_known` denies, and those that only follow from others: a gate
    that is no valid mapping is no `none` either, and steps that are all wrong are too few.
    """
    details = [each for each in error.errors(include_input=False) if is_known(each["loc"])]
    return reduced(details, lambda at: known_path(source, (*prefix, *at)))


def finding(source: Source, prefix: Path, detail: ErrorDetails, model: type[BaseModel]) -> Finding:
    """Turn one pydantic error below `prefix` into a finding at its place in the file."""
    path = known_path(source, (*prefix, *detail["loc"], *detail.get("ctx", {}).get(INSIDE, ())))
    key = str(detail["loc"][-1]) if detail["loc"] else ""
    kind = detail["type"]
    message = _WORDS[kind].format(key=key) if kind in _WORDS else _plain(words_of(detail), path)
    is_key = kind == "extra_forbidden" or key == "[key]"
    place = source.key_place(path) if is_key else source.place(path)
    top = f"directly in `{prefix[-1]}`" if prefix else "at the top of the file"
    hint = _hint(detail, key, model, top) or kind_hint(detail, source.value(path))
    return Finding(place, message, hint)


def listed_problem(field: str, detail: ErrorDetails) -> str:
    """Say one pydantic error about a field of a form in a few words."""
    if detail["type"] == "missing":
        return f"`{field}` is missing"
    return f"`{field}`: {words_of(detail)}"


def _hint(detail: ErrorDetails, key: str, model: type[BaseModel], top: str) -> str:
    match detail["type"]:
        case "extra_forbidden":
            return belongs(key, model, detail["loc"][:-1], top)
        case "string_pattern_mismatch":
            return _SPELLING.get(detail["ctx"]["pattern"], "")
        case _:
            return ""


def known_path(source: Source, path: Path) -> Path:
    """Leave out what is no place in the file, such as the name of a union's branch."""
    known: Path = ()
    for part in path:
        if (*known, part) in source.places:
            known = (*known, part)
    return known


def _plain(words: str, path: Path) -> str:
    where = ".".join(str(part) for part in path)
    return f"`{where}`: {words}" if where else words
