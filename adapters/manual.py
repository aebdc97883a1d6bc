"""What only a person can do: the step asks, and what they write down is the evidence."""

from __future__ import annotations

import re

from pydantic import Field

from engine.errors import Refused
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


def steps() -> tuple[AnyStep, ...]:
    """Return what this adapter offers."""
    return (_CONFIRM, _DOCUMENT, _REVOKE)


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
