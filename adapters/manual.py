"""What only a person can do: the step asks, and what they write down is the evidence."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, StringConstraints

from engine.checklist import SETTLED
from engine.errors import Refused
from engine.state import ItemState
from engine.step import (
    AnyStep,
    Ask,
    Call,
    Done,
    Effect,
    Frozen,
    Irreversible,
    Repeatable,
    Step,
    Untouched,
)

_DIGEST = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
SHORTEST_EVIDENCE = 5
"""Characters below which a comment convinces nobody."""

_RECORDS = Repeatable("it records what a person says they did and changes nothing itself")


class Manual(Frozen):
    """Parameters of a manual step."""

    instructions: str = Field(min_length=1, description="What the person is to do, in Markdown.")
    evidence: str = Field(
        min_length=1, description="What the person is to write down as proof; no secret."
    )


class Evidence(Frozen):
    """Outputs of a manual step."""

    evidence: str = Field(description="What the person wrote down.")


class Document(Frozen):
    """Outputs of `manual.document`."""

    reference: str = Field(description="Where the document is kept, in the person's words.")
    sha256: str = Field(description="SHA-256 of its file, 64 hex digits.")


Item = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]


class Checklist(Frozen):
    """Parameters of `manual.checklist`."""

    instructions: str = Field(min_length=1, description="What the list is about, in Markdown.")
    items: dict[Item, str] = Field(
        min_length=1,
        max_length=50,
        description="What is to be done for each item, under its name; written out, no reference.",
    )


class Settled(Frozen):
    """Outputs of `manual.checklist`."""

    confirmed: tuple[str, ...] = Field(description="Items that were confirmed.")
    waived: tuple[str, ...] = Field(description="Items that were left out with a reason.")


def steps() -> tuple[AnyStep, ...]:
    """Return what this adapter offers."""
    return (_CONFIRM, _DOCUMENT, _CHECKLIST, _REVOKE)


def _judge_document(params: Manual, comment: str) -> None:
    digests = _DIGEST.findall(comment.lower())
    if len(digests) != 1:
        raise Refused(
            f"the comment names {len(digests)} SHA-256 digests of 64 hex digits, not one",
            hint="Write where the document is kept, and what sha256sum says of its file.",
        )
    if len(_reference(comment)) < SHORTEST_EVIDENCE:
        raise Refused(
            "the comment does not say where the document is kept",
            hint="Write it before the digest, for example the name of the file in the archive.",
        )


def _reference(comment: str) -> str:
    return " ".join(_DIGEST.sub(" ", comment.lower()).replace("sha256:", " ").split())


def _record_document(params: Manual, call: Call) -> Done[Document]:
    _judge_document(params, call.comment)
    found = _DIGEST.search(call.comment.lower())
    digest = found.group() if found else ""
    kept = " ".join(call.comment.split())
    by = ", ".join(call.approved_by) or "the approver"
    return Done(Document(reference=kept, sha256=digest), f"{by} handed in: {kept}")


def _record(params: Manual, call: Call) -> Done[Evidence]:
    written = call.comment.strip()
    if len(written) < SHORTEST_EVIDENCE:
        raise Refused(
            f"the evidence is too short: at least {SHORTEST_EVIDENCE} characters are wanted",
            hint=f"Write into the comment of the gate: {params.evidence}",
        )
    by = ", ".join(call.approved_by) or "the approver"
    return Done(Evidence(evidence=written), f"{by} wrote: {written}")


def _describe(params: Manual) -> str:
    return f"{params.instructions}\n\nWrite down as evidence, without any secret: {params.evidence}"


def _settle(params: Checklist, call: Call) -> Done[Settled]:
    states = {item: call.items[item].state for item in params.items if item in call.items}
    missing = [item for item in params.items if states.get(item) not in SETTLED]
    if missing:
        raise Refused(
            f"not every item is confirmed or waived: {', '.join(missing)}",
            hint="Write the items out in the runbook; answer with `note` at the gate.",
        )
    told = "; ".join(
        f"{item} {noted.state} by {noted.by}: {noted.comment}"
        for item, noted in ((item, call.items[item]) for item in params.items)
    )
    confirmed, waived = (
        tuple(item for item in params.items if states[item] is wanted)
        for wanted in (ItemState.CONFIRMED, ItemState.WAIVED)
    )
    return Done(Settled(confirmed=confirmed, waived=waived), told)


def _describe_list(params: Checklist) -> str:
    listed = "\n".join(f"- **{item}**: {deed}" for item, deed in params.items.items())
    return f"{params.instructions}\n\n{listed}"


_CHECKLIST: Step[Checklist, Settled] = Step(
    name="manual.checklist",
    summary="Have people settle a list item by item, in any order; each word about one is recorded.",
    params=Checklist,
    outputs=Settled,
    effect=Effect.VERIFY,
    probe=_RECORDS,
    run=_settle,
    undo=Untouched("it only records what people said"),
    ask=Ask.CHECKLIST,
    describe=_describe_list,
)

_CONFIRM: Step[Manual, Evidence] = Step(
    name="manual.confirm",
    summary="Have a person check something and write down what they saw.",
    params=Manual,
    outputs=Evidence,
    effect=Effect.VERIFY,
    probe=_RECORDS,
    run=_record,
    undo=Untouched("it only records what a person saw"),
    ask=Ask.EVIDENCE,
    describe=_describe,
)

_DOCUMENT: Step[Manual, Document] = Step(
    name="manual.document",
    summary="Have a person hand in a document: where it is kept, and the SHA-256 of its file.",
    params=Manual,
    outputs=Document,
    effect=Effect.VERIFY,
    probe=_RECORDS,
    run=_record_document,
    undo=Untouched("it only records where a document is"),
    ask=Ask.EVIDENCE,
    check_comment=_judge_document,
    describe=lambda params: (
        f"{_describe(params)}\n\nAdd the output of `sha256sum` of its file; it is checked for form "
        "and recorded, so that the document can be told from any other later."
    ),
)

_REVOKE: Step[Manual, Evidence] = Step(
    name="manual.revoke",
    summary="Have a person end the old value where no API can, and write down the proof.",
    params=Manual,
    outputs=Evidence,
    effect=Effect.REVOKE,
    probe=_RECORDS,
    run=_record,
    undo=Irreversible("a person has ended the old value outside, and no step can bring it back"),
    ask=Ask.EVIDENCE,
    describe=_describe,
)
