"""Text that people typed or programs said, made harmless for a terminal."""

from __future__ import annotations

SHORT = 8
"""Digits of a run's id that people read and type."""


def clean(text: str) -> str:
    """Spell out what would steer a terminal or turn the reading order; line breaks stay."""
    return "".join(char if char.isprintable() or char == "\n" else _spelled(char) for char in text)


def flat(text: str) -> str:
    """Return `text` cleaned and on one line."""
    return clean(" ".join(text.split()))


def moment(at: str) -> str:
    """Shorten a ledger timestamp to what people read: UTC, to the second."""
    return flat(at[:19].replace("T", " "))


def _spelled(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
