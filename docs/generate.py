"""`python -m docs.generate`: docs/steps.md from the registry, who may call what, what is automatic.

What a page says about a step is what the step says about itself, so the two cannot differ; the
table in docs/gateway.md is the one the gateway asks. tests/test_docs.py fails where a page is older.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from adapters.gateway import Role
from adapters.registry import offers, registry
from adapters.settings import Settings
from adapters.shared.keys.provider import Operation, Way
from engine.plan import is_point_of_no_return
from engine.step import (
    Again,
    AnyStep,
    Ask,
    Awaited,
    Irreversible,
    Once,
    Repeatable,
    Untouched,
)
from gateway.table import SECTIONS, SOCKETS

PAGE = Path(__file__).with_name("steps.md")
GATEWAY = Path(__file__).with_name("gateway.md")
PROVIDERS = Path(__file__).with_name("providers.md")
BEGIN, END = "<!-- begin table, written by make docs -->\n", "<!-- end table -->"

HEAD = """# Steps

Every step a runbook can be made of, as the registry has it. This page is generated: change the
step, then run `make docs`. The words are those of the [glossary](glossary.md).

| Step | Effect | What it does |
|---|---|---|
"""


def page() -> str:
    """Return the text of docs/steps.md."""
    steps = registry(Settings())
    rows = "".join(
        f"| [`{name}`](#{_anchor(name)}) | {step.effect.value} | {step.summary} |\n"
        for name, step in steps.items()
    )
    parts = ["\n".join(_section(step)) for step in steps.values()]
    return HEAD + rows + "\n" + "\n\n".join(parts) + "\n"


def gateway_page() -> str:
    """Return the text of docs/gateway.md, with the table as the code has it."""
    return _with_table(GATEWAY, _callers())


def providers_page() -> str:
    """Return the text of docs/providers.md, with the table as the drivers have it."""
    return _with_table(PROVIDERS, _abilities())


def _with_table(file: Path, rows: Iterator[str]) -> str:
    before, _, rest = file.read_text(encoding="utf-8").partition(BEGIN)
    return before + BEGIN + "".join(rows) + END + rest.partition(END)[2]


def _abilities() -> Iterator[str]:
    """Yield the rows of the table, and below it why something is not automatic."""
    yield f"| | {' | '.join(Operation)} |\n|---|{'---|' * len(Operation)}\n"
    for offer in offers():
        ways = (offer.abilities[each].way for each in Operation)
        yield f"| {offer.title} | {' | '.join(ways)} |\n"
    yield "\n"
    for offer in offers():
        for each in Operation:
            if offer.abilities[each].way is not Way.AUTOMATIC:
                yield f"- {offer.title}, {each}: {offer.abilities[each].because}.\n"


def _callers() -> Iterator[str]:
    """Yield the rows of the table, with how many endpoints each has."""
    yield f"| | {' | '.join(Role)} | Besides |\n|---|{'---|' * (len(Role) + 1)}\n"
    for section in SECTIONS:
        marks = ("✔" if role in section.roles else "" for role in Role)
        count = len(section.listed.strip().splitlines())
        yield f"| {section.title} ({count}) | {' | '.join(marks)} | {section.condition} |\n"
    for path, roles in SOCKETS.items():
        marks = ("✔" if role in roles else "" for role in Role)
        yield f"| Websocket `{path}` | {' | '.join(marks)} | |\n"


def _anchor(name: str) -> str:
    return name.replace(".", "")


def _section(step: AnyStep) -> Iterator[str]:
    yield f"## {step.name}\n\n{step.summary}\n"
    yield f"- **Effect:** {step.effect.value}{_store(step)}"
    yield f"- **Looking:** {_probe(step)}"
    yield f"- **Way back:** {_undo(step)}"
    yield f"- **Checked before the run starts:** {'yes' if step.preflight else 'no'}"
    if step.ask is not Ask.NOTHING:
        yield f"- **Its gate asks for:** {step.ask.value}"
    yield from _table("Parameters", step.params, step.params.model_fields)
    yield from _table("Outputs", step.outputs, step.outputs.model_fields)


def _store(step: AnyStep) -> str:
    return f", to the {step.store.value}" if step.store else ""


def _probe(step: AnyStep) -> str:
    match step.probe:
        case Repeatable(because):
            return f"none; it may run any number of times: {because}"
        case Once(because):
            return f"none; it runs once and is never repeated unasked: {because}"
        case _:
            return "it looks first whether its goal is reached, and again after it ran"


def _undo(step: AnyStep) -> str:
    match step.undo:
        case Irreversible(because):
            return f"none: {because}"
        case Untouched(because):
            return f"none needed: {because}"
        case Again(because):
            return f"it runs once more: {because}"
        case Awaited(because):
            return f"nothing is taken back, but it waits for the old value: {because}"
        case _ if is_point_of_no_return(step):
            return "none that a run offers: from here on there is only forward"
        case _:
            return "it can be taken back"


def _table(title: str, model: type[BaseModel], fields: dict[str, FieldInfo]) -> Iterator[str]:
    if not fields:
        return
    yield f"\n| {title} | Type | | Description |\n|---|---|---|---|"
    for name, field in _flat(model):
        yield f"| `{name}` | {_type(field.annotation)} | {_need(field, title)} | {_words(field)} |"


def _flat(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Yield every field with its dotted name, those of a nested model after it."""
    for name, field in model.model_fields.items():
        called = prefix + (field.alias or name)
        yield called, field
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _flat(field.annotation, f"{called}.")


def _need(field: FieldInfo, title: str) -> str:
    if title == "Outputs":
        return ""
    if field.is_required():
        return "needed"
    default = field.get_default(call_default_factory=True, validated_data={})
    if default in (None, "", (), {}) or isinstance(default, BaseModel):
        return ""
    return f"default `{str(default).lower() if isinstance(default, bool) else default}`"


def _words(field: FieldInfo) -> str:
    return (field.description or "").replace("|", "\\|")


def _type(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(arguments[0])
    if origin in (Union, UnionType):
        kinds = (_type(each) for each in arguments if each is not NoneType)
        return " or ".join(dict.fromkeys(kinds))
    if origin is Literal:
        return " or ".join(f"`{each}`" for each in arguments)
    if origin is tuple:
        return f"list of {_type(arguments[0])}"
    return _NAMES.get(origin or annotation, "object")


_NAMES: dict[Any, str] = {
    str: "text",
    int: "integer",
    bool: "boolean",
    SecretStr: "**secret**",
}


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    GATEWAY.write_text(gateway_page(), encoding="utf-8")
    PROVIDERS.write_text(providers_page(), encoding="utf-8")
