"""What a certificate says outside its dates and key: names and extensions (RFC 5280, 4.1.2).

They are read from the bytes that were signed, each on its own, so that one that nobody can make sense
of hides none of the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.der import SEQUENCE, SET, Element, Malformed, octets, oid, parts, read

AUTHORITY, KEY_USAGE, PURPOSES, POLICIES = "2.5.29.19", "2.5.29.15", "2.5.29.37", "2.5.29.32"
"""Object identifiers of the extensions that are read here."""
_VERSION, _EXTENSIONS, _BOOLEAN, _BITS = 0xA0, 0xA3, 0x01, 0x03
_BEFORE_ISSUER, _FIELDS = 2, 6
_SPELLED = {0x1E: "utf-16-be", 0x1C: "utf-32-be", 0x0C: "utf-8"}
"""Encodings of texts by their tag."""
_LATIN = (0x13, 0x14, 0x16, 0x1A)
"""Texts of one byte a character; issuers write Latin-1 into TeletexString."""
_SIGNING = {0x80: "digitalSignature", 0x40: "nonRepudiation"}
"""Bits of the first byte of a key usage."""


@dataclass(frozen=True)
class Issued:
    """The signed part of a certificate."""

    issuer: Element
    subject: Element
    listed: Element | None = None
    """The list of extensions, where there is one."""

    def extension(self, identifier: str) -> bytes | None:
        """Return the content of an extension; None where there is none.

        Raises `Malformed` where it is given twice, or the list of extensions is none.
        """
        found = [content for name, content in self._extensions() if name == identifier]
        if len(found) > 1:
            raise Malformed(f"its extension {identifier} is given {len(found)} times")
        return found[0] if found else None

    @property
    def is_authority(self) -> bool:
        """Tell whether it may issue others; one that does not say so readably may not."""
        try:
            raw = self.extension(AUTHORITY)
            said = parts(read(raw, "it"), "it") if raw is not None else ()
        except Malformed:
            return False
        return bool(said) and said[0].tag == _BOOLEAN and any(said[0].content)

    @property
    def usages(self) -> tuple[str, ...]:
        """Return what its key may sign, and its purposes in dots; none where that is unreadable."""
        return (*self._signs(), *self._listed(PURPOSES))

    @property
    def policies(self) -> tuple[str, ...]:
        """Return the policies that it was issued under; none where that is unreadable."""
        return self._listed(POLICIES)

    def _extensions(self) -> Iterator[tuple[str, bytes]]:
        what = "the list of extensions"
        for each in parts(self.listed, what) if self.listed is not None else ():
            fields = parts(each, "an extension")
            if len(fields) < 2:
                raise Malformed("an extension has no content")
            yield _identifier(fields[0]), octets(fields[-1], "an extension")

    def _signs(self) -> tuple[str, ...]:
        try:
            raw = self.extension(KEY_USAGE)
            bits = read(raw, "it") if raw is not None else None
        except Malformed:
            return ()
        if bits is None or bits.tag != _BITS or len(bits.content) < 2:
            return ()
        return tuple(name for bit, name in _SIGNING.items() if bits.content[1] & bit)

    def _listed(self, extension: str) -> tuple[str, ...]:
        """Return the identifiers that an extension lists, alone or each at the head of a sequence."""
        try:
            raw = self.extension(extension)
            each = parts(read(raw, "it"), "it") if raw is not None else ()
            named = (parts(one, "it")[0] if one.tag == SEQUENCE else one for one in each)
            return tuple(oid(one, "it") for one in named)
        except (Malformed, IndexError):
            return ()


def read_issued(raw: bytes) -> Issued:
    """Return what the signed part of a certificate says; raise `Malformed`."""
    what = "the signed part"
    fields = [*parts(read(raw, what), what)]
    if fields and fields[0].tag == _VERSION:
        del fields[0]
    if len(fields) < _FIELDS:
        raise Malformed(f"{what} has {len(fields)} parts, not {_FIELDS} at least")
    issuer, _, subject, *rest = fields[_BEFORE_ISSUER:]
    outer = next((each for each in rest if each.tag == _EXTENSIONS), None)
    listed = read(outer.content, "the list of extensions") if outer is not None else None
    return Issued(issuer, subject, listed)


def attributes(name: Element) -> tuple[tuple[str, str], ...]:
    """Return identifier and text of each part of a name, however odd its spelling; raise `Malformed`."""
    found = []
    for several in parts(name, "a name"):
        for one in parts(several, "a part of a name", SET):
            fields = parts(one, "a part of a name")
            if len(fields) != 2:
                raise Malformed(f"a part of a name has {len(fields)} parts, not 2")
            found.append((_identifier(fields[0]), _text(fields[1])))
    return tuple(found)


def _text(element: Element) -> str:
    if element.tag in _SPELLED:
        return element.content.decode(_SPELLED[element.tag], errors="replace")
    return element.content.decode("latin-1") if element.tag in _LATIN else element.content.hex()


def _identifier(element: Element) -> str:
    """Return an object identifier in dots; one that is none, in hex."""
    try:
        return oid(element, "it")
    except Malformed:
        return element.content.hex()
