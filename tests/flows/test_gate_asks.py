"""The form asks for what its step asks for, and takes neither a key nor another item."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped] # it comes with Prefect, and has no types
import pytest
from pydantic import BaseModel, ValidationError

from adapters.platform import Platform
from adapters.settings import Settings
from engine.progress import AskPerson
from engine.state import Kind, Opening, RunState
from flows.gate_form import form
from sandbox.qtsp import pair

RUNBOOKS = Path(__file__).resolve().parents[2] / "runbooks"
PAIR = pair("qwac", timedelta(days=90))
PEM = PAIR[PAIR.index("-----BEGIN CERTIFICATE") :]
KEY = PAIR.removesuffix(PEM)


def asked(step: str) -> type[BaseModel]:
    """Return the form at a gate of the shipped renewal."""
    settings = Settings(
        runbooks=RUNBOOKS,
        catalogue=RUNBOOKS / "secrets.yaml",
        people=RUNBOOKS / "people.yaml",
        platform={"app": "http://127.0.0.1", "anthropic_console": "http://127.0.0.1"},
    )
    inputs = {"secret": "tpp-qwac-b", "reason": "a test"}
    plan = Platform(settings).plan("renew-tpp-certificates", inputs)
    state = RunState("run-1", opening=Opening(1, step, Kind.STEP, "", "", plan.digest))
    return form(plan, state, AskPerson(plan.step(step), Kind.STEP), takes_names=True)


def answer(step: str, **said: str) -> dict[str, Any]:
    return {"decision": "approve", "name": "olga", "gate": f"{step}-step-1", **said}


@pytest.mark.parametrize(
    "text",
    [PEM, PEM.replace("\n", "\r\n"), f"\n{PEM}\n\n"],
    ids=["as it is", "CRLF", "blank lines"],
)
def test_certificates_are_taken_here_and_by_the_api(text: str) -> None:
    model, given = asked("issued"), answer("issued", certificate=text)

    assert model(**given).model_dump()["certificate"] == text
    jsonschema.validate(given, model.model_json_schema())


@pytest.mark.parametrize(
    "text",
    [PAIR, PEM + KEY, KEY, "see the mail", PEM + "-----BEGIN CERTIFICATE-----" * 900],
    ids=["a pair", "a key after it", "a key", "a word", "too long"],
)
def test_a_key_and_any_other_text_are_refused_before_they_are_stored(text: str) -> None:
    model, given = asked("issued"), answer("issued", certificate=text)

    with pytest.raises(ValidationError):
        model(**given)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(given, model.model_json_schema())


def test_a_list_offers_its_items_and_none_is_chosen_beforehand() -> None:
    fields = asked("banks").model_json_schema()["properties"]

    assert fields["item"]["enum"] == ["-", "bunq", "abn-amro", "sparkasse"]
    assert fields["item"]["default"] == "-"
    assert fields["state"]["enum"] == ["pending", "registered", "confirmed", "waived"]
    assert fields["decision"]["enum"][:3] == ["approve", "reject", "note"]


def test_other_gates_ask_for_neither() -> None:
    fields = asked("restart").model_json_schema()["properties"]

    assert not {"item", "state", "certificate"} & set(fields)
