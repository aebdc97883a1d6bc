"""RSA keys: drawing one costs a processor more than any other part of a world."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa


@cache
def rsa_key(owner: str) -> rsa.RSAPrivateKey:
    """Return the key of `owner`, drawn once: every world of this interpreter has the same."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
