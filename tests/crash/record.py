"""What was played, kept in a file, so that a matrix can be played in several parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import TypeAdapter

from tests.crash.cases import Case, Verdict


@dataclass
class Record:
    """Cases by table: how many there are to play, and what became of those that were."""

    planned: Counter[str] = field(default_factory=Counter)
    """By table and runbook, as `part` spells them."""
    alike: Counter[str] = field(default_factory=Counter)
    """Cases left to earlier runbooks that have their like, counted the same way."""
    tables: dict[str, list[Verdict]] = field(default_factory=dict)
    leaking: list[str] = field(default_factory=list)
    """Names of shared files in which a value was found."""
    day: str = ""
    """When the last case was played."""

    def plan(self, table: str, cases: Iterable[Case]) -> None:
        """Count cases that there are to play."""
        self.planned.update(part(table, case.runbook) for case in cases)

    def of(self, table: str, cases: list[Case]) -> list[Verdict]:
        """Return what is known of these cases."""
        wanted = set(cases)
        return [each for each in self.tables.get(table, []) if each.case in wanted]

    def add(self, other: Record) -> None:
        """Take over what only the other has."""
        for table, played in other.tables.items():
            mine = self.tables.setdefault(table, [])
            have = {each.case for each in mine}
            mine += [each for each in played if each.case not in have]
            known = Counter(part(table, each.case.runbook) for each in mine)
            self.planned |= other.planned | known
        self.alike |= other.alike
        self.leaking = sorted({*self.leaking, *other.leaking})
        self.day = max(self.day, other.day)

    def of_runbook(self, name: str) -> Record:
        """Return what is known of one runbook."""
        return Record(
            _counted_for(name, self.planned),
            _counted_for(name, self.alike),
            {
                table: [each for each in played if each.case.runbook == name]
                for table, played in self.tables.items()
            },
            self.leaking,
            self.day,
        )


def _counted_for(name: str, counts: Counter[str]) -> Counter[str]:
    return Counter({key: n for key, n in counts.items() if key.endswith(f" {name}")})


def part(table: str, runbook: str) -> str:
    """Return how the cases of a runbook in a table are counted."""
    return f"{table} {runbook}"


_RECORD: TypeAdapter[Record] = TypeAdapter(Record)


def write_record(record: Record, path: Path) -> None:
    """Keep it; the values that were looked for are left out."""
    bare = {
        name: [_bare(each, is_dry=name == "dry") for each in played]
        for name, played in record.tables.items()
    }
    path.write_bytes(_RECORD.dump_json(replace(record, tables=bare)))


def _bare(verdict: Verdict, *, is_dry: bool) -> Verdict:
    """Leave out the values, and what nothing is chosen by any more."""
    if is_dry:
        return replace(verdict, values=())
    return replace(verdict, values=(), trace=(), edges=(), requests=())


def read_record(path: Path) -> Record:
    """Return what an earlier call has kept."""
    return _RECORD.validate_json(path.read_bytes())
