"""How Stripe is reached."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from engine.step import Frozen


class StripeSettings(Frozen):
    """Address and credential; a restricted key that may write webhook endpoints is enough."""

    url: str = Field(default="https://api.stripe.com", description="Address of the API.")
    secret_key_file: Path | None = Field(
        default=None, description="File that holds a key that may write webhook endpoints."
    )
    version: str | None = Field(
        default=None, description="Value of the version header; else the account's own version."
    )
