"""`runbook audit`: the ledger, read, verified, exported, anchored and reviewed."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Annotated

import typer

from adapters.platform import open_platform
from cli.anchoring import anchor_head
from cli.export import export_trail
from cli.filters import Wanted, known_event, moment_of, select
from cli.options import AsJson, By, Comment, Run, new_app
from cli.recorder import person, record
from cli.report import Period
from cli.reporting import write_report
from cli.reviewing import review_run
from cli.runs import find_run
from cli.screen import say, say_json, show, table
from cli.trail import HEAD, row
from cli.witnesses import Asked, Gathered, witnesses
from engine.errors import Refused
from engine.ledger import Event, Link, fields_of
from engine.lines import read_lines
from engine.witnesses import confront

app = new_app()

Since = Annotated[
    str, typer.Option("--since", metavar="MOMENT", help="Only from this moment on, e.g. a date.")
]
Until = Annotated[
    str, typer.Option("--until", metavar="MOMENT", help="Only before this moment, e.g. a date.")
]
Anchors = Annotated[
    list[Path] | None,
    typer.Option("--anchor", metavar="FILE", help="Signed notes that must hold; once for each."),
]
Keys = Annotated[
    list[str] | None,
    typer.Option(
        "--anchor-key",
        metavar="KEY",
        help="Public key of the notes, or a file that holds it; else the settings say.",
    ),
]
Git = Annotated[
    bool | None,
    typer.Option(
        "--git/--no-git",
        help="The heads in rotation commits must be in the ledger; by default if there is a remote.",
        show_default=False,
    ),
]
Prefect = Annotated[
    bool | None,
    typer.Option(
        "--prefect/--no-prefect",
        help="So must those in Prefect's records of runs; by default if PREFECT_API_URL is set.",
        show_default=False,
    ),
]


@app.callback()
def audit() -> None:
    """Read, verify, export and review the audit trail."""


@app.command(name="show")
def show_(
    run: Annotated[
        str, typer.Option("--run", metavar="RUN", help="Only this run; as much as is unique.")
    ] = "",
    *,
    runbook: Annotated[
        str, typer.Option("--runbook", metavar="NAME", help="Only runs of this runbook.")
    ] = "",
    secret: Annotated[
        str, typer.Option("--secret", metavar="NAME", help="Only runs about this secret.")
    ] = "",
    who: Annotated[
        str, typer.Option("--person", metavar="NAME", help="Only what this person did.")
    ] = "",
    event: Annotated[
        str, typer.Option("--event", metavar="EVENT", help="Only this event, or e.g. all of gate.")
    ] = "",
    since: Since = "",
    until: Until = "",
    as_json: AsJson = False,
) -> None:
    """Show who did what and when, and how we know who it was.

    That somebody read the trail is itself recorded.
    """
    platform = open_platform()
    wanted = Wanted(
        run=find_run(platform, run) if run else "",
        runbook=runbook,
        secret=secret,
        person=who,
        event=known_event(event),
        since=moment_of(since, "--since"),
        until=moment_of(until, "--until"),
    )
    with platform.journal as journal, closing(journal.stream()) as stream:
        entries = list(select(stream, wanted))
    record(platform, Event.TRAIL_READ, person(platform), wanted.told())
    if as_json:
        say_json([fields_of(entry) for entry in entries])
        return
    if not entries:
        say("the ledger has nothing of that" if wanted.told() else "the ledger is empty")
        return
    show(table(HEAD, map(row, entries)))


@app.command()
def verify(
    heads: Annotated[
        list[str] | None,
        typer.Option(
            "--head",
            metavar="HEX",
            help="A head that was published elsewhere and must be in the ledger; once for each.",
        ),
    ] = None,
    anchors: Anchors = None,
    keys: Keys = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", help="Verify this export, not the ledger itself."),
    ] = None,
    *,
    git: Git = None,
    prefect: Prefect = None,
) -> None:
    """Check that the ledger is what was once written.

    Without a head from elsewhere a cut tail, or a ledger written anew as a whole, cannot be seen. The
    commits and Prefect are asked for theirs where they can be reached; an export only if you say so.
    """
    platform = cache(open_platform)
    if file is not None:
        git, prefect = bool(git), bool(prefect)
    known = witnesses(Asked(heads or (), anchors or (), keys or (), git, prefect), platform)
    if file is not None:
        _verify_file(file, known)
        return
    with platform().journal as journal:
        with closing(journal.links()) as links:
            _verify(links, known)
        journal.verify_beside()


@app.command()
def export(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to; else standard output."),
    ] = None,
    by: By = "",
) -> None:
    """Write the whole ledger as JSON Lines, to keep it elsewhere.

    The export is itself recorded, and that entry is the last line. `audit verify --file` reads it.
    """
    platform = open_platform()
    export_trail(platform, output, person(platform, by))


@app.command()
def anchor(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Add it to this file; else print it."),
    ] = None,
    by: By = "",
) -> None:
    """Sign the head of the ledger, to keep it where nobody who can write the ledger can write.

    `audit verify --anchor` checks the ledger against such notes.
    """
    note = anchor_head(open_platform(), output, by)
    if output is None:
        print(note, end="")
    else:
        say(f"the head is entry {note.splitlines()[1]}, {note.splitlines()[2]}")


@app.command()
def review(run: Run, by: By = "", comment: Comment = "") -> None:
    """Say what the review of broken glass found, and close it.

    For somebody in a group who did not break it. The comment is needed.
    """
    review_run(open_platform(), run, by, comment)


@app.command()
def report(
    output: Annotated[Path, typer.Option("--html", metavar="FILE", help="Where the report goes.")],
    since: Since = "",
    until: Until = "",
    by: By = "",
    *,
    anchors: Anchors = None,
    keys: Keys = None,
    git: Git = None,
    prefect: Prefect = None,
) -> None:
    """Write a report for the quarterly review, as one HTML file without scripts.

    Broken glass with its reviews, secrets by age, runs, decisions, refusals and reads, and at the
    top whether the ledger is what was once written.
    """
    period = Period(moment_of(since, "--since"), moment_of(until, "--until"))
    asked = Asked((), anchors or (), keys or (), git, prefect)
    broken = write_report(open_platform(), period, output, asked, by)
    say(f"written: {output}")
    if broken is not None:
        raise broken


def _verify_file(file: Path, known: Gathered) -> None:
    try:
        with file.open("rb") as lines:
            _verify(read_lines(lines), known)
    except OSError as error:
        told = f"{file} cannot be read: {error.strerror}"
    else:
        return
    raise Refused(told)


def _verify(links: Iterable[Link], known: Gathered) -> None:
    found = confront(links, known.heads)
    say(f"{found.length} entries, unbroken; head {found.head}")
    for told in known.unasked:
        say(told)
    if known.heads:
        are = "s are" if len(known.heads) > 1 else " is"
        told = f"{len(known.heads)} published head{are} in it, the last that of entry"
        say(f"{told} {found.vouched}")
    else:
        say("no published head was given, so a cut tail could not be seen")
