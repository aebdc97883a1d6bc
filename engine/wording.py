"""What pydantic finds wrong, in our words: one sentence for each thing that somebody wrote."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from engine.source import Path

INSIDE = "inside"
"""What an error tells, in its context, of where below its own place it is."""
WRONG_KIND = "wrong_kind"
"""The type of an error that stands for those of all branches of a union."""

_KINDS = {
    "model_type": "a mapping",
    "dict_type": "a mapping",
    "tuple_type": "a list",
    "list_type": "a list",
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
}
"""What something else stands in the place of, in the order in which it is told."""
_LIMITS = {
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "too_short": "must have at least {min_length}",
    "too_long": "must have at most {max_length}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "does not match {pattern}",
}


def wrong_inside(path: Path, words: str) -> PydanticCustomError:
    """Return the error of a whole model that something below it is wrong, at `path`."""
    return PydanticCustomError("wrong_inside", "{words}", {"words": words, INSIDE: path})


def words_of(detail: ErrorDetails) -> str:
    """Return the end of a sentence that begins with what is wrong."""
    kind = detail["type"]
    if kind in _KINDS:
        return f"must be {_KINDS[kind]}"
    if kind == "literal_error":
        return f"must be {detail['ctx']['expected']}".replace("'", "`")
    if kind == "timezone_aware":
        return "must say its time zone, as in 2026-12-18T00:00:00Z or …+01:00"
    if kind in _LIMITS:
        return _LIMITS[kind].format(**detail["ctx"])
    if kind == "value_error":
        return detail["msg"].removeprefix(
            "Value error, "
        )  # ours, which may begin with what was written
    return f"{detail['msg'][:1].lower()}{detail['msg'][1:]}"


def reduced(details: Iterable[ErrorDetails], path_of: Callable[[Path], Path]) -> list[ErrorDetails]:
    """Return the errors but those that only follow from others, one for each place of a wrong kind.

    `path_of` gives the place in the file for the location of an error. A union tells for each of
    its branches why it is not that one. Where something is wrong inside of one branch, or with its
    text, that branch was meant; where nothing fits, the kinds are told together.
    """
    placed = [(path_of(detail["loc"]), detail) for detail in details]
    kept: dict[tuple[Path, int], list[ErrorDetails]] = {}
    for number, (path, detail) in enumerate(placed):
        if not _is_kind(detail) and detail["type"] != "too_short":
            kept[path, number] = [detail]
        elif not any(_is_more(other, path, detail, at) for at, other in placed):
            group = (path, -1) if _is_kind(detail) else (path, number)
            kept.setdefault(group, []).append(detail)
    return [each[0] if len(each) == 1 else _together(each) for each in kept.values()]


def _is_kind(detail: ErrorDetails) -> bool:
    return detail["type"] in _KINDS or detail["type"] == "literal_error"


def _is_more(other: ErrorDetails, path: Path, detail: ErrorDetails, at: Path) -> bool:
    """Tell whether `other` says more than that `path` holds the wrong kind of thing."""
    inside = len(at) > len(path) and at[: len(path)] == path
    return inside or (_is_kind(detail) and at == path and not _is_kind(other))


def _together(details: list[ErrorDetails]) -> ErrorDetails:
    order = [*_KINDS, "literal_error"]
    ranked = sorted(details, key=lambda each: order.index(each["type"]))
    told = list(dict.fromkeys(words_of(each).removeprefix("must be ") for each in ranked))
    *most, last = told
    message = f"must be {', '.join(most)} or {last}" if most else f"must be {last}"
    return {**details[0], "type": WRONG_KIND, "msg": message, "ctx": {"of": details}}


def kind_hint(detail: ErrorDetails, value: Any) -> str:
    """Return what to do about a `value` of the wrong kind; empty where the words say all of it."""
    parts = detail["ctx"]["of"] if detail["type"] == WRONG_KIND else [detail]
    types = {each["type"] for each in parts}
    if isinstance(value, bool | int | float | date) and "string_type" in types:
        return "Put quotes around it, so that it is a text."
    words = [word for each in parts for word in _literals(each)]
    close = difflib.get_close_matches(str(value).lower(), words, n=1)
    return f"Did you mean `{close[0]}`?" if close else ""


def _literals(detail: ErrorDetails) -> list[str]:
    """Return the words that pydantic expects, which it tells as `'a', 'b' or 'c'`."""
    expected = detail["ctx"]["expected"] if detail["type"] == "literal_error" else ""
    return [str(word) for word in re.findall(r"'([^']*)'", expected)]


def listed(error: ValidationError, data: Any) -> str:
    """Return in one line what is wrong with `data`, which is not shown."""
    details = reduced(error.errors(include_input=False), lambda at: path_in(data, at))
    return "; ".join(_named(detail, data) for detail in details)


def _named(detail: ErrorDetails, data: Any) -> str:
    if detail["type"] == "missing":
        return f"`{'.'.join(map(str, detail['loc']))}` is missing"
    name = ".".join(map(str, path_in(data, detail["loc"])))
    if detail["type"] == "extra_forbidden":
        return f"there is no `{name}`"
    return f"`{name}`: {words_of(detail)}" if name else words_of(detail)


def path_in(data: Any, location: Path) -> Path:
    """Leave out what is no place in `data`, such as the name of a union's branch."""
    known: Path = ()
    for part in location:
        if isinstance(data, list | tuple):
            data = dict(enumerate(data))
        if isinstance(data, Mapping) and part in data:
            known, data = (*known, part), data[part]
    return known
