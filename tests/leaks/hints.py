"""Texts that tell something of a secret, though not the secret: how long it is, a short digest."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping

from tests.leaks.marker import Marker
from tests.leaks.scanner import Find

_TOLD = re.compile(
    rb"(?i)\b(\d+)[ _-]*(?:characters?|chars?|bytes?|letters|symbols)\b"
    rb"|\b(?:length|len|size|chars|characters)\b[\\\"' ]{0,4}(?:[:=]|is|of|was)[\\\"' ]{0,4}(\d+)\b"
)
_SECRET = re.compile(rb"(?i)secret|value|key|token|password|passphrase|marker")
NEAR = 120
"""Bytes before and after a number within which a word for a secret makes it telling."""
COMMON = 64
"""Characters; lengths up to this one are met by chance, and the catalogue itself tells some."""

_HEX = re.compile(rb"(?i)[0-9a-f]{12,}")
CUT = 12
"""Hex digits of a digest that are enough to know it again, and too many to be met by chance."""


def told_lengths(blob: bytes, where: str, markers: Iterable[Marker]) -> Iterator[Find]:
    """Yield each place that states the exact length of a marker near a word for a secret."""
    known = _lengths(markers)
    for match in _TOLD.finditer(blob):
        number = int((match.group(1) or match.group(2))[:9])
        around = blob[max(0, match.start() - NEAR) : match.end() + NEAR]
        if number in known and _SECRET.search(around):
            said = match.group().decode(errors="replace")
            yield Find(where, known[number], f"its length: {said}")


def told_digests(blob: bytes, where: str, markers: Iterable[Marker]) -> Iterator[Find]:
    """Yield each place that has the beginning of an unkeyed digest of a marker."""
    known = {
        hashlib.new(algorithm, text.encode()).hexdigest()[:CUT].encode(): marker.name
        for marker in markers
        for algorithm in ("md5", "sha1", "sha256", "sha512", "blake2b")
        for text in (marker.value, f"{marker.value}\n", json.dumps(marker.value))
    }
    for match in _HEX.finditer(blob):
        name = known.get(match.group()[:CUT].lower())
        if name is not None:
            yield Find(where, name, "the beginning of a digest")


def _lengths(markers: Iterable[Marker]) -> Mapping[int, str]:
    known: dict[int, str] = {}
    for marker in markers:
        for size in (len(marker.value), len(marker.value.encode())):
            if size > COMMON:
                known.setdefault(size, marker.name)
    return known
