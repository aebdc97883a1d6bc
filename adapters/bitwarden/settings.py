"""Where Bitwarden is and who we are there."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from engine.errors import Refused


class BitwardenSettings(BaseModel):
    """The Bitwarden server and our machine account in its Secrets Manager."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_url: str = Field("https://api.bitwarden.com", description="Address of the API.")
    identity_url: str = Field(
        "https://identity.bitwarden.com", description="Address where tokens are given out."
    )
    access_token_file: Path | None = Field(
        None, description="File with the access token of the machine account."
    )
    organisation: str = Field("", description="Id of the organisation.")
    project: str = Field("", description="Id of the project, where a step names none.")


def needed(settings: BitwardenSettings, name: str) -> str:
    """Return a setting; raise `Refused` if it is not set."""
    value: str = getattr(settings, name)
    if not value:
        raise missing(name)
    return value


def missing(name: str) -> Refused:
    """Return the refusal for a setting that is not there."""
    return Refused(f"`bitwarden.{name}` is not set", hint=f"Add `{name}` below `bitwarden`.")
