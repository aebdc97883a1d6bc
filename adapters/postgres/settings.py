"""How the database server is reached, and by whom."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from engine.errors import Refused
from engine.step import Frozen

Tls = Literal["disable", "require", "verify-ca", "verify-full"]
"""As libpq's `sslmode`; `allow` and `prefer` are left out, since they fall back in silence."""


class PostgresSettings(Frozen):
    """One server, and the role of the engine that may set passwords there."""

    host: str = Field(
        default="", description="Host of the primary, or the folder of its Unix socket."
    )
    port: int = Field(default=5432, ge=1, le=65535, description="Port of the server.")
    database: str = Field(default="postgres", description="Database the engine's role connects to.")
    user: str = Field(default="", description="The engine's role; see adapters/postgres/setup.sql.")
    password_file: Path | None = Field(
        default=None, description="File that holds the password of the engine's role."
    )
    tls: Tls = Field(
        default="verify-full",
        description="How the server is trusted over TCP: disable, require, verify-ca, verify-full.",
    )
    ca_file: Path | None = Field(
        default=None, description="PEM file of the authorities; else those of the system."
    )
    connect_timeout: int = Field(default=10, ge=1, le=120, description="Seconds to connect.")
    statement_timeout: int = Field(
        default=30, ge=1, le=600, description="Seconds one statement may take, waiting included."
    )

    @property
    def is_local(self) -> bool:
        """Tell whether the server is reached by a Unix socket, where there is no TLS."""
        return self.host.startswith("/")

    def unset(self) -> Refused:
        """Return the error for a server that is not named, or not with all it takes."""
        return Refused(
            "no database server is set",
            hint="Set postgres.host, postgres.user and postgres.password_file.",
        )

    @property
    def title(self) -> str:
        """Name the server as messages do."""
        return f"PostgreSQL at {self.host}:{self.port}"
