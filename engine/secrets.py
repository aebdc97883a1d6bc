"""How secrets are told apart without being told.

A fingerprint is an HMAC under a key that only the engine has: equal values have equal
fingerprints, and nobody without the key can test a guess. A plain hash would let them.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, TypeAlias, get_args

from pydantic import BaseModel, SecretStr

FINGERPRINT_HEX_DIGITS = 16
"""64 bits: no two secrets of a platform collide, and a page of them stays readable."""


def fingerprint(key: bytes, scope: str, value: SecretStr) -> str:
    """Return `fp:` and 16 hex digits that name `value` within `scope` and nothing else."""
    message = scope.encode() + b"\x00" + value.get_secret_value().encode()
    return "fp:" + hmac.new(key, message, hashlib.sha256).hexdigest()[:FINGERPRINT_HEX_DIGITS]


@dataclass(frozen=True)
class Naming:
    """Marks an output that names a credential and opens nothing: it may be shown, and stored."""


Identifier: TypeAlias = Annotated[str, Naming()]
"""One half of a pair, such as the id of a key whose other half is the secret.

It stands in clear in ledger, messages and addresses. It alone may also go where a secret goes, as
consumers read both halves from the same stores.
"""


def identifier_fields(model: type[BaseModel]) -> frozenset[str]:
    """Name the fields of `model` that hold an identifier."""
    return frozenset(
        name
        for name, field in model.model_fields.items()
        if any(isinstance(mark, Naming) for mark in field.metadata)
    )


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
