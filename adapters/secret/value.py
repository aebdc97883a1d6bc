"""What every step that brings a value into being hands on."""

from __future__ import annotations

from pydantic import Field, SecretStr

from engine.step import Frozen


class Minted(Frozen):
    """Outputs of `secret.generate` and `secret.provide`."""

    value: SecretStr = Field(description="The new value.")
    fingerprint: str = Field(description="Keyed fingerprint of the new value.")
