"""How secrets are told apart without being told.

A fingerprint is an HMAC under a key that only the engine has: equal values have equal
fingerprints, and nobody without the key can test a guess. A plain hash would let them.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import get_args

from pydantic import BaseModel, SecretStr

FINGERPRINT_HEX_DIGITS = 16
"""64 bits: no two secrets of a platform collide, and a page of them stays readable."""


def fingerprint(key: bytes, scope: str, value: SecretStr) -> str:
    """Return `fp:` and 16 hex digits that name `value` within `scope` and nothing else."""
    message = scope.encode() + b"\x00" + value.get_secret_value().encode()
    return "fp:" + hmac.new(key, message, hashlib.sha256).hexdigest()[:FINGERPRINT_HEX_DIGITS]


def secret_fields(model: type[BaseModel]) -> frozenset[str]:
    """Name the fields of `model` that are declared to hold a secret."""
    return frozenset(
        name
        for name, field in model.model_fields.items()
        if field.annotation is SecretStr or SecretStr in get_args(field.annotation)
    )


def split_outputs(outputs: BaseModel) -> tuple[dict[str, object], dict[str, SecretStr]]:
    """Part outputs into what the ledger may hold in clear and what must be sealed first."""
    held = {name: getattr(outputs, name) for name in secret_fields(type(outputs))}
    secrets = {name: value for name, value in held.items() if isinstance(value, SecretStr)}
    return outputs.model_dump(mode="json", exclude=set(held)), secrets


def join_outputs(
    model: type[BaseModel], plain: Mapping[str, object], secrets: Mapping[str, SecretStr]
) -> BaseModel:
    """Put outputs together again; the reverse of `split_outputs`."""
    return model.model_validate({**plain, **secrets})
