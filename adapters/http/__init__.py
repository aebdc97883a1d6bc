"""HTTP: asking a service whether it works, and a request that no other adapter can make."""

from __future__ import annotations

from adapters.http.action import request_step
from adapters.http.each import check_each_step
from adapters.http.inquiry import check_step
from adapters.http.request import HttpSettings
from engine.step import AnyStep

__all__ = ["HttpSettings", "check", "steps"]


def steps(settings: HttpSettings) -> tuple[AnyStep, ...]:
    """Return what this adapter offers; nothing is opened yet."""
    return (check_step(settings), check_each_step(settings), request_step(settings))


def check(settings: HttpSettings) -> str:
    """Say which hosts may be asked; there is no one host to reach."""
    hosts = ", ".join(settings.allowed_hosts) or "every host"
    return f"http may ask {hosts}"
