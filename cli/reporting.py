"""The report of a period, gathered, held against witnesses, and written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from adapters.platform import Platform
from cli.export import write_lines
from cli.recorder import person, record
from cli.report import Period, made_at, sections
from cli.report_html import Cover, html
from cli.witnesses import Asked, Gathered, witnesses
from engine.errors import ChainBroken
from engine.ledger import Entry, Event
from engine.witnesses import Verified, confront


def write_report(
    platform: Platform, period: Period, output: Path, asked: Asked, by: str
) -> ChainBroken | None:
    """Write the report, record that it was made, and return what is wrong with the ledger.

    It is written also for a ledger that is not sound, with that at its top.
    """
    known = witnesses(asked, lambda: platform)
    who, now = person(platform, by), datetime.now(UTC)
    told: dict[str, str] = {"since": period.since, "until": period.until}
    record(
        platform,
        Event.TRAIL_READ,
        who,
        {"report": str(output.absolute())} | {name: at for name, at in told.items() if at},
    )
    entries: list[Entry] = []
    found: Verified | ChainBroken
    try:
        with platform.journal as journal:
            with closing(journal.stream()) as stream:
                found = confront(_kept(stream, entries), known.heads)
            journal.verify_beside()
    except ChainBroken as error:
        found = error
    broken = found if isinstance(found, ChainBroken) else None
    cover = Cover(
        "Audit report",
        [f"Period: {period.words()}.", f"Made {made_at(now)} by {who.subject} ({who.verified})."],
        _result(found, known),
        is_sound=broken is None,
    )
    write_lines(html(cover, sections(entries, period, platform.catalogue, now)), output, "--html")
    return broken


def _kept(stream: Iterable[Entry], kept: list[Entry]) -> Iterator[Entry]:
    """Keep each entry once the next one is asked for, so that one found wrong is not kept."""
    for entry in stream:
        yield entry
        kept.append(entry)


def _result(found: Verified | ChainBroken, known: Gathered) -> Sequence[str]:
    if isinstance(found, ChainBroken):
        told = f"THE LEDGER IS NOT WHAT WAS ONCE WRITTEN: {found.message}."
        return [told, found.hint or "What follows is told up to there."]
    return [
        f"The ledger is unbroken: {found.length} entries, head {found.head}.",
        *(f"Note that {told}." for told in known.unasked),
        f"{len(known.heads)} heads kept elsewhere are in it, the last that of entry {found.vouched}."
        if known.heads
        else "No head kept elsewhere was given, so a cut tail could not be seen.",
    ]
