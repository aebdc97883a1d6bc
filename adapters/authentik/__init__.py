"""Authentik: the directory in which everybody signs in, and the end of somebody in it."""

from __future__ import annotations

from adapters.authentik.directory import AuthentikSettings, check
from adapters.authentik.disabling import disable_user_step
from engine.step import AnyStep

__all__ = ["AuthentikSettings", "check", "steps"]


def steps(settings: AuthentikSettings) -> tuple[AnyStep, ...]:
    """Return what this adapter offers; nothing is opened yet."""
    return (disable_user_step(settings),)
