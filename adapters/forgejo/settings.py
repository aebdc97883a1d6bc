"""How Forgejo is reached, and whose tokens are meant."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from engine.step import Frozen


class ForgejoSettings(Frozen):
    """Address and account; tokens are managed under a local password and nothing else."""

    url: str = Field(default="", description="Address of the instance.")
    username: str = Field(
        default="", description="Account whose tokens are rotated; it has no second factor."
    )
    password_file: Path | None = Field(
        default=None, description="File that holds the local password of the account."
    )
