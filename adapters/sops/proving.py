"""Proof that a newcomer holds the key they named: `sops.challenge` and `sops.prove_reader`.

A random word is encrypted to their recipient, and only they can say what it is. It opens nothing
and is worth nothing once it was said, so it may travel by chat; `runbook prove` reads it at their
machine, with their own identity file.
"""

from __future__ import annotations

import base64
import hmac
import secrets
import textwrap

import pyrage
from pydantic import Field, SecretStr

from adapters.sops.readers import Reader
from engine.errors import Refused
from engine.step import (
    AnyStep,
    Ask,
    Call,
    Done,
    Effect,
    Frozen,
    Repeatable,
    Step,
    Untouched,
)

WORD_BYTES = 20


class Challenge(Frozen):
    """A word that only the holder of a key can read."""

    armour: str = Field(description="The word, encrypted to the recipient, as age armour.")
    word: SecretStr = Field(description="The word, to be compared with the answer.")


class ProveReader(Reader):
    """Parameters of `sops.prove_reader`."""

    armour: str = Field(description="The challenge as the newcomer gets it.")
    word: SecretStr = Field(description="What the newcomer has to answer.")


class Proven(Frozen):
    """Outputs of `sops.prove_reader`."""

    recipient: str = Field(description="The recipient whose key was proven to be held.")


def proof_steps() -> tuple[AnyStep, ...]:
    """Return the two steps; nothing outside is touched by either."""
    return (
        Step(
            name="sops.challenge",
            summary="Encrypt a random word to a newcomer, for them to read.",
            params=Reader,
            outputs=Challenge,
            effect=Effect.OBSERVE,
            probe=Repeatable("a word that nobody was asked for yet is worth nothing"),
            run=_challenge,
            undo=Untouched("a word that nobody answers is worth nothing"),
            preflight=None,
            describe=lambda params: f"Encrypts a random word to `{params.recipient}`.",
        ),
        Step(
            name="sops.prove_reader",
            summary="Take the newcomer's answer, which shows that they can decrypt.",
            params=ProveReader,
            outputs=Proven,
            effect=Effect.VERIFY,
            probe=Repeatable("it only compares what was answered at its gate"),
            run=_prove,
            undo=Untouched("it only compares an answer"),
            ask=Ask.EVIDENCE,
            check_comment=_judge,
            describe=_describe,
        ),
    )


def _challenge(params: Reader, call: Call) -> Done[Challenge]:
    try:
        recipient = pyrage.x25519.Recipient.from_str(params.recipient)
    except pyrage.RecipientError:
        raise Refused(
            f"{params.recipient} is no age recipient",
            hint="`age-keygen -y` prints the recipient of a key file; one letter may be wrong.",
        ) from None
    word = secrets.token_hex(WORD_BYTES)
    sealed = base64.b64encode(pyrage.encrypt(word.encode(), [recipient])).decode()
    lines = ["-----BEGIN AGE ENCRYPTED FILE-----", *textwrap.wrap(sealed, 64)]
    armour = "\n".join([*lines, "-----END AGE ENCRYPTED FILE-----", ""])
    return Done(
        Challenge(armour=armour, word=SecretStr(word)),
        f"a word was encrypted to {params.recipient}",
    )


def _judge(params: ProveReader, comment: str) -> None:
    answer = "".join(comment.split()).lower()
    wanted = params.word.get_secret_value()
    if not hmac.compare_digest(answer.encode(errors="replace"), wanted.encode()):
        raise Refused(
            "that is not the word that was encrypted to the newcomer",
            hint="They read it with `runbook prove`, and the comment holds it and nothing else.",
        )


def _prove(params: ProveReader, call: Call) -> Done[Proven]:
    _judge(params, call.comment)
    return Done(Proven(recipient=params.recipient), f"{params.recipient} was proven to be held")


def _describe(params: ProveReader) -> str:
    return (
        f"Send this to whoever holds `{params.recipient}`. They run `runbook prove` and paste it; "
        "write the word they tell you, alone, into the comment.\n\n"
        f"```\n{params.armour.strip()}\n```"
    )
