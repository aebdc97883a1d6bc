"""What a plan would change and what was found by looking, as tables and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cli.screen import listed, say, show, table
from cli.standing import facts_of, standings_table
from engine.foresight import Change, Glance

if TYPE_CHECKING:
    from adapters.foreseeing import Foreseen

NO_RETURN = "---- point of no return: from here on there is only forward ----"


def show_changes(changes: Sequence[Change], no_return: str) -> None:
    """Print what would change, step by step, and where the way back ends."""
    say("\nwould change:")
    rows = [(change.step, change.effect, change.target) for change in changes]
    show(table(("Step", "Effect", "What"), rows))
    if no_return:
        say(f"point of no return: {no_return}; before it, all of this can be taken back")
    else:
        say("point of no return: none; all of this can be taken back")


def show_foreseen(found: Foreseen) -> None:
    """Print what was found; what is not known says why."""
    say("\nstands now:")
    if found.unknown:
        say(f"not known: {found.unknown}")
    else:
        show(standings_table(found.standings))
    say(f"\nrestarts: {listed(found.readers.restarted) or 'nothing'}")
    if found.readers.unknown:
        say(f"who else reads it is not known: {found.readers.unknown}")
    elif found.readers.others:
        say(f"reads it too and is not restarted: {listed(found.readers.others)}")
    if found.sight.glances:
        say("\nfound by the steps:")
        rows = ((each.step, _found(each)) for each in found.sight.glances)
        show(table(("Step", "Found"), rows))


def foreseen_facts(found: Foreseen) -> dict[str, Any]:
    """Return the same for `--json`."""
    return {
        "standings": [facts_of(standing) for standing in found.standings],
        "unknown": found.unknown or None,
        "restarts": list(found.readers.restarted),
        "other_readers": list(found.readers.others),
        "readers_unknown": found.readers.unknown or None,
        "steps": [
            {"step": each.step, "found": each.found or None, "unknown": each.unknown or None}
            for each in found.sight.glances
        ],
    }


def _found(glance: Glance) -> str:
    return glance.found or f"not known: {glance.unknown}"
