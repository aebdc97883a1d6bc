"""`tpp.standing`: which of two slots holds the certificate in force, and what that one says."""

from __future__ import annotations

from pydantic import Field, SecretStr

from adapters.shared.pem import load
from adapters.shared.x509 import holder, parse, parse_slot, pem_of
from engine.certificates import Seen, kind_faults
from engine.errors import Refused
from engine.ledger import timestamp
from engine.qualified import Kind
from engine.step import Call, Done, Effect, Frozen, Repeatable, Step, Untouched


class Slots(Frozen):
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


def standing_step() -> Step[Slots, Standing]:
    """Return `tpp.standing`."""
    return Step(
        name="tpp.standing",
        summary="Read the certificate in force, and see that the other slot may be written over.",
        params=Slots,
        outputs=Standing,
        effect=Effect.OBSERVE,
        probe=Repeatable("reading changes nothing"),
        run=_run,
        undo=Untouched("reading changes nothing"),
        describe=lambda params: f"Reads both {params.kind} slots. The keys in them are not used.",
    )


def _run(params: Slots, call: Call) -> Done[Standing]:
    raw = params.in_force.get_secret_value().encode()
    found = parse(raw, "the slot in force")
    wrong = [found.malformed] if found.malformed else [*kind_faults(found, params.kind)]
    if wrong:
        raise Refused(
            f"the certificate in force cannot be renewed as it is: {'; '.join(wrong)}",
            hint="Correct the catalogue, or order the first certificate by hand.",
        )
    other = _other(params, call)
    if other is not None and other.ends > found.ends:
        raise Refused(
            f"{call.secret or 'this slot'} holds the certificate in force, which ends at "
            f"{_day(other)}; the other one ends at {_day(found)}",
            hint="Start the run for the other slot: the certificate in force is never written over.",
        )
    psd2 = found.stated.psd2
    outputs = Standing(
        pem=pem_of(holder(load(raw, "the slot in force"))),
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
    return Done(outputs, f"in force until {_day(found)}: {told}; {was}")


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
