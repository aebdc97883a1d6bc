"""A second line: known secrets are taken out of every text before it is shown or kept.

The first line is that they never get there. A mask has one length, whatever it hides, and each
spelling a secret commonly travels in is looked for. Of one that has several lines each line is.
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

SHORTEST_LINE = 2 * SHORTEST
"""Shorter lines of a secret give nothing away, and would be met by chance."""

_PUBLIC_BLOCK = re.compile(
    r"-----BEGIN (?P<what>(?![A-Z0-9 ]*PRIVATE KEY)[A-Z0-9 ]+)-----.*?-----END (?P=what)-----",
    re.DOTALL,
)
"""A certificate, a request or a public key in PEM: anybody may see it, beside its key as well."""
_BORDER = re.compile(r"-----(BEGIN|END) [A-Z0-9 ]+-----")


def spellings(value: str) -> frozenset[str]:
    """Return the forms in which `value` may stand in a text, of several lines each line too."""
    forms = {form for text in (value, value.strip()) for form in _whole(text)}
    for line in _telling_lines(value):
        forms |= _escaped(line)
    return frozenset(form for form in forms if len(form) >= SHORTEST)


def _whole(value: str) -> set[str]:
    raw = value.encode()
    forms = {
        *_escaped(value),
        quote(value, safe=""),
        quote_plus(value),
        raw.hex(),
        raw.hex().upper(),
    }
    for shift in range(3):
        forms |= _base64_cores(raw, shift)
    return forms


def _escaped(text: str) -> set[str]:
    return {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}


def _telling_lines(value: str) -> list[str]:
    """Return what gives a part of a value of several lines away: its lines, and long words in them.

    Programs that stumble over a line quote that line alone, or the word they do not understand.
    """
    if "\n" not in value.strip():
        return []
    lines = [line.strip() for line in _PUBLIC_BLOCK.sub("", value).splitlines()]
    telling = [line for line in lines if not _BORDER.fullmatch(line)]
    words = [word for line in telling for word in line.split() if len(word) >= 4 * SHORTEST]
    return [line for line in telling if len(line) >= SHORTEST_LINE] + words


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
