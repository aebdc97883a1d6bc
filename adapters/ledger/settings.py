"""What an operator says about the ledger."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class LedgerSettings(BaseModel):
    """Where the ledger is."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str = Field(
        default="",
        repr=False,
        description="Where the ledger is: sqlite:////<path>/ledger.db or "
        "postgresql://<role>@<host>/<name>.",
    )
    password_file: Path | None = Field(
        default=None,
        description="File that holds the PostgreSQL role's password, so that the URL need not.",
    )
    anchor_key_file: Path | None = Field(
        default=None,
        description="File of the private key that `runbook audit anchor` signs heads with.",
    )
    anchor_keys: tuple[str, ...] = Field(
        default=(), description="Public keys that signed notes about the ledger are checked with."
    )
