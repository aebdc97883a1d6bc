"""The model of a case file: runs of one runbook in a made-up world, and how each has to end.

A case says what is given, what people decide, what goes wrong, and what is expected. The words for
what goes wrong, and for what stands in the world, are the sandbox's own and pass through here
unread, so that a new double needs no change of this page.
"""

from __future__ import annotations

from typing import Any, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from engine.catalogue import Secret
from engine.freeze import Freeze
from engine.runbook import InputName, Slug, Strict
from engine.state import Kind

Decide: TypeAlias = Literal[
    "approve", "reject", "skip", "note", "break glass", "retry", "mark done", "roll back", "stop",
    "expire", "wait",
]  # fmt: skip
End: TypeAlias = Literal["completed", "rejected", "rolled back", "stopped", "refused", "waiting"]
Holder: TypeAlias = Literal["sops", "vaultwarden", "kubernetes", "pods"]
Held: TypeAlias = Literal["old", "new", "edited", "another", "mixed", "nothing"]
"""What a place holds; the first two are what the catalogue's secret was and was made."""
HARMLESS_WORDS = "Read and agreed in a rehearsal."
"""What people write at a gate where the case does not say; evidence enough for a made-up world."""


class Bring(Strict):
    """Where what a person brings comes from: a double makes it, or it is made up."""

    double: str = ""
    """Name of the double that is asked with POST, e.g. `console`."""
    path: str = ""
    json_: dict[str, Any] = Field(default_factory=dict, alias="json")
    """May hold references: to outputs of steps that are done, `${{ steps.request.csr }}`, and to
    `world`, the sandbox's map of itself."""
    take: str = ""
    """Name of the field of its answer that is the value."""
    made_up: str = ""
    """The value itself, in clear: nothing but a rehearsal will ever take it."""

    @model_validator(mode="after")
    def _is_one_way(self) -> Self:
        if bool(self.made_up) == bool(self.double) or (self.double and not self.take):
            raise ValueError("say either `made_up`, or `double`, `path` and `take`")
        return self


class Trouble(BaseModel):
    """Something that goes wrong in the world; beside `from` the sandbox alone knows the fields."""

    model_config = ConfigDict(frozen=True, extra="allow")

    from_: str = Field("", alias="from")
    """Id of the step from whose turn on it is so; empty for from the beginning."""
    double: str = ""
    """Set in a fault of a double: fields as in `sandbox.faults.Fault`."""
    knob: str = ""
    """Set in anything else that can be turned: fields as in `sandbox.steering`."""

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        if bool(self.double) == bool(self.knob):
            raise ValueError("a trouble names either a `double` or a `knob`")
        return self

    def request(self) -> dict[str, Any]:
        """Return what the sandbox is asked for."""
        said = self.model_dump(exclude={"from_", "double" if self.knob else "knob"})
        return dict(said)


class Decision(Strict):
    """What somebody does when a gate is asked; each is used once, in the order they stand."""

    gate: str
    """Id of the step."""
    kind: Kind = Kind.STEP
    decide: Decide
    """`expire`: nobody answers until it is too late. `wait`: the case ends here."""
    by: str = ""
    """Who; where it is left out, somebody who may."""
    comment: str | Bring = HARMLESS_WORDS
    """What they write; where a double has to say it, how it is asked."""
    waive: str = ""
    """Why they answer, just before, for every exposed value that it stays (`engine.exposure`)."""
    through: str = ""
    bring: Bring | None = None
    item: str = ""
    """With `note`: which item of a checklist, and where it stands now."""
    state: str = ""
    mend: bool = False
    """Whether everything that goes wrong is put right just before."""

    @property
    def name(self) -> str:
        """Return the gate as it is written elsewhere: `verify`, `verify failure`, `sops undo`."""
        return gate_name(self.gate, self.kind)


def gate_name(step: str, kind: Kind) -> str:
    """Return how a case file names a gate."""
    return step if kind is Kind.STEP else f"{step} {kind.value}"


class Gate(Strict):
    """A gate that has to open, and to whom."""

    gate: str
    to: tuple[str, ...] | None = None
    """The groups that are asked."""
    approvals: int | None = None
    by: str | None = None
    """Who closed it."""


class Failure(Strict):
    """A step that has to fail."""

    step: str
    error: str = ""
    """What its message has to hold."""


class Refusal(Strict):
    """An answer that must not count."""

    gate: str
    why: str = ""
    """What the reason has to hold."""


class Expect(Strict):
    """How a case has to end; what is left out is not looked at, but for failures and refusals."""

    end: End
    """`refused`: it did not start. `waiting`: a gate is open."""
    error: str = ""
    """What the reason has to hold, where it did not start."""
    gates: tuple[str | Gate, ...] | None = None
    """Every gate that opens, in order."""
    ran: tuple[str, ...] | None = None
    """Ids of the steps that were carried out or found done, in order."""
    skipped: tuple[str, ...] | None = None
    undone: tuple[str, ...] | None = None
    failures: tuple[Failure, ...] = ()
    """Every failure, in order; none where it is left out."""
    refusals: tuple[Refusal, ...] = ()
    """Every answer that did not count, in order; none where it is left out."""
    stores: dict[Holder, Held] = Field(default_factory=dict)
    """Which value each place holds."""
    identifier: dict[Holder, Held] = Field(default_factory=dict)
    """Of a pair, where the other half differs from `stores`."""
    world: dict[str, Any] = Field(default_factory=dict)
    """Facts of the sandbox's state; what is named has to be so, the rest is not looked at."""


class Case(Strict):
    """One run in one world."""

    case: str = Field(min_length=3, max_length=120)
    """What it shows, as a sentence."""
    started_by: str = "the author"
    inputs: dict[InputName, Any] = Field(default_factory=dict)
    """Laid over those of the file."""
    freeze: tuple[Freeze, ...] = ()
    """Windows in force in this world; those of the platform are not."""
    held: tuple[Slug, ...] = ()
    """Secrets that somebody else's run of the same runbook works on meanwhile."""
    stopped: tuple[Slug, ...] = ()
    """Secrets whose last run of the same runbook was stopped after it had published."""
    troubles: tuple[Trouble, ...] = ()
    decisions: tuple[Decision, ...] = ()
    """At a gate without one, somebody who may approves."""
    expect: Expect


class Cases(Strict):
    """A whole file under `runbooks/tests/`, named after its runbook."""

    runbook: Slug
    inputs: dict[InputName, Any] = Field(default_factory=dict)
    """For every case; may hold references to `world`, the sandbox's map of itself."""
    bring: dict[str, Bring] = Field(default_factory=dict)
    """By step: where the value or the certificate comes from that its gate asks for."""
    catalogue: dict[Slug, Secret] = Field(default_factory=dict)
    """Entries beside those of the catalogue, for secrets that no real platform has."""
    cases: tuple[Case, ...] = Field(min_length=1)
