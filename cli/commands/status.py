"""`runbook status`: where every live run stands, or all about one."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from adapters.platform import Platform, open_platform
from cli.options import AsJson, new_app
from cli.reviewing import say_reviews
from cli.runs import Told, find_run, live_runs, read_run
from cli.screen import say, say_json, show, table
from cli.server import Seen, door, open_eyes
from cli.standing import Compared, compared_table, compared_with, facts_of, safe_move
from cli.steps import steps_table
from cli.text import SHORT, clean
from cli.words import advice, gate_facts, move_of, stands, who
from engine.errors import RunbookError
from engine.reviews import open_reviews
from engine.state import Status

app = new_app()

BROKEN = (Status.FAILED, Status.UNDO_FAILED)


@app.command()
def status(
    run: Annotated[
        str,
        typer.Argument(metavar="RUN", help="Id of a run, as much of it as is unique; else all."),
    ] = "",
    *,
    stores: Annotated[
        bool | None,
        typer.Option(
            "--stores/--no-stores",
            help="Look where each store stands; done by itself while the run is going on.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the runs that have not ended, or all about one run."""
    platform = open_platform()
    if not run:
        _show_all(platform, as_json=as_json)
        return
    identity = find_run(platform, run)
    told = read_run(platform, identity)
    if told is None:
        _show_unknown(identity, as_json=as_json)
        return
    compared = _look(platform, told, is_asked=stores)
    if as_json:
        facts = _facts(platform, told, open_eyes()(identity)) | {"steps": _steps(told)}
        say_json(facts | (_store_facts(platform, told, compared) if compared else {}))
    else:
        _show_one(platform, told)
        _show_stores(platform, told, compared)


def _show_all(platform: Platform, *, as_json: bool) -> None:
    see = open_eyes()
    runs = [_facts(platform, told, see(told.run)) for told in live_runs(platform)]
    if as_json:
        say_json(runs)
        return
    if runs:
        rows = ([run["run"][:SHORT], *(run[name] for name in COLUMNS)] for run in runs)
        show(table(("Run", "Runbook", "Secret", "By", "Since (UTC)", "Prefect", "Where"), rows))
    else:
        say("no run is going on")
    say_reviews(platform)


COLUMNS = ("runbook", "secret", "by", "since", "prefect", "stands")


def _facts(platform: Platform, told: Told, seen: Seen) -> dict[str, Any]:
    state, move = told.state, move_of(told, platform)
    return {
        "run": told.run,
        "runbook": told.plan.runbook,
        "secret": told.plan.secret,
        "about": told.plan.about,
        "by": state.initiator.subject,
        "verified": state.initiator.verified,
        "since": told.since,
        "attempt": state.attempt,
        "plan": state.plan,
        "outcome": state.outcome.value if state.outcome else None,
        "stands": stands(told, move),
        "next": advice(told, move, is_given_up=seen.is_final),
        "gate": gate_facts(state),
        "reviews": [review.words(datetime.now(UTC)) for review in open_reviews(told.entries)],
        "prefect": seen.words,
    }


def _steps(told: Told) -> list[Mapping[str, Any]]:
    held = {step.id: told.state.step(step.id) for step in told.plan.steps}
    return [
        {
            "step": step,
            "state": state.status.value,
            "who": who(told.entries, step),
            "started": state.started_at,
            "ended": state.ended_at,
            "evidence": state.evidence,
            "error": state.error,
            "hint": state.hint,
        }
        for step, state in held.items()
    ]


def _show_one(platform: Platform, told: Told) -> None:
    facts = _facts(platform, told, open_eyes()(told.run))
    say(f"{told.run} {told.plan.runbook}: {told.plan.title}")
    say(f"secret: {facts['secret'] or 'none'}")
    say(f"started: {facts['since']} UTC by {facts['by']} ({facts['verified']})")
    say(f"attempt: {facts['attempt']}, plan {facts['plan'][:19]}, Prefect: {facts['prefect']}\n")
    show(steps_table(told))
    for step in told.plan.steps:
        held = told.state.step(step.id)
        if held.status in BROKEN:
            say(f"\nerror: {step.id}: {held.error}")
            if held.hint:
                say(f"hint: {held.hint}")
    if told.state.refusal:
        say(f"\nthe last answer did not count: {told.state.refusal}")
    for words in facts["reviews"]:
        say(f"\nreview: {words}")
    say(f"\nstands: {facts['stands']}")
    if facts["next"]:
        say(f"next: {facts['next']}")


def _look(platform: Platform, told: Told, *, is_asked: bool | None) -> Compared:
    """Return where each store stands; nothing where that is not wanted.

    What keeps a look that nobody asked for from being taken is told on standard error.
    """
    from adapters.standing import can_look, standings

    by_itself = told.state.outcome is None and can_look(platform)
    is_wanted = by_itself if is_asked is None else is_asked
    if not is_wanted or not told.plan.secret:
        return ()
    try:
        return compared_with(told, platform.registry, standings(platform, told.plan.secret))
    except RunbookError as error:
        if is_asked:
            raise
        print(clean(f"the stores cannot be looked at: {error.message}"), file=sys.stderr)
    return ()


def _store_facts(platform: Platform, told: Told, compared: Compared) -> dict[str, Any]:
    move = move_of(told, platform)
    return {
        "stores": [facts_of(standing, stand) for standing, stand in compared],
        "safe": safe_move(told, move, compared, platform.people),
    }


def _show_stores(platform: Platform, told: Told, compared: Compared) -> None:
    if not compared:
        return
    say("")
    show(compared_table(compared))
    move = move_of(told, platform)
    say(f"\nsafe: {safe_move(told, move, compared, platform.people)}")


def _show_unknown(run: str, *, as_json: bool) -> None:
    """Tell of a run that never came into the ledger, so that nothing of it has happened."""
    standing = door().standing(run)
    if as_json:
        say_json({"run": run, "prefect": standing.name, "message": standing.message})
        return
    say(f"{run}: {standing.name} in Prefect, and not in the ledger: it has done nothing")
    if standing.message:
        say(standing.message)
