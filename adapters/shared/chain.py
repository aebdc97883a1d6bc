"""A chain of certificates in the order that TLS wants: each is certified by the one after it."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from adapters.shared.x509 import is_authority, issuer_of, subject_of


def chain_of(leaf: x509.Certificate, found: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """Return the leaf and its issuers, one above the other (RFC 5246, 7.4.2).

    What is not on the way is left out. Of several with the issuer's name it is one that has signed,
    and of those the one that ends last; where none has signed the leaf, any of them.
    """
    chain = [leaf]
    while issuer_of(chain[-1]) != subject_of(chain[-1]):
        below = chain[-1]
        named = [
            each
            for each in found
            if each not in chain and subject_of(each) == issuer_of(below) and is_authority(each)
        ]
        best = max(named, key=lambda each: (signed_by(below, each), _end(each)), default=None)
        if best is None or (below is not leaf and not signed_by(below, best)):
            break
        chain.append(best)
    return chain


def signed_by(below: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Tell whether the issuer's key has signed the certificate."""
    try:
        below.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _end(certificate: x509.Certificate) -> float:
    return certificate.not_valid_after_utc.timestamp()
