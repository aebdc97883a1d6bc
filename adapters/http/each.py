"""`http.check_each`: one question for each item of a list, all of which must be answered as expected."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from adapters.http.inquiry import Check, check_address, look
from adapters.http.request import Address, HttpSettings
from adapters.shared.convergence import converge
from engine.errors import Refused
from engine.step import Call, Done, Effect, Frozen, NotYet, Preflight, Repeatable, Step, Untouched

ITEM = "{item}"
"""What stands in the address for the item."""

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]


class CheckEach(Check):
    """Parameters of `http.check_each`: those of `http.check`, with `{item}` in the address."""

    items: tuple[Name, ...] = Field(description="What to ask about, one after the other.")


class AllAnswered(Frozen):
    """Outputs of `http.check_each`."""

    answered: tuple[str, ...] = Field(description="Items whose answer was as expected.")


def check_each_step(settings: HttpSettings) -> Step[CheckEach, AllAnswered]:
    """Return `http.check_each`."""
    return Step(
        name="http.check_each",
        summary="Ask a service about each item of a list until all answers are as expected.",
        params=CheckEach,
        outputs=AllAnswered,
        effect=Effect.VERIFY,
        probe=Repeatable("it asks questions and may ask them again"),
        run=lambda params, call: _run(settings, params, call),
        undo=Untouched("it only asked questions"),
        preflight=Preflight(Address, lambda address: check_address(settings, address)),
        describe=_describe,
    )


def _run(settings: HttpSettings, params: CheckEach, call: Call) -> Done[AllAnswered]:
    if ITEM not in params.url:
        raise Refused(f"the url has no {ITEM} for the item", hint=f"Write {ITEM} into its path.")
    return converge(
        lambda: _look(settings, params),
        seconds=params.timeout,
        report=call.report,
        hint="Look at what the service says about these; nothing may be revoked yet.",
    )


def _look(settings: HttpSettings, params: CheckEach) -> Done[AllAnswered] | NotYet:
    """Ask about every item, so that all that is wrong is told at once."""
    wrong = []
    for item in params.items:
        found = look(settings, _about(params, item))
        if isinstance(found, NotYet):
            wrong.append(found.finding)
    if wrong:
        return NotYet("; ".join(wrong))
    told = ", ".join(params.items) or "nothing, as the list is empty"
    return Done(AllAnswered(answered=params.items), f"answered as expected: {told}")


def _about(params: CheckEach, item: str) -> Check:
    fields: dict[str, Any] = {
        name: getattr(params, name) for name in Check.model_fields if name != "body"
    }
    return Check(**{**fields, "url": params.url.replace(ITEM, item), "json": params.body})


def _describe(params: CheckEach) -> str:
    listed = ", ".join(params.items) or "no item"
    return (
        f"Sends `{params.method} {params.url}` for {listed}, for up to {params.timeout} s, until "
        "every answer is as the runbook expects."
    )
