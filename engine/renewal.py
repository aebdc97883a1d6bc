"""What must be the same in a renewed certificate, and what is merely worth a look.

Banks know the holder by the organizationIdentifier and let it do what the roles say; both of a
certificate that was issued otherwise would end the consents of customers, or the access itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from engine.certificates import Seen, kind_faults
from engine.ledger import timestamp
from engine.qualified import Kind

LEAST_LEFT = timedelta(days=30)
"""A certificate that ends sooner could not be brought to all banks before it is renewed again."""
CLIENT = "clientAuth"
SIGNS = frozenset({"digitalSignature", "nonRepudiation"})


def refusals(kind: Kind, old: Seen, new: Seen, now: datetime) -> Iterator[str]:
    """Yield each reason why `new` may not take the place of `old`, with both values."""
    if new.malformed:
        yield f"it is malformed: {new.malformed}"
        return
    yield from kind_faults(new, kind)
    yield from _identity(old, new)
    yield from _usage(kind, new)
    if new.begins > now:
        yield f"it is not valid before {_moment(new.begins)}"
    if new.ends <= old.ends:
        yield f"it ends at {_moment(new.ends)}, no later than the one in force ({_moment(old.ends)})"
    if new.ends < now + LEAST_LEFT:
        yield f"it ends at {_moment(new.ends)}, within {LEAST_LEFT.days} days"


def remarks(old: Seen, new: Seen) -> tuple[str, ...]:
    """Return what differs and may; some banks pin it."""
    pairs = {
        "subject": (old.legal, new.legal),
        "issuer": (old.issuer, new.issuer),
        "kind of key": (old.key, new.key),
        "usage": (", ".join(old.usages), ", ".join(new.usages)),
        "policy": (", ".join(old.policies) or "none", ", ".join(new.policies) or "none"),
    }
    return tuple(
        f"its {what} is {is_now}, and was {was}"
        for what, (was, is_now) in pairs.items()
        if was != is_now
    )


def _identity(old: Seen, new: Seen) -> Iterator[str]:
    was, is_now = old.stated.psd2, new.stated.psd2
    pairs = [("organizationIdentifier", old.organisation, new.organisation)]
    if was is not None and is_now is not None:
        pairs += [
            ("roles", ", ".join(sorted({*was.roles})), ", ".join(sorted({*is_now.roles}))),
            ("authority", was.authority_id, is_now.authority_id),
        ]
    for what, before, after in pairs:
        if before != after:
            yield f"its {what} must stay {before or 'none'}, and would be {after or 'none'}"


def _usage(kind: Kind, new: Seen) -> Iterator[str]:
    if kind == "qwac" and CLIENT not in new.usages:
        yield f"it may not be used as a client in TLS ({CLIENT})"
    if kind == "qseal" and not SIGNS & set(new.usages):
        yield "it may not sign (digitalSignature or nonRepudiation)"


def _moment(at: datetime) -> str:
    return f"{timestamp(at)[:19]}Z"
