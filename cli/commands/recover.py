"""`runbook recover`: where a secret stands and what is safe, from observation alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from adapters.platform import Platform, open_platform
from cli.exits import Exit
from cli.options import AsJson, new_app
from cli.runs import live_runs
from cli.screen import say, say_json, show
from cli.standing import facts_of, standings_table
from cli.text import SHORT
from engine.conclusion import Case, Conclusion
from engine.errors import RunbookError
from engine.recovery import conclude
from engine.runbook import Runbook
from engine.step import Ask, Effect

app = new_app()


@app.command()
def recover(
    secret: Annotated[str, typer.Argument(metavar="SECRET", help="Name in the catalogue.")],
    *,
    seal_pending: Annotated[
        bool,
        typer.Option(
            "--seal-pending", help="Print the one pending value, sealed for the engine, instead."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say where a secret stands and what is safe, ledger or not.

    It looks at every store, the cluster and the provider, and changes nothing. It ends with 0
    where nothing is to be done, 1 where something is or a person must find out more, and 4 where
    a place did not answer.
    """
    from adapters.standing import seal_pending as sealed
    from adapters.standing import standings

    platform = open_platform()
    if seal_pending:
        print(sealed(platform, secret), end="")
        return
    seen = standings(platform, secret)
    found, record = conclude(seen), _ask_ledger(platform, secret)
    if as_json:
        say_json(
            {
                "secret": secret,
                "ledger": {"words": record.words, "live": list(record.live)},
                "standings": [facts_of(each) for each in seen],
                "conclusion": _facts(platform, secret, found, record),
            }
        )
    else:
        say(f"{secret}, by what can be seen now\n")
        show(standings_table(seen))
        _show(platform, secret, found, record)
    raise typer.Exit(_code(found, record))


@dataclass(frozen=True)
class Record:
    """What the ledger says, where there is one."""

    words: str
    live: tuple[str, ...] = ()
    """Runs of the secret that have not ended."""


def _ask_ledger(platform: Platform, secret: str) -> Record:
    """Return what the ledger knows; one that is lost or not at hand is no obstacle here."""
    from adapters.standing import is_ledger_there

    try:
        if not is_ledger_there(platform.settings.ledger):
            return Record("not at hand, so this is from observation alone")
        live = tuple(told.run for told in live_runs(platform) if told.plan.secret == secret)
    except RunbookError as error:
        return Record(f"not usable, so this is from observation alone: {error.message}")
    if live:
        return Record("at hand, and a run of this secret is going on", live)
    return Record("at hand, and it knows no live run of this secret")


def _facts(platform: Platform, secret: str, found: Conclusion, record: Record) -> dict[str, Any]:
    return {
        "case": found.case.value,
        "ambiguous": found.is_ambiguous,
        "words": found.words,
        "next": _moves(platform, secret, found, record),
        "revoke": _revoke(found, record) or None,
        "pending": found.pending or None,
        "leftovers": list(found.leftovers),
        "strangers": list(found.strangers),
    }


def _show(platform: Platform, secret: str, found: Conclusion, record: Record) -> None:
    say(f"\nledger: {record.words}")
    say(f"found: {found.words}")
    if found.is_ambiguous:
        say("this is ambiguous, so no key is named to be ended")
    if found.leftovers:
        say(f"left over: {', '.join(found.leftovers)}; main has that value, so it may be deleted")
    if found.strangers:
        say(
            f"not explained: {', '.join(found.strangers)}: an orphan of a run, or the key of "
            "something else; find out whose it is, and do not end it on this evidence"
        )
    for move in _moves(platform, secret, found, record):
        say(f"next: {move}")


def _moves(platform: Platform, secret: str, found: Conclusion, record: Record) -> list[str]:
    """Say what to do next; while a run is going on that is the run's business."""
    if record.live:
        return [
            move
            for run in record.live
            for move in (f"runbook status {run[:SHORT]}", f"runbook resume {run[:SHORT]}")
        ]
    from adapters.standing import runbooks_for

    if not found.pending:
        return [found.move] if found.move else []
    runbooks = runbooks_for(platform, secret)
    return [found.move, *(_again(each, platform, secret, found) for each in runbooks)]


def _again(runbook: Runbook, platform: Platform, secret: str, found: Conclusion) -> str:
    """Say how one runbook takes the pending value up, or why it cannot."""
    mints = [platform.registry[step.uses] for step in runbook.steps]
    brought = [
        step for step in mints if step.effect is Effect.MINT and step.ask is Ask.SEALED_VALUE
    ]
    name = runbook.runbook
    if brought:
        return (
            f"runbook run {name}, and at the gate that asks for the value paste what "
            f"`runbook recover {secret} --seal-pending` prints; then delete the old branch"
        )
    if found.case is Case.VAULT_AHEAD:
        return (
            f"{name} makes a value itself: put back what the vault's item held before, from its "
            f"history, then runbook run {name}, and delete the old branch"
        )
    return (
        f"{name} makes a value itself and does not need this one: runbook run {name}, and delete "
        "the old branch"
    )


def _revoke(found: Conclusion, record: Record) -> str:
    return "" if record.live else found.revoke


def _code(found: Conclusion, record: Record) -> Exit:
    if found.is_away:
        return Exit.UNREACHABLE
    is_still = found.case is Case.SETTLED and not record.live
    return Exit.FINE if is_still else Exit.REFUSED
