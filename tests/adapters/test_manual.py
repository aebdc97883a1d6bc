"""Steps that only a person can do."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from adapters import manual
from engine.errors import Refused
from engine.state import ItemState, Noted
from engine.step import Ask, Effect, Irreversible, Repeatable, Step, Untouched
from tests.adapters import infra, sky

OFFERED: dict[str, Step[Any, Any]] = {step.name: step for step in manual.steps()}
GIVEN = {"instructions": "Revoke it in the portal.", "evidence": "The number of the ticket."}


@pytest.mark.parametrize("name", ["manual.confirm", "manual.revoke"])
def test_what_the_person_wrote_is_the_evidence(name: str) -> None:
    done = sky.run(OFFERED[name], sky.called(comment=" ticket 4711 "), **GIVEN)

    assert done.outputs.evidence == "ticket 4711"
    assert done.evidence == "ada, bob wrote: ticket 4711"


@pytest.mark.parametrize("comment", ["", "    ", "done", "  ok  "])
def test_a_word_is_no_evidence(comment: str) -> None:
    step, call = OFFERED["manual.confirm"], sky.called(comment=comment)

    error = sky.refusal(Refused, lambda: sky.run(step, call, **GIVEN))

    assert "The number of the ticket." in error.hint


def test_each_declares_what_it_does_to_the_world() -> None:
    confirm, revoke = OFFERED["manual.confirm"], OFFERED["manual.revoke"]

    assert (confirm.effect, revoke.effect) == (Effect.VERIFY, Effect.REVOKE)
    assert isinstance(confirm.undo, Untouched)
    assert isinstance(revoke.undo, Irreversible)
    assert (confirm.ask, revoke.ask) == (Ask.EVIDENCE, Ask.EVIDENCE)
    assert OFFERED["manual.checklist"].ask is Ask.CHECKLIST
    assert all(isinstance(step.probe, Repeatable) for step in OFFERED.values())


def test_instructions_and_evidence_are_shown_at_the_gate() -> None:
    step = OFFERED["manual.revoke"]
    assert step.describe is not None

    told = step.describe(infra.params(step, **GIVEN))

    assert GIVEN["instructions"] in told
    assert GIVEN["evidence"] in told


def test_empty_instructions_are_refused_at_validation() -> None:
    with pytest.raises(ValidationError):
        infra.params(OFFERED["manual.confirm"], instructions="", evidence="x")


DIGEST = "ab" * 32


@pytest.mark.parametrize(
    ("comment", "why"),
    [
        ("archive/letter.pdf", "names 0 SHA-256 digests"),
        (f"a.pdf {DIGEST} {'cd' * 32}", "names 2 SHA-256 digests"),
        (f"sha256:{DIGEST}", "does not say where"),
        (f"archive/letter.pdf {DIGEST}0", "names 0 SHA-256 digests"),
    ],
)
def test_a_document_without_its_place_or_digest_is_refused_at_the_gate(
    comment: str, why: str
) -> None:
    step = OFFERED["manual.document"]
    assert step.check_comment is not None
    params = step.params.model_validate(GIVEN)

    with pytest.raises(Refused, match=why):
        step.check_comment(params, comment)


def test_a_document_is_recorded_with_its_place_and_digest() -> None:
    comment = f"archive/letter.pdf SHA256:{DIGEST.upper()}"

    done = sky.run(OFFERED["manual.document"], sky.called(comment=comment), **GIVEN)

    assert done.outputs.sha256 == DIGEST
    assert done.evidence == f"ada, bob handed in: {comment}"


LIST = {"instructions": "Tell them.", "items": {"bunq": "Ask.", "belfius": "Mail."}}


def said(**states: ItemState) -> dict[str, Noted]:
    return {
        item: Noted(state, "seen it", "olga", "2026-11-26T12:00") for item, state in states.items()
    }


def test_a_settled_list_tells_who_said_what_of_each_item() -> None:
    items = said(belfius=ItemState.WAIVED, bunq=ItemState.CONFIRMED)
    done = sky.run(OFFERED["manual.checklist"], sky.called(items=items), **LIST)

    assert done.outputs.confirmed == ("bunq",)
    assert done.outputs.waived == ("belfius",)
    assert done.evidence == "bunq confirmed by olga: seen it; belfius waived by olga: seen it"


@pytest.mark.parametrize(
    "items", [{}, said(bunq=ItemState.CONFIRMED, belfius=ItemState.REGISTERED)]
)
def test_a_list_with_an_open_item_is_not_done(items: dict[str, Noted]) -> None:
    step = OFFERED["manual.checklist"]

    error = sky.refusal(Refused, lambda: sky.run(step, sky.called(items=items), **LIST))

    assert "belfius" in error.message
