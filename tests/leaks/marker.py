"""Markers: values that stand nowhere by chance, and so prove a leak wherever they are met."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field

SHORTEST = 16
"""Characters; a shorter value could be met by chance, and is found by no stride of the scanner."""

ALPHABET = string.ascii_letters + string.digits
TELLING = '"/+%\\'
"""Characters that JSON, YAML, URLs and both kinds of base64 write in different ways."""
FOREIGN = "ß→ü"
"""Characters that UTF-8, UTF-16, JSON and YAML write in different ways."""


@dataclass(frozen=True)
class Marker:
    """A value that must not be met, and the name by which a finding may tell of it."""

    name: str
    value: str = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.value) < SHORTEST:
            message = f"{self.name} is shorter than {SHORTEST} characters and no marker"
            raise ValueError(message)


def draw(prefix: str = "", odd: str = TELLING, length: int = 67) -> str:
    """Return a fresh value of this length with each of `odd` scattered in it.

    The length is a prime and no multiple of what generates values, so that a text that tells it
    tells of this value.
    """
    body = [secrets.choice(ALPHABET) for _ in range(length - len(prefix))]
    places = range(4, 4 + 3 * len(odd) * 2, 3)
    for place, char in zip(places, odd * 2, strict=True):
        body[place] = char
    return prefix + "".join(body)


def key_lines(value: str) -> list[str]:
    """Return the lines of a private key in PEM, as the certificate beside it is public."""
    _, begins, rest = value.partition("PRIVATE KEY-----")
    body = rest.partition("-----END")[0] if begins else ""
    return [line for line in body.split() if len(line) > SHORTEST]
