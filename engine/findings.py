"""What is wrong with a file, where, and what to do: all of it at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import Refused, RunbookError


@dataclass(frozen=True, order=True)
class Place:
    """A spot in a file; line and column count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is wrong."""

    place: Place
    message: str
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.place}: {self.message}"
        return f"{text}\n    hint: {self.hint}" if self.hint else text


def refusal(error: Invalid) -> Refused:
    """Return what is wrong with a file as the plain no of a step."""
    told = "; ".join(f"{each.place}: {each.message}" for each in error.findings)
    return Refused(told, hint=error.findings[0].hint)


class Invalid(RunbookError):
    """A file cannot be used as it stands; `findings` holds every reason."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(sorted(set(findings)))
        super().__init__("\n".join(str(finding) for finding in self.findings))
