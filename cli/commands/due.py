"""`runbook due`: how old every value is, and when it has to be rotated."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from adapters.platform import Platform, open_platform
from cli.errors import code_of
from cli.exits import Exit
from cli.options import AsJson, new_app
from cli.prometheus import age_metrics, drift_metrics
from cli.screen import say_json, show, table
from cli.text import clean, moment
from engine.ages import Age, as_of
from engine.durations import spell
from engine.errors import RunbookError
from engine.ledger import timestamp

app = new_app()

HOUR = 3600


@app.command()
def due(
    *,
    as_json: AsJson = False,
    prometheus: Annotated[
        bool,
        typer.Option("--prometheus", help="Print metrics of ages, due times and drift."),
    ] = False,
) -> None:
    """Show the age of every secret, and when a rotation is due.

    The age is that of the value: rotating the data key or changing another secret of the file does
    not count. Beside it stands the runbook that rotates it. Ends with 1 if a rotation is due, but not with `--prometheus`.
    """
    from adapters.drift import read_ages
    from adapters.ledger.store import utc_now

    platform, now = open_platform(), utc_now()
    ages = as_of(read_ages(platform), now)
    if prometheus:
        print(age_metrics(ages, now), end="")
        _print_drift(platform)
        return
    from adapters.standing import rotation_names

    runbooks = rotation_names(platform)
    if as_json:
        say_json([_facts(age, runbooks, now) for age in ages])
    else:
        heads = ("Secret", "Since (UTC)", "Age", "Due", "Rotated by", "What is known")
        show(table(heads, _rows(ages, runbooks, now)))
    if any(age.is_due(now) for age in ages):
        raise typer.Exit(Exit.REFUSED)


def _print_drift(platform: Platform) -> None:
    """Print the third metric; where the stores cannot be compared, the first two stand alone."""
    from adapters.drift import compare_stores

    try:
        print(drift_metrics(compare_stores(platform)), end="")
    except RunbookError as error:
        told, code = clean(f"error: {error.message}"), code_of(error)
    else:
        return
    print(told, file=sys.stderr)
    raise typer.Exit(code)


def _rows(ages: Sequence[Age], runbooks: Mapping[str, str], now: datetime) -> list[tuple[str, ...]]:
    return [
        (
            age.secret,
            moment(timestamp(age.since)) if age.since else "",
            _length(age.seconds(now)) + ("" if age.is_exact else " at least"),
            _due_words(age, now),
            runbooks[age.secret],
            age.unknown,
        )
        for age in ages
    ]


def _due_words(age: Age, now: datetime) -> str:
    left = age.due_in(now)
    if left is None:
        return "" if age.max_age else "no limit"
    return f"in {_length(left)}" if left > 0 else f"overdue by {_length(-left)}"


def _length(seconds: int | None) -> str:
    """Spell a length as people say it: to the hour, and days alone from ten on."""
    if seconds is None:
        return ""
    days, rest = divmod(seconds, 24 * HOUR)
    if days >= 10:
        return f"{days}d"
    return spell(timedelta(days=days, hours=rest // HOUR)) if seconds >= HOUR else "under 1h"


def _facts(age: Age, runbooks: Mapping[str, str], now: datetime) -> dict[str, Any]:
    return {
        "secret": age.secret,
        "since": timestamp(age.since) if age.since else None,
        "exact": age.is_exact,
        "age_seconds": age.seconds(now),
        "max_age": spell(age.max_age) if age.max_age else None,
        "due": timestamp(age.due) if age.due else None,
        "due_seconds": age.due_in(now),
        "runbook": runbooks[age.secret] or None,
        "unknown": age.unknown or None,
    }
