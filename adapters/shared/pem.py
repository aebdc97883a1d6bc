"""From bytes to certificates, whatever they are wrapped in; private keys beside them are not looked at.

PEM (RFC 7468) is taken with any text around it, any line ends, any indentation, and its blocks in
any order. Base64 without the lines around it, and DER, hold one certificate each.
"""

from __future__ import annotations

import base64
import binascii
import re
from contextlib import suppress

from cryptography import x509

from engine.errors import Refused

_LABEL = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----")
_BLOCK = re.compile(
    rb"-----BEGIN (?:X509 )?CERTIFICATE-----(.*?)-----END (?:X509 )?CERTIFICATE-----", re.DOTALL
)
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]{64,}")
_PKCS7 = bytes.fromhex("06092a864886f70d0107")
"""The beginning of every content type of PKCS#7 (RFC 2315, section 14)."""
_PFX = bytes.fromhex("020103")
"""A PKCS#12 file begins with its version, which is 3 (RFC 7292, section 4)."""
_HEAD = 40
"""Bytes at the beginning of DER within which those stand."""
MOST = 100
"""Certificates of one chain. A dozen would be many."""

PKCS7_HINT = "Take the certificates out of it: `openssl pkcs7 -print_certs`."
PKCS12_HINT = (
    "Take the certificate out of it: `openssl pkcs12 -nokeys`; the private key stays behind."
)


def load(raw: bytes, where: str) -> list[x509.Certificate]:
    """Return every certificate in `raw`, in the order they stand there.

    Raises `Refused` with what it is instead, which never quotes it.
    """
    if b"-----BEGIN " in raw:
        bodies = _pem_bodies(raw, where)
    elif _BASE64.fullmatch(raw.strip()):
        bodies = [_decoded(raw, where)]
    else:
        bodies = [raw]
    return [_certificate(body, where) for body in bodies]


def load_readable(raw: bytes, where: str) -> list[x509.Certificate]:
    """Return what `load` does, without those that cannot be read; raise `Refused` if none can."""
    found: list[x509.Certificate] = []
    for block in _BLOCK.findall(raw):
        with suppress(Refused):
            found.append(_certificate(_decoded(block, where), where))
    return found[:MOST] or load(raw, where)


def _pem_bodies(raw: bytes, where: str) -> list[bytes]:
    blocks = _BLOCK.findall(raw)
    if len(blocks) > MOST:
        raise Refused(f"{where} holds {len(blocks)} certificates, which is no chain")
    if blocks:
        return [_decoded(block, where) for block in blocks]
    labels = {label.decode() for label in _LABEL.findall(raw)}
    if labels & {"PKCS7", "CMS"}:
        raise Refused(f"{where} is PKCS#7, not a certificate", hint=PKCS7_HINT)
    if any(label.endswith("PRIVATE KEY") for label in labels):
        raise Refused(
            f"{where} holds no certificate that can be read, only a private key",
            hint="Name the place of the certificate; keep the key where it is.",
        )
    if any(label.endswith("CERTIFICATE REQUEST") for label in labels):
        raise Refused(
            f"{where} holds no certificate that can be read, only the request for one",
            hint="Wait for what the provider issues upon it.",
        )
    raise _unreadable(where)


def _decoded(text: bytes, where: str) -> bytes:
    try:
        return base64.b64decode(b"".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        pass  # raised below: the error may quote the text
    raise _unreadable(where)


def _certificate(der: bytes, where: str) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(der)
    except (ValueError, TypeError, x509.InvalidVersion):
        pass  # raised below: a private key may stand in the same text
    head = der[:_HEAD]
    if _PKCS7 in head and _PFX in head:
        raise Refused(f"{where} is PKCS#12, which holds the private key too", hint=PKCS12_HINT)
    if _PKCS7 in head:
        raise Refused(f"{where} is PKCS#7, not a certificate", hint=PKCS7_HINT)
    raise _unreadable(where)


def _unreadable(where: str) -> Refused:
    return Refused(
        f"{where} holds no certificate that can be read",
        hint="It must be PEM, or DER; look at it with `openssl x509 -text`.",
    )
