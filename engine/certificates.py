"""Certificates whose end must not surprise anybody: what they say of themselves, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from engine.catalogue import Certificate
from engine.ledger import timestamp
from engine.organisation import read_organisation
from engine.qualified import Kind, Statements
from engine.reminders import CERTIFICATES, DAY, Reminder


@dataclass(frozen=True)
class Seen:
    """What a certificate says of itself; all of it is public."""

    subject: str
    issuer: str
    serial: str
    """In hex, as issuers write it."""
    sha256: str
    """Of the certificate as DER, in hex."""
    begins: datetime
    ends: datetime
    organisation: str = ""
    """organizationIdentifier (2.5.4.97) of the subject."""
    stated: Statements = field(default_factory=Statements)
    malformed: str = ""
    """Why its statements, its extensions or its organizationIdentifier cannot be read."""
    legal: str = ""
    """Country, legal name and common name of the subject, as far as they are there."""
    key: str = ""
    """Kind and size of its key, e.g. `EC secp256r1` or `RSA 2048`."""
    usages: tuple[str, ...] = ()
    """Names of what its key may be used for, as RFC 5280 spells them."""
    policies: tuple[str, ...] = ()
    """Object identifiers of the policies it was issued under."""
    doubt: str = ""
    """Why another may be in force in its place: what keeps the slot beside it from being read."""
    aside: str = ""
    """What is wrong with the slot beside it, though it can be told that it is not in force."""

    def may_be(self, kind: Kind) -> bool:
        """Tell whether it may be in force as this kind: it is one, or cannot be read so far."""
        return bool(self.malformed) or kind in self.stated.types

    @property
    def is_placeholder(self) -> bool:
        """Tell whether it claims nothing that a bank could know it by."""
        return not self.malformed and self.stated == Statements()


def findings(entry: Certificate, seen: Seen, now: datetime) -> Iterator[str]:
    """Yield what is wrong with a certificate besides its age, each as a sentence."""
    if seen.doubt:
        yield f"it may not be the one in force: {seen.doubt}"
    if seen.aside:
        yield seen.aside
    if seen.malformed:
        yield f"it is malformed: {seen.malformed}"
    elif entry.kind is not None:
        yield from kind_faults(seen, entry.kind)
    if entry.organisation and entry.organisation != seen.organisation:
        told = seen.organisation or "nothing"
        yield f"its organizationIdentifier is {told}, not {entry.organisation}"
    if seen.begins > now:
        yield f"it is not valid before {timestamp(seen.begins)[:19]}Z"


def kind_faults(seen: Seen, kind: Kind) -> Iterator[str]:
    """Yield what keeps a certificate from being a PSD2 certificate of this kind, as sentences."""
    stated = seen.stated
    if stated.types != (kind,):
        told = " and ".join(stated.types) or "no qualified certificate"
        yield f"it is {told}, not {kind}"
    if stated.types and not stated.compliant:
        yield "it does not claim to be an EU qualified certificate (QcCompliance)"
    if stated.psd2 is None:
        yield "it has no PSD2 statement"
        return
    yield from stated.psd2.misnamed
    named = read_organisation(seen.organisation)
    authority = stated.psd2.authority_id
    if named is not None and named.authority_id and named.authority_id != authority:
        yield (
            f"its organizationIdentifier names the authority {named.authority_id}, and its PSD2 "
            f"statement {authority}"
        )


def reminder(
    name: str,
    entry: Certificate,
    seen: Seen,
    now: datetime,
    *,
    into: str = "",
    run: str = "",
    stopped: str = "",
) -> Reminder | None:
    """Return what is to be said about its end now; None while it is far away.

    `into` is the secret that a renewal would write, if it is known; `run` the one that does, and
    `stopped` what one that was stopped leaves open.
    """
    rung = CERTIFICATES.rung(seen.ends, now)
    if not rung:
        return None
    ends = timestamp(seen.ends)
    left = -((now - seen.ends) // DAY)
    facts = f"{seen.subject}, of {seen.issuer}, serial {seen.serial}, ends at {ends[:19]}Z"
    doubtful = (f"It may not be the one in force: {seen.doubt}.",) if seen.doubt else ()
    under_way = (f"Run {run} renews it.",) if run else ()
    left_open = (f"{stopped[:1].upper()}{stopped[1:]}.",) if stopped else ()
    when = "has expired" if rung == CERTIFICATES.end else f"expires within {left} days"
    return Reminder(
        about="certificate",
        name=name,
        of=f"sha256:{seen.sha256}",
        rung=rung,
        ends=ends,
        title=f"{entry.title} {when}",
        body=" ".join(
            (f"{facts} ({rung}).", *doubtful, *_due(entry, rung), *under_way, *left_open)
        ),
        runbook=entry.runbook or "",
        into=into,
        run=run,
    )


def _due(entry: Certificate, rung: str) -> tuple[str, ...]:
    """Return what should have been reached by now, for those that banks have to be told of."""
    words = _STAGES.get(rung, "Every bank must be settled before it ends.")
    return (words,) if entry.kind is not None else ()


_STAGES = {
    "T-90": "Order the new one; look first that our authorisation is in the register as it was.",
    "T-60": "The new one should have been ordered by now.",
    "T-45": "The new one should be in hand by now.",
    "T-30": "The new one should have been sent to every bank by now.",
    "T-14": "Every bank should have confirmed the new one by now.",
    CERTIFICATES.end: "Whoever knows it alone refuses us from now on.",
}
