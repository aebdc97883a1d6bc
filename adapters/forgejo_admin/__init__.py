"""Forgejo, as its site administrator: the end of somebody's account there.

Protocol: routers/api/v1/api.go of Forgejo 16, the group `/admin`. Lists of somebody else's tokens
are there since that version; before it they were behind a password and `/users/{name}/tokens`.
"""

from __future__ import annotations

from adapters.forgejo_admin.site import ForgejoAdminSettings, check
from adapters.forgejo_admin.suspending import suspend_user_step
from engine.step import AnyStep

__all__ = ["ForgejoAdminSettings", "check", "steps"]


def steps(settings: ForgejoAdminSettings) -> tuple[AnyStep, ...]:
    """Return what this adapter offers; nothing is opened yet."""
    return (suspend_user_step(settings),)
