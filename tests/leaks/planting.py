"""Leaks made on purpose: ways to write a marker, by which each sink is shown to be searched."""

from __future__ import annotations

import base64
import gzip
import json
import textwrap
import zlib
from collections.abc import Callable, Mapping
from urllib.parse import quote, quote_plus

import yaml

Encoder = Callable[[str], bytes]


def _wrapped(width: int) -> Encoder:
    def encode(value: str) -> bytes:
        text = base64.b64encode(b"before " + value.encode() + b" and a longer text after it")
        return "\n  ".join(textwrap.wrap(text.decode(), width)).encode()

    return encode


def _base64(offset: int, encode: Callable[[bytes], bytes]) -> Encoder:
    return lambda value: encode(b"x" * offset + value.encode() + b"yz")


IN_A_WORD: Mapping[str, Encoder] = {
    "base64 at 0": _base64(0, base64.b64encode),
    "base64 at 1": _base64(1, base64.b64encode),
    "base64 at 2": _base64(2, base64.b64encode),
    "base64url at 0": _base64(0, base64.urlsafe_b64encode),
    "base64url at 1": _base64(1, base64.urlsafe_b64encode),
    "base64url at 2": _base64(2, base64.urlsafe_b64encode),
    "hex": lambda value: value.encode().hex().encode(),
    "HEX": lambda value: value.encode().hex().upper().encode(),
    "quote": lambda value: quote(value, safe="").encode(),
    "quote_plus": lambda value: quote_plus(value).encode(),
}
"""Forms of one word, which may also stand in the path of a URL."""

IN_A_TEXT: Mapping[str, Encoder] = {
    **IN_A_WORD,
    "raw": str.encode,
    "json": lambda value: json.dumps({"a": value}).encode(),
    "json in json": lambda value: json.dumps(json.dumps({"a": value})).encode(),
    "yaml": lambda value: yaml.safe_dump({"a": value}, width=4096).encode(),
    "yaml, double quotes": lambda value: yaml.safe_dump(value, default_style='"').encode(),
    "repr": lambda value: repr([value]).encode(),
    "reversed": lambda value: value[::-1].encode(),
    "base64 wrapped at 60": _wrapped(60),
    "base64 wrapped at 64": _wrapped(64),
    "base64 wrapped at 76": _wrapped(76),
    "cut off": lambda value: value[: len(value) // 2].encode(),
}
"""Forms that stand in any text of more than one line."""

IN_BYTES: Mapping[str, Encoder] = {
    **IN_A_TEXT,
    "utf-16-le": lambda value: value.encode("utf-16-le"),
    "utf-16-be": lambda value: value.encode("utf-16-be"),
    "gzip": lambda value: b"head" + gzip.compress(b"a line before\n" + value.encode()) + b"tail",
    "zlib": lambda value: b"head" + zlib.compress(value.encode() * 3) + b"tail",
    "base64 in gzip": lambda value: gzip.compress(base64.b64encode(value.encode())),
    "gzip in zlib": lambda value: zlib.compress(gzip.compress(value.encode())),
    "gzip, cut off": lambda value: gzip.compress(value.encode() + bytes(range(256)) * 9)[:-12],
}
"""Forms that a file may have."""
