"""The organizationIdentifier of a subject (2.5.4.97), taken apart.

ETSI EN 319 412-1, 5.1.4: three letters that say which register, two for the country, a hyphen, and
the number there, e.g. `VATDE-123456789`, `NTRGB-12345678`, or `LEIXG-…`. A register of one nation is spelled
with two letters and a colon, `XX:DE-…`. ETSI TS 119 495, 5.2.1 adds `PSD`, where the number begins
with two to eight capital letters for the competent authority: `PSDBG-BNB-C433487`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PSD = "PSD"
_FORM = re.compile(r"([A-Z]{3}|[A-Z]{2}:)([A-Z]{2})-(.+)", re.DOTALL)
_AUTHORITY = re.compile(r"([A-Z]{2,8})-(.+)", re.DOTALL)


@dataclass(frozen=True)
class Organisation:
    """What an organizationIdentifier says."""

    register: str
    """Such as `PSD`, `VAT` or `NTR`."""
    country: str
    number: str
    authority_id: str = ""
    """Such as `BG-BNB`, as the PSD2 statement writes it; empty outside the register `PSD`."""


def read_organisation(text: str) -> Organisation | None:
    """Return the parts of an organizationIdentifier; None where it has none of the known forms."""
    found = _FORM.fullmatch(text)
    if found is None or not text.isprintable():
        return None
    register, country, number = found.groups()
    if register != PSD:
        return Organisation(register.rstrip(":"), country, number)
    authority = _AUTHORITY.fullmatch(number)
    if authority is None:
        return None
    return Organisation(register, country, authority[2], f"{country}-{authority[1]}")
