"""`runbook audit`: the ledger, read, verified and exported."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from adapters.platform import open_platform
from cli.export import export_trail
from cli.options import AsJson, By, new_app
from cli.people import named
from cli.runs import find_run
from cli.screen import say, say_json, show, table
from cli.trail import HEAD, row
from engine.errors import Refused
from engine.ledger import Entry, fields_of, read_lines
from engine.ledger import verify as verify_chain

app = new_app()

_HEAD = re.compile(r"[0-9a-f]{64}")


@app.callback()
def audit() -> None:
    """Read, verify and export the audit trail."""


@app.command(name="show")
def show_(
    run: Annotated[
        str, typer.Option("--run", metavar="RUN", help="Only this run; as much as is unique.")
    ] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Show who did what and when, and how we know who it was."""
    platform = open_platform()
    identity = find_run(platform, run) if run else None
    with platform.journal as journal:
        entries = journal.entries(identity)
    if as_json:
        say_json([fields_of(entry) for entry in entries])
        return
    if not entries:
        say("the ledger has nothing of that" if run else "the ledger is empty")
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
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", help="Verify this export, not the ledger itself."),
    ] = None,
) -> None:
    """Check that the ledger is what was once written.

    Without --head a cut tail, or a ledger written anew as a whole, cannot be seen.
    """
    known = tuple(_head(text) for text in heads or ())
    if file is not None:
        _verify_file(file, known)
        return
    with open_platform().journal as journal, closing(journal.stream()) as entries:
        _verify(entries, known)


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
    export_trail(open_platform(), output, named(by))


def _verify_file(file: Path, heads: tuple[str, ...]) -> None:
    try:
        with file.open(encoding="utf-8", newline="\n") as lines:
            _verify(read_lines(lines), heads)
    except OSError as error:
        told = f"{file} cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        told = f"{file} is not UTF-8 text, so it is no export"
    else:
        return
    raise Refused(told)


def _verify(entries: Iterable[Entry], heads: tuple[str, ...]) -> None:
    counted: list[int] = [0]
    head = verify_chain(_counting(entries, counted), heads)
    say(f"{counted[0]} entries, unbroken; head {head}")
    if heads:
        say(f"{len(heads)} published head{'s are' if len(heads) > 1 else ' is'} in it")
    else:
        say("no published head was given, so a cut tail could not be seen")


def _counting(entries: Iterable[Entry], counted: list[int]) -> Iterator[Entry]:
    for entry in entries:
        counted[0] += 1
        yield entry


def _head(text: str) -> str:
    found = _HEAD.fullmatch(text.strip().lower())
    if found is None:
        raise typer.BadParameter("a head is 64 hex digits", param_hint="--head")
    return found.group()
