"""A certificate on its way from a person to a gate: read from a file, and stripped to what is public."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from engine.brought import MAX_CERTIFICATE
from engine.errors import Refused

_DER = b"\x30\x82"
"""How DER of more than 255 bytes begins."""
_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")


def certificate_text(file: str) -> str:
    """Return the certificates in a PEM file, `-` for standard input, and nothing else of it.

    Raises `Refused` where a private key stands beside them, as it does not belong there.
    """
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        reason = error.strerror
    else:
        if raw.startswith(_DER):
            raise Refused(
                f"{file} is DER, and a gate takes PEM",
                hint="Turn it into PEM, and add the chain: `openssl x509 -inform DER -in FILE`.",
            )
        return _public(
            raw.decode("latin-1"), file
        )  # words around the blocks may be in any encoding
    raise Refused(f"{file} cannot be read: {reason}", hint="Give the certificate as PEM.")


def _public(text: str, file: str) -> str:
    if "PRIVATE KEY" in text:
        raise Refused(
            f"{file} holds a private key, and nothing of it was sent",
            hint="The key was made here, and no other belongs to this certificate.",
        )
    blocks = _BLOCK.findall(text)
    if not blocks:
        raise Refused(f"{file} holds no certificate in PEM", hint="See `openssl x509 -in`.")
    chain = "\n".join([*blocks, ""])
    if len(chain) > MAX_CERTIFICATE:
        raise Refused(f"{file} is larger than {MAX_CERTIFICATE} characters, which is no chain")
    return chain
