"""Certificates of a third party provider under PSD2 (QWAC, QSealC): asked for, taken in, and compared.

A certificate and its private key are one secret, a **pair**: PKCS#8 and the chain, in PEM, in one
value. So no store and no pod ever holds a certificate with another's key.
"""

from __future__ import annotations

from adapters.tpp.receiving import receive_step
from adapters.tpp.requesting import request_step
from adapters.tpp.standing import StoppedAt, standing_step
from engine.step import AnyStep

__all__ = ["steps"]


def steps(stopped_at: StoppedAt) -> tuple[AnyStep, ...]:
    """Return what this adapter offers; of a slot `stopped_at` tells which renewal left it open."""
    return (standing_step(stopped_at), request_step(), receive_step())
