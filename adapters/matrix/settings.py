"""How the Matrix homeserver is reached; no credential of its own, as a token tells of itself."""

from __future__ import annotations

from pydantic import Field

from engine.step import Frozen


class MatrixSettings(Frozen):
    """Address of one Synapse, with its admin API reachable from here."""

    url: str = Field(default="", description="Address of the homeserver and of its admin API.")
