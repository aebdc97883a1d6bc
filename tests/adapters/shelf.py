"""A Secrets Manager in memory, with the answers that the package `bitwarden-sdk` gives."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

ORGANISATION, PROJECT, OTHER = (str(uuid.uuid4()) for _ in range(3))
KEY = "ANTHROPIC_API_KEY"


@dataclass(frozen=True)
class Row:
    id: uuid.UUID
    key: str
    value: str
    note: str
    project_id: uuid.UUID
    revision_date: int


@dataclass
class Shelf:
    """Secrets in memory with the answers that the package gives."""

    rows: dict[str, Row] = field(default_factory=dict)
    writes: int = 0
    lose_next: bool = False

    def list(self, organization_id: str, /) -> Any:
        assert organization_id == ORGANISATION
        return answer(answer([*self.rows.values()]))

    def get(self, identity: str, /) -> Any:
        if identity not in self.rows:
            raise RuntimeError("Received error message from server: [404 Not Found] {}")
        return answer(self.rows[identity])

    def create(
        self,
        organization_id: str,
        key: str,
        value: str,
        note: str | None,
        project_ids: Any,
        /,
    ) -> Any:
        assert organization_id == ORGANISATION
        [project] = project_ids
        row = Row(uuid.uuid4(), key, value, note or "", uuid.UUID(project), 1)
        return self._put(row)

    def update(  # noqa: PLR0917 - as the package has it
        self,
        organization_id: str,
        identity: str,
        key: str,
        value: str,
        note: str | None,
        project_ids: Any,
        /,
    ) -> Any:
        assert organization_id == ORGANISATION
        [project] = project_ids
        row = self.rows[identity]
        changed = replace(row, key=key, value=value, note=note or "", project_id=uuid.UUID(project))
        return self._put(replace(changed, revision_date=row.revision_date + 1))

    def delete(self, identities: Any, /) -> Any:
        for identity in identities:
            del self.rows[identity]
        self.writes += 1

    def add(self, value: str = "old-value", key: str = KEY, project: str = PROJECT) -> str:
        row = Row(uuid.uuid4(), key, value, "by petra", uuid.UUID(project), 1)
        self.rows[str(row.id)] = row
        return str(row.id)

    def edit(self, identity: str, value: str) -> None:
        self.rows[identity] = replace(self.rows[identity], value=value)

    def _put(self, row: Row) -> Any:
        self.rows[str(row.id)] = row
        self.writes += 1
        if self.lose_next:
            self.lose_next = False
            raise RuntimeError(f"error sending request with {row.value}")
        return answer(row)


def answer(data: Any) -> Any:
    return SimpleNamespace(success=True, data=data)
