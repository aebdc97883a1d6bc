"""What a person brings to a gate beside the decision, judged before it counts."""

from __future__ import annotations

import re

from pydantic import BaseModel, SecretStr

from engine.errors import Refused
from engine.sealing import Seal
from engine.step import AnyStep

MAX_CERTIFICATE = 64 * 1024
"""Characters. A chain has some thousand."""
CERTIFICATE_PATTERN = (
    r"^\s*(-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)*$"
)
"""Certificates in PEM and nothing between them, so that no private key comes along by mistake."""
_PEM = re.compile(CERTIFICATE_PATTERN)


def judge_value(declared: AnyStep, params: BaseModel | None, seal: Seal, armour: str) -> str:
    """Return the armour of a sealed value; raise `RunbookError` where the value does not do."""
    if not armour.strip():
        raise Refused(
            "this gate asks for a sealed value: run `runbook seal` and paste what it prints"
        )
    _check(declared, params, seal.open(armour))
    return armour


def judge_certificate(declared: AnyStep, params: BaseModel | None, seal: Seal, text: str) -> str:
    """Return the certificate sealed for the drawer; raise `RunbookError` where it does not do."""
    if not text.strip():
        raise Refused("this gate asks for a certificate: paste it as PEM, with its chain")
    if len(text) > MAX_CERTIFICATE or not _PEM.fullmatch(text):
        raise Refused("only certificates in PEM may stand here, no key and no other text")
    brought = SecretStr(text)
    _check(declared, params, brought)
    return seal.close(brought)


def judge_comment(declared: AnyStep, params: BaseModel | None, comment: str) -> None:
    """Raise `RunbookError` where the evidence that was written is none, of a step that judges it."""
    if declared.check_comment is not None and params is not None:
        declared.check_comment(params, comment)


def _check(declared: AnyStep, params: BaseModel | None, value: SecretStr) -> None:
    if declared.check_answer is not None and params is not None:
        declared.check_answer(params, value)
