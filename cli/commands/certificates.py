"""`runbook certificates`: what each says of itself, what is wrong with it, and when it ends."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

from adapters.platform import Platform, open_platform
from cli.exits import Exit
from cli.options import AsJson, new_app
from cli.screen import listed, say, say_json, show, table
from cli.text import moment
from engine.certificates import findings
from engine.errors import RunbookError
from engine.ledger import timestamp
from engine.reminders import CERTIFICATES, DAY

if TYPE_CHECKING:
    from adapters.certificates import Look

app = new_app()


@app.command()
def certificates(*, as_json: AsJson = False) -> None:
    """Show what the certificates say, and when they end.

    They are read where the catalogue says they are used. Ends with 1 if one has expired, cannot be
    read, or is not what it should be.
    """
    from adapters.certificates import read_certificates
    from adapters.ledger.store import utc_now

    platform, now = open_platform(), utc_now()
    facts = [_facts(look, _left_open(platform, look), now) for look in read_certificates(platform)]
    if as_json:
        say_json(facts)
    elif facts:
        head = ("Certificate", "Type", "Roles", "Authority", "Ends (UTC)", "Left", "What is known")
        show(table(head, map(_cells, facts)))
    else:
        say("the catalogue names no certificate")
    if any(fact["findings"] or fact["rung"] == CERTIFICATES.end for fact in facts):
        raise typer.Exit(Exit.REFUSED)


def _left_open(platform: Platform, look: Look) -> list[str]:
    """Say which renewal of its slots was stopped half-way, or why that cannot be told."""
    from adapters.certificates import stopped_renewals

    try:
        stopped = stopped_renewals(platform, look.entry.slots)
    except RunbookError as error:
        return [f"whether a renewal of it was stopped cannot be told: {error.message}"]
    return list(dict.fromkeys(each.told for each in stopped.values()))


def _facts(look: Look, left_open: list[str], now: datetime) -> dict[str, Any]:
    told = {"certificate": look.name, "title": look.entry.title, "rung": None, "days": None}
    if look.seen is None:
        return {**told, "findings": [look.unknown, *left_open]}
    seen, psd2 = look.seen, look.seen.stated.psd2
    return {
        **told,
        "types": list(seen.stated.types),
        "roles": list(psd2.roles) if psd2 else [],
        "authority": psd2.authority if psd2 else None,
        "authority_id": psd2.authority_id if psd2 else None,
        "organisation": seen.organisation or None,
        "subject": seen.subject,
        "issuer": seen.issuer,
        "serial": seen.serial,
        "sha256": seen.sha256,
        "begins": timestamp(seen.begins),
        "ends": timestamp(seen.ends),
        "days": (seen.ends - now) // DAY,
        "into": look.into or None,
        "rung": CERTIFICATES.rung(seen.ends, now) or None,
        "findings": [*findings(look.entry, seen, now), *left_open],
    }


def _cells(fact: dict[str, Any]) -> tuple[str, ...]:
    days, rung = fact["days"], fact["rung"]
    left = "" if days is None else f"{days}d" if days >= 0 else f"expired {-days}d ago"
    return (
        fact["certificate"],
        listed(fact.get("types", ())),
        listed(fact.get("roles", ())),
        fact.get("authority_id") or "",
        moment(fact.get("ends", "")),
        f"{left} ({rung})" if rung and rung != CERTIFICATES.end else left,
        "; ".join(fact["findings"]),
    )
