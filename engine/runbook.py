"""The model of a runbook: what the YAML may say."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from engine.durations import Duration

SLUG = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
LONGEST_SLUG = 60
Slug = Annotated[str, StringConstraints(pattern=f"^{SLUG}$", max_length=LONGEST_SLUG)]
INPUT_NAME = r"[a-z][a-z0-9_]*"
InputName = Annotated[str, StringConstraints(pattern=f"^{INPUT_NAME}$", max_length=40)]

RESERVED_INPUTS = frozenset({"requested_by"})
"""Names the engine itself adds to every form."""

Part = Literal[
    "flux", "kubernetes", "check", "consumers", "postgres", "generate", "certificate", "identifier"
]
"""What an entry of the catalogue may have or not."""


class Strict(BaseModel):
    """Immutable and closed: an unknown key is an error, not a surprise."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Input(Strict):
    """One field of the form that starts a run."""

    type: Literal["string", "integer", "boolean", "date", "choice", "secret", "secret_name"]
    """`secret` is the name of a catalogue entry, never a value; `secret_name` also one to come."""
    description: str
    default: str | int | bool | None = None
    min_length: int | None = Field(None, ge=0)
    max_length: int | None = Field(None, ge=1)
    pattern: str | None = None
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[str, ...] = ()
    without: tuple[Part, ...] = ()
    """What the entry of a secret may not have; how it is rotated otherwise follows from that."""

    @model_validator(mode="after")
    def _limits_fit_the_type(self) -> Self:
        textual = self.min_length, self.max_length, self.pattern
        if self.type != "string" and any(limit is not None for limit in textual):
            raise ValueError("min_length, max_length and pattern go with `type: string` alone")
        if self.type != "integer" and (self.minimum, self.maximum) != (None, None):
            raise ValueError("minimum and maximum go with `type: integer` alone")
        if (self.type == "choice") != bool(self.choices):
            raise ValueError(
                "`choices` goes with `type: choice`, and that with at least one choice"
            )
        if self.without and self.type != "secret":
            raise ValueError("`without` goes with `type: secret` alone")
        if self.default is not None and not self._default_fits():
            raise ValueError(f"the default is not of type {self.type}")
        return self

    def _default_fits(self) -> bool:
        value = self.default
        match self.type:
            case "integer":
                return isinstance(value, int) and not isinstance(value, bool)
            case "boolean":
                return isinstance(value, bool)
            case "choice":
                return value in self.choices
            case _:
                return isinstance(value, str)


class Escalation(Strict):
    """Whom to tell when a gate has expired and nothing followed."""

    after: Duration
    """How long after the expiry."""
    to: tuple[str, ...] = Field(min_length=1)
    """Groups."""


class Gate(Strict):
    """Who must agree before a step, and until when an answer counts."""

    groups: tuple[str, ...] = ()
    """One of these must be the approver's; empty means anyone who can reach the gate."""
    approvals: int = Field(1, ge=1, le=20, strict=True)
    """How many distinct people."""
    expires: Duration = timedelta(hours=24)
    initiator_may_approve: bool = True
    signed_in_within: Duration | None = None
    """How fresh the sign-in of somebody whom the gateway vouches for must be; empty means any."""
    remind: Duration | None = None
    """How long before the expiry people are reminded."""
    escalate: Escalation | None = None


class BreakGlass(Strict):
    """Who alone may open a gate in an emergency, against its number of approvals and a freeze."""

    groups: tuple[str, ...] = Field(min_length=1)
    review_within: Duration = timedelta(hours=72)
    """How soon somebody else must have looked at it."""


class GateChange(Strict):
    """A step's own gate: what it leaves out, it takes from the runbook's."""

    groups: tuple[str, ...] | None = None
    approvals: int | None = Field(None, ge=1, le=20, strict=True)
    expires: Duration | None = None
    initiator_may_approve: bool | None = None
    signed_in_within: Duration | None = None
    remind: Duration | None = None
    escalate: Escalation | None = None

    def over(self, default: Gate) -> Gate:
        """Return `default` with what this says laid over it."""
        said = {name: value for name, value in self if value is not None}
        return default.model_copy(update=said)


class StepSpec(Strict):
    """One entry of `steps`."""

    id: Slug
    title: str = ""
    uses: str
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")
    gate: GateChange | Literal["none"] | None = None
    may_skip: bool = False
    """Whether a person may decide at the gate to leave this step out."""
    irreversible: bool = False
    """The author's word that they know this step cannot be undone."""

    @property
    def name(self) -> str:
        """What people see: the title, else the id."""
        return self.title or self.id


class Runbook(Strict):
    """A whole file under `runbooks/`."""

    runbook: Slug
    title: str = Field(min_length=1)
    description: str = ""
    secret: str = ""
    """A catalogue name, or a reference to an input that names a secret; empty for none."""
    about: str = ""
    """A reference to an input of type `string` that names a person; empty for nobody."""
    entry: dict[str, Any] = Field(default_factory=dict)
    """What the catalogue's entry of a new secret is made of, by references to inputs."""
    inputs: dict[InputName, Input] = Field(default_factory=dict)
    gate: Gate = Gate()
    break_glass: BreakGlass | None = None
    schedule: Literal["allowed", "refused"] = "refused"
    """Whether a schedule of its deployment may start it."""
    steps: tuple[StepSpec, ...] = Field(min_length=1)

    def gate_of(self, step: StepSpec) -> Gate | None:
        """Return the gate before `step`; None where it says `gate: none`."""
        if step.gate == "none":
            return None
        return step.gate.over(self.gate) if isinstance(step.gate, GateChange) else self.gate
