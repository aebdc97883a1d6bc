"""Prefect's templates in bodies: refused, because they change a value after it was signed."""

from __future__ import annotations

from gateway.identity import Forbidden

KIND = "__prefect_kind"


def refuse_templates(value: object) -> None:
    """Raise `Forbidden` where Prefect would put something else in a value's place."""
    children: list[object] = []
    if isinstance(value, dict):
        if KIND in value:
            raise Forbidden("templates are not taken: what is signed is what is used")
        children = [*value.values()]
    elif isinstance(value, list):
        children = value
    for child in children:
        refuse_templates(child)
