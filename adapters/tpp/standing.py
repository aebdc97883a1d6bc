"""`tpp.standing`: which of two slots holds the certificate in force, and what that one says.

The one that ends last is in force, but for one case: what a stopped renewal has published may be
what no bank knows. Then people say which slot no bank needs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pydantic import Field, SecretStr

from adapters.shared.pem import load
from adapters.shared.x509 import holder, parse, parse_slot, pem_of
from engine.certificates import Seen, kind_faults
from engine.errors import Refused
from engine.ledger import timestamp
from engine.qualified import Kind
from engine.step import Call, Done, Effect, Frozen, Preflight, Repeatable, Step, Untouched
from engine.stopped import Stopped, refuse_unsettled

StoppedAt = Callable[[str], Stopped | None]
"""Returns the stopped renewal that leaves a slot open, by its name; None where there is none."""


class Opened(Frozen):
    """What is known of a renewal before it starts."""

    slot: str = Field(
        default="",
        description="The slot that is written, by its name, so that a stopped renewal of it is "
        "found before anything is done.",
    )
    settled: str = Field(
        default="",
        description="Where an earlier renewal of these slots was stopped: why no bank needs what "
        "is written over.",
    )


class Slots(Opened):
    """Parameters of `tpp.standing`."""

    kind: Kind = Field(description="What both must be: `qwac` or `qseal`.")
    in_force: SecretStr = Field(
        description="The pair that is to stay until all banks have the new."
    )
    replaced: SecretStr = Field(description="What the new pair is to be written over.")


class Standing(Frozen):
    """Outputs of `tpp.standing`; all of it is public."""

    pem: str = Field(description="The certificate in force, without chain and key.")
    organisation: str = Field(description="Its organizationIdentifier.")
    roles: tuple[str, ...] = Field(description="Its PSD2 roles.")
    sha256: str = Field(description="SHA-256 of the certificate, in hex.")
    serial: str = Field(description="Its serial number in hex.")
    issuer: str = Field(description="Name of its issuer.")
    ends: str = Field(description="When it ends, as the ledger spells time.")


def standing_step(stopped_at: StoppedAt) -> Step[Slots, Standing]:
    """Return `tpp.standing`."""
    return Step(
        name="tpp.standing",
        summary="Read the certificate in force, and see that the other slot may be written over.",
        params=Slots,
        outputs=Standing,
        effect=Effect.OBSERVE,
        probe=Repeatable("reading changes nothing"),
        run=partial(_run, stopped_at),
        undo=Untouched("reading changes nothing"),
        preflight=Preflight(Opened, partial(_settled, stopped_at)),
        describe=lambda params: f"Reads both {params.kind} slots. The keys in them are not used.",
    )


def _settled(stopped_at: StoppedAt, params: Opened) -> str:
    """Return that no stopped renewal leaves the slot open, or why that does not matter."""
    stopped = stopped_at(params.slot) if params.slot else None
    refuse_unsettled(stopped, params.slot, params.settled)
    if stopped is None:
        return "no renewal of it was stopped half-way" if params.slot else "no slot is named"
    return f"{stopped.told}; {params.slot} is said to be settled: {params.settled}"


def _run(stopped_at: StoppedAt, params: Slots, call: Call) -> Done[Standing]:
    stopped = stopped_at(call.secret)
    refuse_unsettled(stopped, call.secret, params.settled)
    raw = params.in_force.get_secret_value().encode()
    found = parse(raw, "the slot in force")
    wrong = [found.malformed] if found.malformed else [*kind_faults(found, params.kind)]
    if wrong:
        raise Refused(
            f"the certificate in force cannot be renewed as it is: {'; '.join(wrong)}",
            hint="Correct the catalogue, or order the first certificate by hand.",
        )
    other = _other(params, call)
    if other is not None and not other.may_be(params.kind) and not other.is_placeholder:
        raise Refused(
            f"{call.secret or 'this slot'} holds a certificate of another kind: it is "
            f"{' and '.join(other.stated.types) or 'none that is known here'}, not {params.kind}",
            hint="Move the pair to where it belongs, in both stores, or correct the catalogue.",
        )
    counts = other is not None and not other.is_placeholder and stopped is None
    if other is not None and counts and other.ends > found.ends:
        raise Refused(
            f"{call.secret or 'this slot'} holds the certificate in force, which ends at "
            f"{_day(other)}; the other one ends at {_day(found)}",
            hint="Start the run for the other slot: the certificate in force is never written over.",
        )
    psd2 = found.stated.psd2
    outputs = Standing(
        pem=pem_of(holder(load(raw, "the slot in force"), "the slot in force")),
        organisation=found.organisation,
        roles=psd2.roles if psd2 else (),
        sha256=found.sha256,
        serial=found.serial,
        issuer=found.issuer,
        ends=timestamp(found.ends),
    )
    was = f"the slot holds one that ends at {_day(other)}" if other else "the slot holds none"
    roles = ", ".join(outputs.roles)
    told = f"{found.organisation} with {roles}, serial {found.serial} of {found.issuer}"
    word = f"; {stopped.told}; said to be settled: {params.settled}" if stopped else ""
    return Done(outputs, f"in force until {_day(found)}: {told}; {was}{word}")


def _other(params: Slots, call: Call) -> Seen | None:
    """Return the certificate that is written over; None where the slot was never filled.

    Raises `Refused` for what cannot be read, since that may be the one in force.
    """
    try:
        raw = params.replaced.get_secret_value().encode()
        return parse_slot(raw, call.secret or "this slot")
    except Refused as error:
        why = error.message
    raise Refused(
        f"what is to be written over may be the certificate in force, as {why}",
        hint="Mend the text of the slot, key and chain as whole PEM, and start the run again; or "
        "put a placeholder there, in both stores, if no bank needs what it holds.",
    )


def _day(seen: Seen) -> str:
    return timestamp(seen.ends)[:10]
