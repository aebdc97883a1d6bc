"""Where messages go; the addresses are secrets and are read when something is sent."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from engine.step import Frozen


class NotifySettings(Frozen):
    """Whom to tell."""

    targets_file: Path | None = Field(
        None, description="File with one Apprise address a line; lines that begin with # are none."
    )
