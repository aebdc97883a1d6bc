"""Ages and drift in the text format of Prometheus, for a file that its node exporter collects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from engine.ages import Age
from engine.drift import Compared

AGE, DUE, DRIFT = "runbook_secret_age_seconds", "runbook_secret_due_seconds", "runbook_secret_drift"
HELP = {
    AGE: "How long the value has been in force.",
    DUE: "Seconds until a rotation is due; below zero where it is overdue.",
    DRIFT: "1 where the two stores do not agree and no live run explains it, else 0.",
}


def age_metrics(ages: Sequence[Age], now: datetime) -> str:
    """Return age and due time of every secret where they are known."""
    aged = ((age.secret, age.seconds(now)) for age in ages)
    due = ((age.secret, age.due_in(now)) for age in ages)
    return _family(AGE, _known(aged)) + _family(DUE, _known(due))


def drift_metrics(rows: Iterable[Compared]) -> str:
    """Return for every secret, and every place that is unregistered, whether it drifts."""
    return _family(
        DRIFT,
        (
            (_labels(secret=row.secret or row.place, state=row.state.value), int(not row.is_fine))
            for row in rows
        ),
    )


def _known(pairs: Iterable[tuple[str, int | None]]) -> Iterator[tuple[str, int]]:
    for secret, value in pairs:
        if value is not None:
            yield _labels(secret=secret), value


def _family(name: str, samples: Iterable[tuple[str, int]]) -> str:
    lines = [f"# HELP {name} {HELP[name]}", f"# TYPE {name} gauge"]
    lines += [f"{name}{{{labels}}} {value}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _labels(**labels: str) -> str:
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
