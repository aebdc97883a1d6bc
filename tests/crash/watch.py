"""Who looks at a case: at the places of a secret, or at what somebody can reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from engine.plan import Plan
from tests.crash.always import hold_always
from tests.crash.eventually import hold_eventually, hold_stopped
from tests.crash.person import PersonWatch
from tests.crash.sight import Eye, snapshot
from tests.crash.voyage import Voyage


class Watch(Protocol):
    """Asks after invariants, and counts what it finds in the verdict of the case."""

    def always(self) -> None:
        """Ask after what must hold at every instant."""

    def finally_(self) -> Mapping[str, Any]:
        """Ask after all of it when the run is over; return what `snapshot` does."""

    def snapshot(self) -> Mapping[str, Any]:
        """Return what must not change when the finished run is started again."""


@dataclass
class SecretWatch:
    """Looks at the places of one secret."""

    eye: Eye
    plan: Plan

    def always(self) -> None:
        """Ask after what must hold at every instant."""
        hold_always(self.eye, self.eye.look(), self.plan, self.eye.voyage.verdict)

    def finally_(self) -> Mapping[str, Any]:
        """Ask after all of it; where a person set a value meanwhile, after what holds then."""
        found, verdict = self.eye.look(), self.eye.voyage.verdict
        if self.eye.voyage.strange:
            hold_stopped(self.eye, found, verdict)
        else:
            hold_always(self.eye, found, self.plan, verdict)
            hold_eventually(self.eye, found, self.plan, verdict)
        return snapshot(found)

    def snapshot(self) -> Mapping[str, Any]:
        """Return what must not change any more."""
        return snapshot(self.eye.look())


def watch_of(voyage: Voyage, plan: Plan) -> Watch:
    """Return who looks at this case; to be made before the run starts."""
    if plan.about:
        return PersonWatch.of(voyage, plan)
    eye = Eye.of(voyage)
    voyage.old = eye.old
    return SecretWatch(eye, plan)
