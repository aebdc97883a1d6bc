"""How Odoo is reached; no credential of its own, as a key manages the keys of its own user."""

from __future__ import annotations

from pydantic import Field

from engine.step import Frozen


class OdooSettings(Frozen):
    """Address and database of one Odoo, version 19 or later."""

    url: str = Field(default="", description="Address of the instance.")
    database: str = Field(
        default="", description="Name of the database, where the address alone does not tell it."
    )
