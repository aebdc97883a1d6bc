"""How a value may be written: every form in which a marker counts as leaked."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote, quote_plus

import yaml

PIECE = 24
"""Characters of a long value that tell of it: what is left where a line was cut off."""

SHORTEST_FORM = 15
"""Bytes; of every form this long, one of any eight neighbouring strides of eight is whole."""


def text_forms(value: str) -> Iterator[tuple[str, str]]:
    """Yield each way a text format writes `value`, with the name of the way."""
    plain = json.dumps(value, ensure_ascii=False)[1:-1]
    escaped = json.dumps(value)[1:-1]
    yield "raw", value
    yield "json", plain
    yield "json-ascii", escaped
    yield "json-slash", escaped.replace("/", "\\/")
    yield "json-twice", json.dumps(escaped)[1:-1]
    yield "yaml-double", _yaml(value, '"', allow_unicode=False)
    yield "yaml-double-unicode", _yaml(value, '"', allow_unicode=True)
    yield "yaml-single", value.replace("'", "''")
    yield "repr", repr(value)[1:-1]
    yield "ascii", ascii(value)[1:-1]
    yield "html", html.escape(value)
    yield "markdown", "".join("\\" + char if char in "\\`*_{}[]<>|#!~$" else char for char in value)
    yield "shell", value.replace("'", "'\"'\"'")
    yield "url", quote(value, safe="")
    yield "url-lower", _lower_percents(quote(value, safe=""))
    yield "url-path", quote(value)
    yield "url-plus", quote_plus(value)
    yield "url-twice", quote(quote(value, safe=""), safe="")


def byte_forms(text: str) -> Iterator[tuple[str, bytes]]:
    """Yield each way bytes of `text` are carried, with the name of the way."""
    raw = text.encode()
    yield "utf-8", raw
    yield "utf-16-le", text.encode("utf-16-le")
    yield "utf-16-be", text.encode("utf-16-be")
    yield "reversed", raw[::-1]
    yield "reversed-text", text[::-1].encode()
    yield "hex", raw.hex().encode()
    yield "hex-upper", raw.hex().upper().encode()
    yield "hex-spaced", raw.hex(" ").encode()
    yield "hex-colons", raw.hex(":").encode()
    yield "base32", base64.b32encode(raw[: len(raw) // 5 * 5])
    yield from _base64_forms(raw)


def spellings(value: str, *, pieces: bool = True) -> dict[bytes, str]:
    """Return every form of `value` with its name; with `pieces`, those of its parts as well."""
    found: dict[bytes, str] = {}
    parts = {"": value}
    if pieces and len(value) >= 2 * PIECE:
        middle = (len(value) - PIECE) // 2
        parts["first part, "] = value[:PIECE]
        parts["middle part, "] = value[middle : middle + PIECE]
        parts["last part, "] = value[-PIECE:]
    for part, text in parts.items():
        for way, written in text_forms(text):
            for carried, form in byte_forms(written):
                name = f"{part}{way}, {carried}"
                if len(form) >= SHORTEST_FORM:
                    found.setdefault(form, name)
    return found


def digests(value: str) -> dict[bytes, str]:
    """Return every form of every unkeyed digest of `value`, whole and cut to 16 hex digits."""
    found: dict[bytes, str] = {}
    forms = {"": value, ", line end": f"{value}\n", ", JSON": json.dumps(value)}
    for form, text in forms.items():
        for algorithm, digest in DIGESTS.items():
            raw = digest(text.encode())
            name = f"{algorithm}{form}"
            found[raw] = f"{name}, raw"
            for cut in (raw.hex(), raw.hex()[:16], raw.hex()[-16:]):
                found[cut.encode()] = f"{name}, hex"
                found[cut.upper().encode()] = f"{name}, hex"
            found[base64.b64encode(raw).rstrip(b"=")] = f"{name}, base64"
            found[base64.urlsafe_b64encode(raw).rstrip(b"=")] = f"{name}, base64"
    return found


DIGESTS: Mapping[str, Callable[[bytes], bytes]] = {
    name: (lambda raw, name=name: hashlib.new(name, raw).digest())  # type: ignore[misc] # bound now
    for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "blake2b")
}


def _yaml(value: str, style: str, *, allow_unicode: bool) -> str:
    written: str = yaml.safe_dump(
        value, default_style=style, width=10**6, allow_unicode=allow_unicode
    )
    return written.strip()[1:-1]


def _lower_percents(text: str) -> str:
    head, *rest = text.split("%")
    return "%".join([head, *(part[:2].lower() + part[2:] for part in rest)])


def _base64_forms(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield what base64 of `raw` is at each of the three offsets, whatever stands around it."""
    for offset in range(3):
        first, last = (8 * offset + 5) // 6, 8 * (offset + len(raw)) // 6
        for name, encode in (("base64", base64.b64encode), ("base64url", base64.urlsafe_b64encode)):
            core = encode(b"\0" * offset + raw)[first:last]
            yield f"{name} at {offset}", core
            yield f"{name} at {offset}, url", quote(core.decode(), safe="").encode()
            yield f"{name} at {offset}, json", core.replace(b"/", b"\\/")
            yield f"{name} at {offset}, reversed", core[::-1]
