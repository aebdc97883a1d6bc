"""Certificates with an end: read where they are used, and told with what they say of themselves.

Only the public part is looked at. Where a private key stands beside it, it is passed over and
leaves with nothing else.
"""

from adapters.certificates.reading import Look, read_certificates, slot_to_write
from adapters.certificates.stopped import stopped_renewal, stopped_renewals

__all__ = [
    "Look",
    "read_certificates",
    "slot_to_write",
    "stopped_renewal",
    "stopped_renewals",
]
