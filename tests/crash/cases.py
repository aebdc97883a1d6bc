"""What a case is and what became of it: plain values that travel between processes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from sandbox.faults import Fault
from tests.crash.boundary import Boundary

Way = Literal["forward", "reject", "back"]
WAYS: dict[Way, str] = {
    "forward": "forward to the end",
    "reject": "rejected at the first gate",
    "back": "taken back after a failed check",
}


@dataclass(frozen=True)
class Case:
    """One voyage, with the deaths in it."""

    runbook: str
    way: Way = "forward"
    stepwise: bool = False
    """Whether people answer each gate for itself; else as many as one yes may cover."""
    watched: bool = False
    """Whether the world is looked at at every boundary, to find out which of them differ."""
    again: bool = False
    """Whether the finished run is started once more."""
    faults: tuple[Fault, ...] = ()
    """What goes wrong in the outside systems."""
    push: Literal["", "refuse", "lose"] = ""
    """How pushes to the remote fail."""
    since: Literal["start", "gate"] = "gate"
    """Whether that begins before the run, or with the first answer at a gate."""
    told: str = ""
    """Those faults in words."""
    duel: Literal["", "two", "stale"] = ""
    """Two workers take the run at once; or one that slept wakes after another took over."""
    meanwhile: str = ""
    """What happens to the world while it is held there; see `meanwhile.HAPPENINGS`."""
    at: Boundary | None = None
    """Where it is killed first; None for a dry pass."""
    second: int = 0
    """How many boundaries after the pick-up it is killed again; 0 for not at all."""

    @property
    def title(self) -> str:
        """Say in one line what the case is."""
        words = [self.runbook, WAYS[self.way]]
        if self.duel == "two":
            words.append("taken by two workers each time")
        if self.faults or self.push:
            words.append(f"with {self.told} from the {self.since} on")
        if self.at is not None:
            what = "put to sleep" if self.duel else self.meanwhile or "killed"
            words.append(f"{what} at {self.at}")
        if self.second:
            words.append(f"killed again {self.second} boundaries after the pick-up")
        return ", ".join(words)


@dataclass
class Verdict:
    """What became of one case."""

    case: Case
    kills: int = 0
    checks: Counter[str] = field(default_factory=Counter)
    """How often each invariant was asked after, by its id."""
    violations: list[tuple[str, str]] = field(default_factory=list)
    """Invariant and what was found instead."""
    trace: tuple[Boundary, ...] = ()
    """Every boundary it crossed, in order."""
    edges: tuple[tuple[Boundary, Boundary], ...] = ()
    """Between which boundaries the world changed, from a watched case."""
    requests: tuple[tuple[str, str, str], ...] = ()
    """Each distinct request the world has seen: double, method, path."""
    unmet: bool = False
    """The boundary did not come up again, as those of a waiting loop may not."""
    notes: list[str] = field(default_factory=list)
    """What is known and harmless, and worth saying."""
    failure_gates: int = 0
    """How often a person had to say how to go on."""
    broke: str = ""
    """Why the case could not be brought to its end, if so."""
    values: tuple[str, ...] = ()
    """Markers to be looked for in what all cases share."""
    seconds: float = 0.0

    def hold(self, invariant: str, claim: bool, otherwise: str) -> None:
        """Count one question, and note what was found if the claim is not so."""
        self.checks[invariant] += 1
        if not claim:
            self.violations.append((invariant, otherwise))
