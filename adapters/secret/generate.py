"""`secret.generate`: a new value from the operating system's own source of chance."""

from __future__ import annotations

import math
import secrets
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from adapters.secret.value import Minted
from engine.step import Call, Done, Effect, Frozen, Repeatable, Step, Untouched

LEAST_ENTROPY = 128
"""Bits below which a generated value is refused."""


class Generate(Frozen):
    """Parameters of `secret.generate`."""

    format: Literal["hex", "base64url", "alphabet"] = Field(
        default="hex", description="How the value is written."
    )
    bytes: int = Field(
        default=32, ge=16, le=128, description="Random bytes in the value, for hex and base64url."
    )
    alphabet: str | None = Field(
        default=None, description="Characters to draw from, each once, for the format alphabet."
    )
    length: int | None = Field(
        default=None, ge=1, le=1024, description="Characters to draw, for the format alphabet."
    )

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        is_drawn = self.format == "alphabet"
        if not is_drawn and (self.alphabet is not None or self.length is not None):
            message = f"alphabet and length belong to the format alphabet, not to {self.format}"
            raise ValueError(message)
        if is_drawn:
            _require_entropy(self.alphabet, self.length)
        return self


def generate_step() -> Step[Generate, Minted]:
    """Return `secret.generate`."""
    return Step(
        name="secret.generate",
        summary="Generate a new random value, sealed before anything else happens.",
        params=Generate,
        outputs=Minted,
        effect=Effect.MINT,
        probe=Repeatable("nothing outside changes until the value is sealed and stored"),
        run=_run,
        undo=Untouched("a value that nobody uses does no harm and goes with the run"),
        describe=lambda params: f"Generates a new random value: {_shape(params)}.",
    )


def _run(params: Generate, call: Call) -> Done[Minted]:
    value = SecretStr(_draw(params))
    known_as = call.fingerprint(value)
    evidence = f"a new value was generated as {_shape(params)}, fingerprint {known_as}"
    return Done(Minted(value=value, fingerprint=known_as), evidence)


def _draw(params: Generate) -> str:
    if params.format == "hex":
        return secrets.token_hex(params.bytes)
    if params.format == "base64url":
        return secrets.token_urlsafe(params.bytes)
    return "".join(secrets.choice(params.alphabet or "") for _ in range(params.length or 0))


def _shape(params: Generate) -> str:
    if params.format == "alphabet":
        bits = _entropy(params.alphabet or "", params.length or 0)
        return f"characters of a given alphabet with {bits:.0f} bits"
    return f"{params.bytes} bytes in {params.format}"


def _require_entropy(alphabet: str | None, length: int | None) -> None:
    if alphabet is None or length is None:
        message = "the format alphabet needs both alphabet and length"
        raise ValueError(message)
    if len(set(alphabet)) != len(alphabet):
        message = "the alphabet has a character twice, which would make some values likelier"
        raise ValueError(message)
    if len(alphabet) < 2 or not alphabet.isprintable() or " " in alphabet:
        message = "the alphabet needs at least two printable characters and no white space"
        raise ValueError(message)
    least = math.ceil(LEAST_ENTROPY / math.log2(len(alphabet)))
    if length < least:
        message = (
            f"{length} characters of an alphabet of {len(alphabet)} give "
            f"{_entropy(alphabet, length):.0f} bits, and at least {LEAST_ENTROPY} are needed: "
            f"set length to {least} or more"
        )
        raise ValueError(message)


def _entropy(alphabet: str, length: int) -> float:
    return length * math.log2(len(alphabet))
