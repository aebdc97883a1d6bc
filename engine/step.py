"""The contract of a step: what an adapter offers and the engine relies on.

An adapter declares each of its steps as one `Step` value. The engine alone decides when to
probe, run or undo it (`engine.execution`); a step never calls another and keeps no state.

Four promises of every implementer:

1. `probe` changes nothing, however often it is called.
2. `run` may be called again after any crash if `probe` says `NotYet`.
3. An undo may be called again after any crash; what is already back is left alone.
4. Whatever leaves as an exception is one of `engine.errors`, and holds no secret.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, SecretStr

from engine.errors import Refused
from engine.state import Noted


class Frozen(BaseModel):
    """Parameters or outputs of a step: immutable, closed, and silent about what they hold."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Nothing(Frozen):
    """The outputs of a step that yields none."""


P = TypeVar("P", bound=BaseModel)
O = TypeVar("O", bound=BaseModel)  # noqa: E741 - the design's own letter for outputs
Q = TypeVar("Q", bound=BaseModel)


def refuse_to_open(runbook: str, inputs: Mapping[str, Any], key: str) -> str:
    """Refuse to start another runbook: what stands where nobody can."""
    raise Refused(f"{runbook} cannot be started from here", hint="Start it by hand.")


class Effect(StrEnum):
    """What a step does to the world, as far as the ordering rules care."""

    OBSERVE = "observe"
    """Looks only."""
    MINT = "mint"
    """Brings a new value into being."""
    ADOPT = "adopt"
    """Takes charge of what a person has made outside: only looks, and ends it on the way back."""
    STORE = "store"
    """Writes a value to one of the stores, or its entry into the catalogue."""
    DISTRIBUTE = "distribute"
    """Carries a stored value towards those who use it."""
    VERIFY = "verify"
    """Proves that a value works (or no longer does)."""
    CUTOVER = "cutover"
    """Puts the new value in force in place of the old one, which ends with it: forward only."""
    REVOKE = "revoke"
    """Ends the life of an old value."""


class Store(StrEnum):
    """Which of the two stores a `STORE` step writes. A secret in only one is a bug."""

    TRUTH = "truth"
    """SOPS: what the cluster is reconciled from."""
    MIRROR = "mirror"
    """Vaultwarden, or what stands in for it: where people look."""


@dataclass(frozen=True)
class Call:
    """What a step may know about the run it serves."""

    run: str
    """Identity of the run; the same after every resume."""
    runbook: str
    step: str
    attempt: int
    """How often the run has been picked up, counted from 1."""
    key: str
    """Idempotency key of the effect: equal for every attempt at it, different when rolled back."""
    head: str
    """Hash of the ledger's entry that says the step was started; empty before that."""
    secret: str
    """Catalogue name of the secret the run is about; empty where there is none."""
    started_by: str
    approved_by: tuple[str, ...]
    answer: SecretStr | None
    """The value, or the certificate, that a person brought to this step's gate."""
    comment: str
    """What the approver wrote at this step's gate."""
    fingerprint: Callable[[SecretStr], str]
    """Keyed fingerprint of a value, bound to `secret`; safe to show and to store."""
    report: Callable[[str], None]
    """Tell the person watching how far the step is; the text must hold no secret."""
    open_run: Callable[[str, Mapping[str, Any], str], str] = refuse_to_open
    """Start another runbook with these inputs and return the id of its run.

    The third is a key of the effect: asked again under it, the same run is returned. Raises
    `Refused` where the runbook is not deployed, or may not be started from here.
    """
    about: str = ""
    """Whom the run is about, such as somebody who leaves; empty where it is about nobody."""
    items: Mapping[str, Noted] = field(default_factory=dict)
    """What people said about each item of this step's checklist."""


@dataclass(frozen=True)
class Done(Generic[O]):
    """The goal is reached."""

    outputs: O
    evidence: str
    """One sentence that convinces an auditor: ids, revisions, fingerprints, never a secret."""


