"""`secret.provide`: a person brings a value that only a provider's page can make.

The value is judged at the gate, before it counts. What is said about it holds neither the value
nor how long it is. It is taken as it is or not at all: nothing is trimmed and no line end is
changed, as what is stored must be what the other side has.
"""

from __future__ import annotations

import hmac
import re
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from adapters.secret.value import Minted
from engine.errors import Refused
from engine.step import Ask, Call, Done, Effect, Frozen, Repeatable, Step, Untouched

_AROUND = "it has white space or a line break around it"
_BROKEN = "it has a control character or a line break in it"
_CARRIAGE = "its lines end as on Windows (CRLF), or it has a carriage return in it"
_AGAIN = "Copy it again from where it was made, seal it, and paste the new armour."
_HINTS = {
    _BROKEN: f"{_AGAIN} A value that has several lines, as the file of a key has, is taken only "
    "where the runbook says `multiline`; in `add-secret` that is a field of the form.",
    _CARRIAGE: "Few programs read a key with such line ends. Take them off where the value is "
    "(`tr -d '\\r'`), and seal that file.",
}


class Provide(Frozen):
    """Parameters of `secret.provide`."""

    pattern: str | None = Field(
        default=None, description="Regular expression that the whole value must match."
    )
    min_length: int = Field(default=8, ge=1, description="Fewest characters of the value.")
    max_length: int = Field(default=4096, ge=1, description="Most characters of the value.")
    multiline: bool = Field(
        default=False,
        description="Whether the value may have several lines, as the file of a key has: line "
        "breaks and tabs in it, and one line break at its end.",
    )
    replaces: SecretStr | None = Field(
        default=None, description="The value in force, which the new one may not be."
    )
    keeps: str | None = Field(
        default=None,
        description="Regular expression for the whole of both values: what its first group matches "
        "must be the same in the new value as in the one it `replaces`, such as the mode of a key.",
    )
    instructions: str = Field(
        default="", description="Where the person gets the value, in Markdown; shown at the gate."
    )

    @field_validator("pattern", "keeps")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as error:
            message = f"the pattern is no regular expression: {error}"
            raise ValueError(message) from None
        return pattern

    @field_validator("keeps")
    @classmethod
    def _has_a_group(cls, pattern: str | None) -> str | None:
        if pattern is not None and not re.compile(pattern).groups:
            message = "the pattern has no group in parentheses, whose text is what must be the same"
            raise ValueError(message)
        return pattern

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        if self.min_length > self.max_length:
            message = f"min_length {self.min_length} is above max_length {self.max_length}"
            raise ValueError(message)
        if self.keeps is not None and self.replaces is None:
            message = "`keeps` compares with the value in force, which `replaces` must name"
            raise ValueError(message)
        return self


def provide_step() -> Step[Provide, Minted]:
    """Return `secret.provide`."""
    return Step(
        name="secret.provide",
        summary="Take a new value that a person brings, sealed for this engine.",
        params=Provide,
        outputs=Minted,
        effect=Effect.MINT,
        probe=Repeatable("it only takes in the sealed value given at its gate"),
        run=_run,
        undo=Untouched("the key at the provider is the provider's; a later step or person ends it"),
        ask=Ask.SEALED_VALUE,
        check_answer=judge,
        describe=_describe,
    )


def judge(params: Provide, value: SecretStr) -> None:
    """Raise `Refused` where `value` is not what the runbook asks for."""
    fault = _fault(params, value.get_secret_value())
    if fault:
        raise Refused(f"the value brought is not usable: {fault}", hint=_HINTS.get(fault, _AGAIN))


def _run(params: Provide, call: Call) -> Done[Minted]:
    if call.answer is None:
        raise Refused(
            "no value was brought at the gate of this step",
            hint="Seal the value with `runbook seal` and paste the armour into the gate.",
        )
    judge(params, call.answer)
    known_as = call.fingerprint(call.answer)
    by = ", ".join(call.approved_by) or "a person"
    return Done(
        Minted(value=call.answer, fingerprint=known_as),
        f"{by} brought a value that fits, fingerprint {known_as}",
    )


def _fault(params: Provide, text: str) -> str:
    fault = _fault_of_lines(text) if params.multiline else _fault_of_one_line(text)
    if fault:
        return fault
    if len(text) < params.min_length:
        return f"it is shorter than {params.min_length} characters"
    if len(text) > params.max_length:
        return f"it is longer than {params.max_length} characters"
    if params.pattern is not None and not re.fullmatch(params.pattern, text):
        return f"it does not match the pattern {params.pattern}"
    if params.replaces is not None and _is_same(text, params.replaces):
        return "it is the value in force, which this run is to replace"
    return _fault_beside(params, text)


def _fault_beside(params: Provide, text: str) -> str:
    """Say what the new value has not in common with the one in force, where it should have."""
    if params.keeps is None or params.replaces is None:
        return ""
    new, old = (
        re.fullmatch(params.keeps, each) for each in (text, params.replaces.get_secret_value())
    )
    if old is None:
        return ""  # of a form that is older than the pattern: nothing to compare with
    if new is None or new[1] != old[1]:
        return f"it is not like the value in force in what the group of `{params.keeps}` matches"
    return ""


def _fault_of_one_line(text: str) -> str:
    if text != text.strip():
        return _AROUND if text.strip().isprintable() else _BROKEN
    return "" if text.isprintable() else _BROKEN


def _fault_of_lines(text: str) -> str:
    if "\r" in text:
        return _CARRIAGE
    body = text.removesuffix("\n")
    if body != body.strip():
        return "it has white space around it, beside one line break at its end"
    if not re.sub(r"[\n\t]", "", body).isprintable():
        return "it has a control character in it, beside line breaks and tabs"
    return ""


def _is_same(text: str, other: SecretStr) -> bool:
    return hmac.compare_digest(text.encode(), other.get_secret_value().encode())


def _describe(params: Provide) -> str:
    asked = "Takes the new value that you bring. Seal it first with `runbook seal`."
    if params.multiline:
        asked += (
            " It may have several lines: seal such a one from its file, with "
            "`runbook seal --file FILE`, and it is stored exactly as it is there."
        )
    return f"{params.instructions}\n\n{asked}" if params.instructions else asked
