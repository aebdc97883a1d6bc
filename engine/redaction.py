"""A second line: known secrets are taken out of every text before it is shown or kept.

The first line is that they never get there. A mask has one length, whatever it hides, and each
spelling a secret commonly travels in is looked for.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from pydantic import SecretStr

MASK = "******"
SHORTEST = 4
"""Shorter secrets are not looked for: masking them would make any text unreadable."""

_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----(.*?)-----END", re.DOTALL)


def spellings(value: str) -> frozenset[str]:
    """Return the forms in which `value` may stand in a text."""
    raw = value.encode()
    forms = {
        value,
        quote(value, safe=""),
        quote_plus(value),
        raw.hex(),
        raw.hex().upper(),
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
    }
    for shift in range(3):
        forms |= _base64_cores(raw, shift)
    return frozenset(form for form in forms | set(_key_lines(value)) if len(form) >= SHORTEST)


def _key_lines(value: str) -> list[str]:
    """Return the lines of private keys in PEM, each of which gives a part of the key away."""
    blocks = _PRIVATE_KEY.findall(value)
    return [line for block in blocks for line in block.split() if len(line) >= 4 * SHORTEST]


def _base64_cores(raw: bytes, shift: int) -> set[str]:
    """Return what is the same in base64 whatever surrounds `raw`, when it starts at `shift`."""
    padded = b"\x00" * shift + raw
    whole = len(padded) // 3 * 3
    start = 0 if shift == 0 else 4
    cores = {
        base64.b64encode(padded[:whole])[start:].decode(),
        base64.urlsafe_b64encode(padded[:whole])[start:].decode(),
    }
    return {core for core in cores if len(core) >= 2 * SHORTEST}


class Redactor:
    """Takes the secrets it knows out of texts."""

    def __init__(self, values: Iterable[SecretStr] = ()) -> None:
        self._forms: tuple[str, ...] = ()
        for value in values:
            self.learn(value)

    def learn(self, value: SecretStr) -> None:
        """From now on take out `value` too."""
        forms = {*self._forms, *spellings(value.get_secret_value())}
        self._forms = tuple(sorted(forms, key=len, reverse=True))

    def __call__(self, text: str) -> str:
        """Return `text` with every known secret replaced by the mask."""
        for form in self._forms:
            text = text.replace(form, MASK)
        return text
