"""`runbook test`: the cases of runbooks, played offline in made-up worlds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from cli.exits import Exit
from cli.options import AsJson, new_app
from cli.screen import say, say_json
from cli.shelf import open_shelf
from engine.errors import Refused
from rehearsal.files import Result, cases_of, play_cases
from rehearsal.worlds import open_worlds

app = new_app()


@app.command()
def rehearse(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="Runbooks; by default all that have cases."),
    ] = None,
    *,
    only: Annotated[
        str, typer.Option(metavar="TEXT", help="Play only cases whose name holds this.")
    ] = "",
    trail: Annotated[
        bool, typer.Option("--trail", help="Also print what the ledger says of each case.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Play the cases of runbooks offline, in made-up worlds.

    The cases of runbooks/<name>.yaml are in runbooks/tests/<name>.yaml. They are played with the
    engine itself, against doubles on this machine; nothing real is reached. A case that does not
    end as expected is shown with what differs and with what the ledger says of it.
    """
    author = open_shelf(asks=False)
    files = cases_of(author, names or ())
    results: list[Result] = []
    with open_worlds() as worlds:
        for cases in files:
            for result in play_cases(author, cases, worlds, only):
                results.append(result)
                if not as_json:
                    _show(result, trail=trail)
    if not results:
        raise Refused(f"no case has {only!r} in its name" if only else "there are no cases")
    differing = [result for result in results if not result.holds]
    if as_json:
        say_json([_facts(result) for result in results])
    else:
        count = f"{len(results)} case{'s' * (len(results) != 1)}"
        say(f"{count} played: {len(differing) or 'none'} not as expected")
    if differing:
        raise typer.Exit(Exit.REFUSED)


def _show(result: Result, *, trail: bool) -> None:
    mark = "ok  " if result.holds else "FAIL"
    say(f"{mark} {result.runbook}: {result.case} ({result.seconds:.1f} s)")
    for line in _told(result, trail=trail):
        say(f"     {line}")


def _told(result: Result, *, trail: bool) -> Iterator[str]:
    yield from result.differences
    if trail or not result.holds:
        yield from (f"| {line}" for line in result.trail)


def _facts(result: Result) -> dict[str, Any]:
    return {
        "runbook": result.runbook,
        "case": result.case,
        "ok": result.holds,
        "differences": list(result.differences),
        "trail": list(result.trail),
        "seconds": round(result.seconds, 3),
    }
