"""`sops.check_reader`: whether somebody is a reader, on main and in what waits on branches."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from adapters.shared.checkout import Checkout, open_checkout
from adapters.sops.leaving import Readers, removing
from adapters.sops.program import open_sops
from adapters.sops.rekeying import Build, Revision, add_readers, rules_of
from adapters.sops.values import Stores
from engine.errors import Refused
from engine.step import (
    Call,
    Done,
    Effect,
    Nothing,
    NotYet,
    Probe,
    Step,
    Untouched,
)


class CheckReader(Readers):
    """Parameters of `sops.check_reader`."""

    expect: Literal["present", "absent"] = Field(description="Whether they shall be a reader.")


def check_reader_step(stores: Stores) -> Step[CheckReader, Nothing]:
    """Return `sops.check_reader`."""
    return Step(
        name="sops.check_reader",
        summary="See on main and in pending changes whether somebody is a reader of the encrypted files.",
        params=CheckReader,
        outputs=Nothing,
        effect=Effect.VERIFY,
        probe=lambda params, call: _check(stores, params, call),
        run=lambda params, call: _require(stores, params, call),
        undo=Untouched("looking changes nothing"),
        describe=lambda p: f"Looks whether `{p.told}` is {p.expect} as a reader.",
    )


def _check(stores: Stores, params: CheckReader, call: Call) -> Probe[Nothing]:
    is_out = params.expect == "absent"
    try:
        build = removing(stores, params) if is_out else _adding_nobody(stores, params)
        with open_checkout(stores.git, call.run) as checkout:
            files = build(checkout).files
    except Refused as error:
        return NotYet(error.message)
    if files:
        return NotYet(f"{params.told} is not {params.expect}: {', '.join(files[:8])}")
    where = f"{stores.git.branch} at {checkout.main[:12]}"
    if not params.exists:
        return Done(
            Nothing(), f"no age key was to be looked for; none is {params.told}'s in {where}"
        )
    waits = " and in all that waits on branches" if is_out else ""
    return Done(Nothing(), f"{params.told} is {params.expect} in {where}{waits}")


def _adding_nobody(stores: Stores, params: CheckReader) -> Build:
    def build(checkout: Checkout) -> Revision:
        for recipient in params.recipients:
            if not any(rules_of(checkout, checkout.main, recipient).values()):
                raise Refused(f"no rule of .sops.yaml names {recipient}")
        sops = open_sops(stores.sops)
        return add_readers(sops, checkout, params.recipients, lambda text, _: text)

    return build


def _require(stores: Stores, params: CheckReader, call: Call) -> Done[Nothing]:
    found = _check(stores, params, call)
    if isinstance(found, Done):
        return found
    raise Refused(
        found.finding if isinstance(found, NotYet) else "it cannot be told",
        hint="See who changed the readers since, and mend that.",
    )
