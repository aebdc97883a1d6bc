"""Entries of the ledger, each in one line of words."""

from __future__ import annotations

from cli.text import SHORT, flat, moment
from engine.ledger import Actor, Entry, Event

SEVERAL = ("decision", "why", "message", "evidence", "outcome", "comment")
"""Details worth a place in a table, in this order."""


def summary(entry: Entry) -> str:
    """Say what an entry's details come to."""
    told = entry.details
    match entry.event:
        case Event.RUN_STARTED:
            what = f"{told.get('runbook', '')}: {told.get('title', '')}"
            return flat("; ".join(filter(None, (what, whereabouts(entry)))))
        case Event.RUN_RESUMED:
            return flat(whereabouts(entry))
        case Event.GATE_OPENED:
            return flat(f"{told.get('kind', '')} gate until {moment(str(told.get('expires')))}")
        case Event.TRAIL_READ:
            return flat(", ".join(f"{name} {value}" for name, value in told.items())) or "all of it"
        case Event.GATE_NOTED:
            return flat("; ".join(str(told[n]) for n in ("item", "state", "comment") if told[n]))
        case Event.PLAN_CHANGED:
            return f"now {entry.plan[:19]}"
        case _:
            through = str(told.get("through") or entry.step)
            reach = [f"through {through}"] if through != entry.step else []
            to = told.get("to")
            whom = [f"to {' or '.join(to) if isinstance(to, list) else to}"] if to else []
            said = (str(told[n]) for n in SEVERAL if told.get(n))
            return flat("; ".join([*reach, *said, *whom]))


def whereabouts(entry: Entry) -> str:
    """Say on which worker a run was picked up, and from which commit; empty where it is not told."""
    worker, commit = worker_of(entry), commit_of(entry)
    parts = ([f"on {worker}"] if worker else []) + ([f"from {commit}"] if commit else [])
    return " ".join(parts)


def worker_of(entry: Entry) -> str:
    """Return host and process of the worker that picked a run up."""
    return str(entry.details.get("worker", ""))


def commit_of(entry: Entry) -> str:
    """Return the commit of the folder of runbooks, and whether it was changed since."""
    source = entry.details.get("source")
    if not isinstance(source, dict) or not source.get("commit"):
        return ""
    return str(source["commit"])[:12] + (" and changes" if source.get("dirty") else "")


def actor(person: Actor) -> str:
    """Name who did it, and how that is known."""
    return flat(f"{person.subject} ({person.verified})")


def row(entry: Entry) -> tuple[str, ...]:
    """Return the cells of an entry under `HEAD`."""
    return (
        str(entry.sequence),
        moment(entry.at),
        flat(entry.run[:SHORT]),
        flat(entry.step),
        entry.event.value,
        actor(entry.actor),
        summary(entry),
    )


HEAD = ("#", "When (UTC)", "Run", "Step", "Event", "Who", "What")


def line(entry: Entry) -> str:
    """Return an entry as one plain line of progress."""
    place = f"{flat(entry.step)}: " if entry.step else ""
    person = "" if entry.actor.verified == "engine" else f" by {flat(entry.actor.subject)}"
    said = summary(entry)
    return f"{moment(entry.at)[11:]} {place}{entry.event.value}{person}" + (
        f": {said}" if said else ""
    )