@dataclass(frozen=True)
class NotYet:
    """The goal is not reached, and running the step is safe."""

    finding: str
    """What was found instead, in one sentence."""
    left: BaseModel | None = None
    """Outputs by which what is there of it already can be taken back, where something is."""


@dataclass(frozen=True)
class Unclear:
    """A look cannot tell, or what it found is neither old nor new: a person must decide."""

    because: str


Probe: TypeAlias = Done[O] | NotYet | Unclear


@dataclass(frozen=True)
class Repeatable:
    """Instead of a probe: the step changes nothing outside, so it may run any number of times."""

    because: str


@dataclass(frozen=True)
class Once:
    """Instead of a probe: no look can tell whether it happened, so it is never repeated unasked."""

    because: str


@dataclass(frozen=True)
class Irreversible:
    """Instead of an undo: from here on there is only forward."""

    because: str


@dataclass(frozen=True)
class Untouched:
    """Instead of an undo: there is nothing to take back."""

    because: str


@dataclass(frozen=True)
class Again:
    """Instead of an undo: run once more after the stores are back, to carry the old value out."""

    because: str


@dataclass(frozen=True)
class Awaited(Generic[P]):
    """Instead of an undo: nothing is taken back, but others follow only once the old value is there.

    On the way forward such a step waits for the new value to arrive where it is read. It is asked
    again before the old value is ended.
    """

    because: str
    wait: Callable[[P, Call], str]
    """Return the evidence that the new value is gone from there; raise `NotConverged` while it
    stays."""


@dataclass(frozen=True)
class Preflight(Generic[Q]):
    """Checks that can fail before anything has happened."""

    params: type[Q]
    """The part of the step's parameters that is known before the run starts."""
    look: Callable[[Q], str]
    """Return one sentence about what is fine; raise `Refused` or `Transient` if it is not."""


class Ask(StrEnum):
    """What the gate before a step asks a person for, beside the decision."""

    NOTHING = "nothing"
    SEALED_VALUE = "sealed value"
    EVIDENCE = "evidence"
    CERTIFICATE = "certificate"
    """A certificate in PEM, with its chain: public, so not sealed, and never with a key."""
    CHECKLIST = "checklist"
    """A word about each item of the parameter `items`, one at a time (`engine.checklist`)."""


@dataclass(frozen=True)
class Exclusive:
    """What a step must have to itself while it acts."""

    resources: tuple[str, ...]
    """E.g. `workload:redis/statefulset/redis`; no secret."""
    seconds: float
    """After this it is free for others, whatever became of the step."""


@dataclass(frozen=True)
class Step(Generic[P, O]):
    """One thing an adapter can do."""

    name: str
    """As the YAML says it: `adapter.verb_object`."""
    summary: str
    """One sentence for the gate and the docs; it ends with a period."""
    params: type[P]
    """Frozen pydantic model; every field has a description that ends with a period."""
    outputs: type[O]
    """Frozen pydantic model; `SecretStr` fields are sealed before anything else happens."""
    effect: Effect
    probe: Callable[[P, Call], Probe[O]] | Repeatable | Once
    run: Callable[[P, Call], Done[O]]
    undo: Callable[[P, O, Call], O] | Irreversible | Untouched | Again | Awaited[P]
    """An undo returns the outputs that hold from then on, e.g. the commit that took another back."""
    preflight: Preflight[Any] | None = None
    store: Store | None = None
    """Where the value goes, if the step stores a value; an entry of the catalogue is none."""
    ask: Ask = Ask.NOTHING
    check_answer: Callable[[P, SecretStr], None] | None = None
    """Judge the value or certificate brought to the gate, before it counts; raise `Refused` to
    ask again."""
    check_comment: Callable[[P, str], None] | None = None
    """Judge the evidence at the gate in the same way."""
    exclusive: Callable[[P], Exclusive] | None = None
    """What no other run may act on meanwhile; taken as a lease before the step is started."""
    reveals: str = ""
    """The parameter with a place whose value this step lets out in clear; that of an identifier."""
    describe: Callable[[P], str] | None = None
    """What the step will do with these parameters, in Markdown; shown at the gate."""


AnyStep: TypeAlias = Step[Any, Any]
