"""A boundary: a moment between two outward acts of a run, named so that it is met again."""

from __future__ import annotations

import re
from dataclasses import dataclass

KINDS = {
    "entry": "ledger entry",
    "step": "step function",
    "program": "program",
    "request": "request",
    "database": "SQL statement",
    "file": "file",
    "prefect": "Prefect API",
}
"""Kinds as the page names them."""

KEYS = r"apikey_[A-Za-z0-9]+|we_[A-Za-z0-9]{24}|EXO[0-9a-f]{24}|\b[0-9a-f]{64}\b|(?<=/tokens/)\d+"
"""How providers spell the id of a key in a path."""
_NAMES = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<id>"),
    (re.compile(r"\b[0-9a-f]{40}\b"), "<commit>"),
    (re.compile(KEYS), "<key>"),
    (re.compile(r"\.runbook-[a-z0-9_]{8}-"), ".runbook-<name>-"),
    (re.compile(r"\btmp[a-z0-9_]{8}\b|(?<=write )[a-z0-9_]{8}$"), "<name>"),
)


@dataclass(frozen=True, order=True)
class Boundary:
    """One of them; equal ones are counted over the whole life of the run."""

    kind: str
    place: str
    """The step and which of its functions, e.g. `sops.run`; for an entry, the step alone."""
    what: str
    occurrence: int = 1

    @property
    def act(self) -> tuple[str, str]:
        """Return what is done here, whether before, during or after it."""
        return self.kind, re.sub(r"^(before|during|after) ", "", self.what)

    @property
    def step(self) -> str:
        """The id of the step, or another place where there is none."""
        return re.split(r"[.,]", self.place)[0]

    @property
    def checked(self) -> str:
        """What is checked here before the run, such as `sops.set`; empty where nothing is."""
        told = re.match(r"preflight of (\S+)", self.place)
        return told[1] if told else ""

    def line(self) -> str:
        """Spell it as one line."""
        return "\t".join([self.kind, self.place, self.what, str(self.occurrence)])

    @classmethod
    def parse(cls, line: str) -> Boundary:
        """Read it back."""
        kind, place, what, occurrence = line.split("\t")
        return cls(kind, place, what, int(occurrence))

    def __str__(self) -> str:
        """Say it in words."""
        number = "" if self.occurrence == 1 else f" (#{self.occurrence})"
        return f"{self.place}: {self.what}{number}"


def normal(text: str) -> str:
    """Return `text` without what differs from run to run."""
    for pattern, name in _NAMES:
        text = pattern.sub(name, text)
    return " ".join(text.split())
