"""A small strict reader of DER (X.690), enough for what certificates keep in their extensions.

Only what DER allows is read: definite lengths in their shortest form, tags of one byte, nothing
left over. Each function reads one level, so no input can make it recurse.
"""

from __future__ import annotations

from dataclasses import dataclass

SEQUENCE, SET, OID, UTF8, OCTETS = 0x30, 0x31, 0x06, 0x0C, 0x04
NAMES = {
    SEQUENCE: "a sequence",
    SET: "a set",
    OID: "an object identifier",
    UTF8: "a UTF-8 text",
    OCTETS: "a string of octets",
}

_LONG_FORM = 0x80
_LONG_TAG = 0x1F
_MORE = 0x80
_MOST_LENGTH_BYTES = 4
_MOST_ARC_BYTES = 19
"""Enough for an arc that is a UUID (2.25)."""


class Malformed(ValueError):
    """Bytes that are not what DER or the expected form allows; the text says where and why."""


@dataclass(frozen=True)
class Element:
    """One tag with its content."""

    tag: int
    content: bytes

    def __str__(self) -> str:
        return f"tag 0x{self.tag:02x} with {len(self.content)} bytes"


def read(raw: bytes, what: str) -> Element:
    """Return the one element that `raw` is; raise `Malformed`, naming it as `what`."""
    element, end = _element(raw, 0, what)
    if end != len(raw):
        raise Malformed(f"{what} has {len(raw) - end} bytes after its end")
    return element


def first(element: Element, what: str) -> tuple[Element, bytes]:
    """Return the first element of a sequence, and the bytes of what follows, which are not read."""
    content = _expect(element, SEQUENCE, what)
    part, end = _element(content, 0, f"part 1 of {what}")
    return part, content[end:]


def parts(element: Element, what: str, tag: int = SEQUENCE) -> tuple[Element, ...]:
    """Return the elements of a sequence, or of what has another `tag`, in order."""
    content, place = _expect(element, tag, what), 0
    found: list[Element] = []
    while place < len(content):
        part, place = _element(content, place, f"part {len(found) + 1} of {what}")
        found.append(part)
    return tuple(found)


def oid(element: Element, what: str) -> str:
    """Return an object identifier in dots."""
    content = _expect(element, OID, what)
    if not content or content[-1] & _MORE:
        raise Malformed(f"{what} is an object identifier that is cut off")
    arcs: list[int] = []
    value = length = 0
    for byte in content:
        if length == 0 and byte == _MORE:
            raise Malformed(f"{what} is an object identifier with a needless zero")
        value, length = value << 7 | byte & ~_MORE, length + 1
        if length > _MOST_ARC_BYTES:
            raise Malformed(f"{what} is an object identifier with an arc too large")
        if not byte & _MORE:
            arcs.append(value)
            value = length = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(str(arc) for arc in (first, arcs[0] - 40 * first, *arcs[1:]))


def octets(element: Element, what: str) -> bytes:
    """Return the bytes of an octet string."""
    return _expect(element, OCTETS, what)


def utf8(element: Element, what: str) -> str:
    """Return a text."""
    try:
        return _expect(element, UTF8, what).decode()
    except UnicodeDecodeError:
        pass
    raise Malformed(f"{what} is not UTF-8")


def _expect(element: Element, tag: int, what: str) -> bytes:
    if element.tag != tag:
        raise Malformed(f"{what} is {element}, not {NAMES[tag]}")
    return element.content


def _element(raw: bytes, place: int, what: str) -> tuple[Element, int]:
    """Return the element at `place` and where it ends."""
    if place + 2 > len(raw):
        raise Malformed(f"{what} ends before its length")
    tag, length, start = raw[place], raw[place + 1], place + 2
    if tag & _LONG_TAG == _LONG_TAG:
        raise Malformed(f"{what} has a tag of several bytes")
    if length & _LONG_FORM:
        length, start = _long_length(raw, start, length & ~_LONG_FORM, what)
    end = start + length
    if end > len(raw):
        raise Malformed(f"{what} says {length} bytes and has {len(raw) - start}")
    return Element(tag, raw[start:end]), end


def _long_length(raw: bytes, start: int, count: int, what: str) -> tuple[int, int]:
    size = raw[start : start + count]
    if not 0 < count <= _MOST_LENGTH_BYTES or len(size) < count:
        raise Malformed(f"{what} has a length of {count} bytes that cannot be read")
    length = int.from_bytes(size, "big")
    if size[0] == 0 or length < _LONG_FORM:
        raise Malformed(f"{what} spells its length longer than needed")
    return length, start + count
