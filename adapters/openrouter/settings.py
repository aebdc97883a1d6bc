"""How OpenRouter is reached."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from engine.step import Frozen


class OpenRouterSettings(Frozen):
    """Address and credential; a management key makes and ends keys and calls no model."""

    url: str = Field(default="https://openrouter.ai", description="Address of the provider.")
    management_key_file: Path | None = Field(
        default=None, description="File that holds a management API key."
    )
    workspace: str | None = Field(
        default=None, description="Id of the workspace whose keys are meant; else the default one."
    )
