"""A fault that nobody foresaw, told by its kind and place alone: its text may hold anything."""

from __future__ import annotations

import traceback

WITHHELD = "Nobody foresaw this fault; its text is withheld, as it may hold a secret."
"""What is said to whoever has to look at it."""


def surprise(what: str, error: Exception) -> str:
    """Say in one sentence that `what` broke, with which kind of error, and where."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].name} line {frames[-1].lineno}" if frames else "an unknown place"
    return f"{what} broke with {type(error).__name__} in {place}"
