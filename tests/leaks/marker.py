"""Markers: values that stand nowhere by chance, and so prove a leak wherever they are met."""

from __future__ import annotations

import base64
import secrets
import string
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

SHORTEST = 16
"""Characters; a shorter value could be met by chance, and is found by no stride of the scanner."""

LINE_BYTES = 48
"""Bytes in a full line of PEM (RFC 7468, section 2)."""
ALPHABET = string.ascii_letters + string.digits
TELLING = '"/+%\\'
"""Characters that JSON, YAML, URLs and both kinds of base64 write in different ways."""
FOREIGN = "ß→ü"
"""Characters that UTF-8, UTF-16, JSON and YAML write in different ways."""


@dataclass(frozen=True)
class Marker:
    """A value that must not be met, and the name by which a finding may tell of it."""

    name: str
    value: str = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.value) < SHORTEST:
            message = f"{self.name} is shorter than {SHORTEST} characters and no marker"
            raise ValueError(message)


def draw(prefix: str = "", odd: str = TELLING, length: int = 67) -> str:
    """Return a fresh value of this length with each of `odd` scattered in it.

    The length is a prime and no multiple of what generates values, so that a text that tells it
    tells of this value.
    """
    body = [secrets.choice(ALPHABET) for _ in range(length - len(prefix))]
    places = range(4, 4 + 3 * len(odd) * 2, 3)
    for place, char in zip(places, odd * 2, strict=True):
        body[place] = char
    return prefix + "".join(body)


def key_lines(value: str) -> list[str]:
    """Return the lines of a private key in PEM that hold something of its secret.

    The certificate beside it is public, and so is what the key repeats of it: the public point, the
    modulus. That is met in every certificate and request of the key, and is left out.
    """
    _, begins, rest = value.partition("PRIVATE KEY-----")
    body = rest.partition("-----END")[0] if begins else ""
    lines = body.split()
    public = _public_range("".join(lines))
    kept = [_secret_part(number, line, public) for number, line in enumerate(lines)]
    return [line for line in kept if len(line) > SHORTEST]


def _public_range(text: str) -> range:
    """Return which bytes of a key (base64 of DER) are public; empty where it cannot be read."""
    try:
        der = base64.b64decode(text, validate=True)
        key = serialization.load_der_private_key(der, None)
    except (ValueError, UnsupportedAlgorithm):
        return range(0)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        part = key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
    elif isinstance(key, rsa.RSAPrivateKey):
        modulus = key.public_key().public_numbers().n
        part = modulus.to_bytes((modulus.bit_length() + 7) // 8, "big")
    else:
        return range(0)
    start = der.find(part)
    return range(start, start + len(part)) if start >= 0 else range(0)


def _secret_part(number: int, line: str, public: range) -> str:
    """Return what is left of a line without its public bytes, in whole groups of base64.

    Every line but the last has 48 bytes, and each four characters stand for three of them.
    """
    start = number * LINE_BYTES
    stop = start + len(line) // 4 * 3
    if public.stop <= start or stop <= public.start:
        return line
    before = line[: max(0, public.start - start) // 3 * 4]
    after = line[-(-max(0, public.stop - start) // 3) * 4 :]
    return max(before, after, key=len)
