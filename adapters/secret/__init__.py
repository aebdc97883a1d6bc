"""New values: drawn by the engine, or brought by a person."""

from __future__ import annotations

from adapters.secret.generate import generate_step
from adapters.secret.provide import provide_step
from engine.step import AnyStep

__all__ = ["steps"]


def steps() -> tuple[AnyStep, ...]:
    """Return what this adapter offers."""
    return (generate_step(), provide_step())
