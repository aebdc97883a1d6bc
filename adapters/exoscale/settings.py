"""How Exoscale is reached."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from engine.step import Frozen


class ExoscaleSettings(Frozen):
    """Address and credential; the credential is a pair, an IAM key and its secret."""

    url: str = Field(
        default="https://api-ch-gva-2.exoscale.com",
        description="Address of the API in one zone; keys are the same in all of them.",
    )
    key_file: Path | None = Field(
        default=None, description="File that holds an IAM key which may manage keys."
    )
    secret_file: Path | None = Field(
        default=None, description="File that holds the secret of that key."
    )
