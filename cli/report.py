"""What a quarterly review wants to see of the ledger, as tables of plain text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cli.text import SHORT, moment
from cli.trail import commit_of, summary, worker_of
from engine.catalogue import Catalogue
from engine.durations import spell
from engine.fold import fold
from engine.ledger import Entry, Event
from engine.reviews import Review, reviews
from engine.state import Outcome

Row = tuple[str, ...]

DECIDED = (
    Event.GATE_APPROVED,
    Event.GATE_PREAPPROVED,
    Event.GLASS_BROKEN,
    Event.GATE_SKIPPED,
    Event.GATE_REJECTED,
    Event.GATE_NOTED,
    Event.FAILURE_DECIDED,
    Event.RUN_PREAPPROVED,
)
REFUSED = (Event.GATE_REFUSED, Event.GATE_EXPIRED, Event.ATTEMPT_REFUSED)
PICKED_UP = (Event.RUN_STARTED, Event.RUN_RESUMED)
READ = (Event.TRAIL_READ, Event.TRAIL_EXPORTED, Event.TRAIL_ANCHORED)


@dataclass(frozen=True)
class Section:
    """One table of the report."""

    title: str
    head: Row
    rows: Sequence[Row]
    loud: frozenset[int] = frozenset()
    """Rows that want to be seen first."""


@dataclass(frozen=True)
class Period:
    """From when to when, as the ledger spells moments; empty for without end."""

    since: str = ""
    until: str = ""

    def holds(self, at: str) -> bool:
        """Tell whether this moment lies in it."""
        return (not self.since or at >= self.since) and (not self.until or at < self.until)

    def words(self) -> str:
        """Say from when to when."""
        begin = moment(self.since) if self.since else "the first entry"
        return f"from {begin} to {moment(self.until) if self.until else 'now'} (UTC)"


def sections(
    entries: Sequence[Entry], period: Period, catalogue: Catalogue, now: datetime
) -> tuple[Section, ...]:
    """Return the tables of the report, from all entries of the ledger."""
    told = [entry for entry in entries if period.holds(entry.at)]
    return (
        _glass(entries, period, now),
        _ages(entries, catalogue, now),
        _runs(entries, period),
        _deeds("Decisions", told, DECIDED),
        _deeds("Refused and expired", told, REFUSED),
        _deeds("Reads, exports and anchors of the trail", told, READ),
    )


def _glass(entries: Iterable[Entry], period: Period, now: datetime) -> Section:
    """List what was broken in the period, and whatever else nobody has reviewed yet."""
    shown = [each for each in reviews(entries) if each.done is None or period.holds(each.broken.at)]
    rows = [_review(each, now) for each in shown]
    loud = frozenset(n for n, each in enumerate(shown) if each.done is None)
    head = ("When (UTC)", "Run", "Step", "Who", "Why", "Passed over", "Review", "Found")
    return Section("Broken glass", head, rows, loud)


def _review(review: Review, now: datetime) -> Row:
    broken, done = review.broken, review.done
    return (
        moment(broken.at),
        broken.run[:SHORT],
        broken.step,
        _who(broken),
        str(broken.details.get("comment", "")),
        "; ".join(map(str, broken.details.get("over", ()))),
        review.words(now).partition("; ")[2],
        str(done.details.get("comment", "")) if done else "",
    )


def _ages(entries: Sequence[Entry], catalogue: Catalogue, now: datetime) -> Section:
    """List every secret of the catalogue by the run that last rotated it, the oldest first."""
    last = rotated(entries)
    order = sorted(catalogue.secrets, key=lambda name: last[name].at if name in last else "")
    rows: list[Row] = []
    loud: set[int] = set()
    for name in order:
        secret, entry = catalogue.secrets[name], last.get(name)
        age = now - datetime.fromisoformat(entry.at) if entry else None
        is_due = secret.max_age is not None and (age is None or age > secret.max_age)
        if is_due:
            loud.add(len(rows))
        rows.append((
            name,
            secret.owner,
            moment(entry.at) if entry else "not in the ledger",
            entry.run[:SHORT] if entry else "",
            f"{age // timedelta(days=1)} days" if age is not None else "unknown",
            spell(secret.max_age) if secret.max_age else "none",
            "due" if is_due else "",
        ))  # fmt: skip
    head = ("Secret", "Owner", "Last rotated (UTC)", "Run", "Age", "Highest age", "Due")
    return Section("Secrets by age", head, rows, frozenset(loud))


def rotated(entries: Iterable[Entry]) -> Mapping[str, Entry]:
    """Return for each secret the entry with which the last run about it was completed."""
    about: dict[str, str] = {}
    last: dict[str, Entry] = {}
    for entry in entries:
        if entry.event is Event.RUN_STARTED:
            about[entry.run] = str(entry.details.get("secret", ""))
        elif entry.details.get("outcome") == Outcome.COMPLETED and about.get(entry.run):
            last[about[entry.run]] = entry
    return last


def _runs(entries: Sequence[Entry], period: Period) -> Section:
    by_run: dict[str, list[Entry]] = {}
    for entry in entries:
        by_run.setdefault(entry.run, []).append(entry)
    rows = [
        _run(run, told)
        for run, told in by_run.items()
        if told[0].event is Event.RUN_STARTED and any(period.holds(each.at) for each in told)
    ]
    head = ("Started (UTC)", "Run", "Runbook", "Secret", "By", "Outcome", "Ended", "Plan")
    return Section("Runs", (*head, "Commits", "Workers"), rows)


def _run(run: str, told: Sequence[Entry]) -> Row:
    state, started = fold(run, told), told[0]
    ends = [entry.at for entry in told if entry.event is Event.RUN_ENDED]
    details = started.details
    picked_up = [entry for entry in told if entry.event in PICKED_UP]
    return (
        moment(started.at),
        run[:SHORT],
        str(details.get("runbook", "")),
        str(details.get("secret", "")),
        _who(started),
        state.outcome.value if state.outcome else "going on",
        moment(ends[-1]) if ends else "",
        state.plan[:19],
        _listed(map(commit_of, picked_up)),
        _listed(map(worker_of, picked_up)),
    )


def _listed(texts: Iterable[str]) -> str:
    """Join what is different and not empty, in the order it came."""
    return ", ".join(dict.fromkeys(filter(None, texts)))


def _deeds(title: str, told: Iterable[Entry], events: Sequence[Event]) -> Section:
    head = ("#", "When (UTC)", "Run", "Step", "Event", "Who", "What")
    return Section(title, head, list(_rows(told, events)))


def _rows(told: Iterable[Entry], events: Sequence[Event]) -> Iterator[Row]:
    for entry in told:
        if entry.event in events:
            yield (
                str(entry.sequence),
                moment(entry.at),
                entry.run[:SHORT],
                entry.step,
                entry.event.value,
                _who(entry),
                summary(entry),
            )


def _who(entry: Entry) -> str:
    actor = entry.actor
    groups = f", {' '.join(actor.groups)}" if actor.groups else ""
    via = f", by {actor.via}" if actor.via else ""
    return f"{actor.subject} ({actor.verified}{groups}{via})"


def made_at(now: datetime) -> str:
    """Spell the moment the report was made."""
    return f"{now.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
