"""SASLprep (RFC 4013) as PostgreSQL applies it to passwords (src/common/saslprep.c).

ASCII passes as it is. Other than in the RFC, what is prohibited is looked for before the text is
normalized. Where the preparation is not possible, the password's own bytes are used: PostgreSQL does
the same on both sides, so that such a password works nevertheless.
"""

from __future__ import annotations

import stringprep
import unicodedata

_PROHIBITED = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
    stringprep.in_table_a1,
)


def prepare(password: str) -> bytes:
    """Return the bytes that stand for a password in SCRAM."""
    prepared = password if password.isascii() else _prepared(password)
    return (password if prepared is None else prepared).encode()


def _prepared(password: str) -> str | None:
    """Return the prepared text; None if the profile prohibits it."""
    spaced = (" " if stringprep.in_table_c12(each) else each for each in password)
    mapped = "".join(each for each in spaced if not stringprep.in_table_b1(each))
    if not mapped or any(is_in(each) for each in mapped for is_in in _PROHIBITED):
        return None
    return unicodedata.normalize("NFKC", mapped) if _is_sound_in_direction(mapped) else None


def _is_sound_in_direction(text: str) -> bool:
    """Hold RFC 3454, section 6: text with right-to-left letters has no others, and begins and ends so."""
    if not any(map(stringprep.in_table_d1, text)):
        return True
    if any(map(stringprep.in_table_d2, text)):
        return False
    return stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
