"""What a qualified certificate states about itself: its type, and the PSD2 roles of its holder.

The extension is id-pe-qcStatements (RFC 3739), a list of statements each named by an object
identifier. The three that are read here are those of ETSI EN 319 412-5 (QcCompliance, QcType) and
of ETSI TS 119 495 (PSD2: roles, name and id of the competent authority). Others are passed over,
whatever is in them and however often they are made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from engine.der import OID, Element, Malformed, first, oid, parts, read, utf8

EXTENSION = "1.3.6.1.5.5.7.1.3"
QC_COMPLIANCE = "0.4.0.1862.1.1"
QC_TYPE = "0.4.0.1862.1.6"
PSD2 = "0.4.0.19495.2"
_READ = {
    bytes.fromhex("04008e460101"): QC_COMPLIANCE,
    bytes.fromhex("04008e460106"): QC_TYPE,
    bytes.fromhex("040081982702"): PSD2,
}
"""Names of the statements that are read, by their bytes: strange ones are not taken apart."""

Kind = Literal["qwac", "qseal"]
TYPES: dict[str, Kind] = {"0.4.0.1862.1.6.2": "qseal", "0.4.0.1862.1.6.3": "qwac"}
ROLES = {
    "0.4.0.19495.1.1": "PSP_AS",
    "0.4.0.19495.1.2": "PSP_PI",
    "0.4.0.19495.1.3": "PSP_AI",
    "0.4.0.19495.1.4": "PSP_IC",
}


@dataclass(frozen=True)
class Authorisation:
    """The PSD2 statement."""

    roles: tuple[str, ...]
    """Such as `PSP_AI`; an object identifier for a role that is not known."""
    authority: str
    """Name of the national competent authority."""
    authority_id: str
    """Such as `IE-CBI`."""
    misnamed: tuple[str, ...] = ()
    """Roles whose identifier and name disagree, each as a sentence. The identifier counts."""


@dataclass(frozen=True)
class Statements:
    """The statements that are read here."""

    types: tuple[str, ...] = ()
    """`qwac`, `qseal`, or the object identifier of another type."""
    psd2: Authorisation | None = None
    compliant: bool = False
    """Whether it claims to be qualified in the sense of the EU (QcCompliance)."""


def read_statements(raw: bytes) -> Statements:
    """Return what the extension's content states; raise `Malformed` if it is not well-formed."""
    stated: dict[str, Element | None] = {}
    for number, part in enumerate(parts(read(raw, "the extension"), "the extension"), start=1):
        what = f"statement {number}"
        name, rest = first(part, what)
        if name.tag != OID:
            raise Malformed(f"the name of {what} is {name}, not an object identifier")
        if (known := _READ.get(name.content)) is None:
            continue
        if known in stated:
            raise Malformed(f"{what} is {known}, which was made before")
        stated[known] = read(rest, f"what {what} says") if rest else None
    return Statements(
        types=_types(stated[QC_TYPE]) if QC_TYPE in stated else (),
        psd2=_psd2(stated[PSD2]) if PSD2 in stated else None,
        compliant=QC_COMPLIANCE in stated,
    )


def _types(info: Element | None) -> tuple[str, ...]:
    named = _present(info, "the QcType statement")
    found = [oid(part, "a type of the QcType statement") for part in named]
    if not found:
        raise Malformed("the QcType statement names no type")
    return tuple(TYPES.get(each, each) for each in found)


def _psd2(info: Element | None) -> Authorisation:
    fields = _present(info, "the PSD2 statement")
    if len(fields) != 3:
        raise Malformed(f"the PSD2 statement has {len(fields)} parts, not 3")
    roles = [_role(part) for part in parts(fields[0], "the roles of the PSD2 statement")]
    if not roles:
        raise Malformed("the PSD2 statement names no role")
    return Authorisation(
        tuple(role for role, _ in roles),
        utf8(fields[1], "the authority's name in the PSD2 statement"),
        utf8(fields[2], "the authority's id in the PSD2 statement"),
        tuple(f"the role {role} is named {name!r}" for role, name in roles if _differ(role, name)),
    )


def _differ(role: str, name: str) -> bool:
    """Tell whether a known role bears another name; the name of a strange role proves nothing."""
    return role in ROLES.values() and name != role


def _role(part: Element) -> tuple[str, str]:
    fields = parts(part, "a role of the PSD2 statement")
    if len(fields) != 2:
        raise Malformed(f"a role of the PSD2 statement has {len(fields)} parts, not 2")
    found = oid(fields[0], "the identifier of a role")
    return ROLES.get(found, found), utf8(fields[1], "the name of a role")


def _present(info: Element | None, what: str) -> Sequence[Element]:
    if info is None:
        raise Malformed(f"{what} says nothing")
    return parts(info, what)
