"""A world of one bit, and the steps that look at it, light it and put it out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import Field, SecretStr

from engine.errors import OutcomeUnknown, Refused, Transient
from engine.step import (
    Again,
    AnyStep,
    Ask,
    Call,
    Done,
    Effect,
    Exclusive,
    Frozen,
    Irreversible,
    Nothing,
    NotYet,
    Once,
    Preflight,
    Repeatable,
    Step,
    Store,
    Unclear,
    Untouched,
)


class Bulb(Frozen):
    bulb: str = Field("a", description="Which lamp.")


class Lit(Frozen):
    bulb: str = Field(description="Which lamp is lit.")


class Minted(Frozen):
    value: SecretStr = Field(description="The value.")
    label: str = Field("", description="A name for it.")


class Listed(Frozen):
    items: dict[str, str]


class Valued(Frozen):
    value: SecretStr = Field(description="The value.")
    at: str = Field("here", description="Where it goes.")


@dataclass
class Lamps:
    """Which lamps are lit, what was called, and what shall go wrong next."""

    lit: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    trouble: list[Exception] = field(default_factory=list)
    lose_reply: bool = False
    unclear: bool = False
    stays_dark: bool = False
    minted: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    dim: str = ""
    blind: int = 0
    witness: Callable[[], None] = lambda: None

    def probe(self, params: Bulb, call: Call) -> Done[Lit] | NotYet | Unclear:
        if self.blind:
            self.blind -= 1
            raise Transient("the lamp cannot be seen")
        if self.unclear:
            return Unclear("the lamp flickers")
        if params.bulb in self.lit:
            return Done(Lit(bulb=params.bulb), f"lamp {params.bulb} is lit")
        return NotYet(f"lamp {params.bulb} is dark")

    def light(self, params: Bulb, call: Call) -> Done[Lit]:
        self.witness()
        self.calls.append(f"light {params.bulb}")
        self.keys.append(call.key)
        if self.trouble:
            raise self.trouble.pop(0)
        if not self.stays_dark:
            self.lit.add(params.bulb)
        if self.lose_reply:
            self.lose_reply = False
            raise OutcomeUnknown("the line went dead")
        return Done(Lit(bulb=params.bulb), f"lamp {params.bulb} is lit")

    def put_out(self, params: Bulb, outputs: Lit, call: Call) -> Lit:
        self.calls.append(f"put out {params.bulb}")
        self.lit.discard(params.bulb)
        return outputs

    def mint(self, params: Nothing, call: Call) -> Done[Minted]:
        value = f"minted-secret-{len(self.minted)}"
        self.minted.append(value)
        return Done(Minted(value=SecretStr(value), label="fresh"), "a value was made")

    def melt(self, params: Nothing, outputs: Minted, call: Call) -> Minted:
        self.calls.append("melt")
        return outputs

    def provide(self, params: Nothing, call: Call) -> Done[Minted]:
        if call.answer is None:
            raise Refused("nobody brought a value")
        return Done(Minted(value=call.answer, label="brought"), "a value was brought")

    def ring(self, params: Nothing, call: Call) -> Done[Nothing]:
        self.calls.append("ring")
        if self.trouble:
            raise self.trouble.pop(0)
        return Done(Nothing(), "it rang")

    def preflight(self, params: Bulb) -> str:
        if self.dim:
            raise Refused(self.dim, hint="Change the bulb.")
        return "the bulb is whole"


def refuse_short(params: Nothing, value: SecretStr) -> None:
    if len(value.get_secret_value()) < 8:
        raise Refused("the value is too short")


def steps(lamps: Lamps) -> dict[str, AnyStep]:
    """One step of every effect and of every kind of probe and undo."""
    harmless = Untouched("it only looks")
    looks = Repeatable("it only looks")
    common: dict[str, Any] = {
        "params": Bulb,
        "outputs": Lit,
        "probe": lamps.probe,
        "run": lamps.light,
    }
    listed: list[AnyStep] = [
        Step("lamp.look", "Look.", Nothing, Nothing, Effect.OBSERVE, looks, lamps.ring, harmless),
        Step(
            "lamp.mint", "Make a value.", Nothing, Minted, Effect.MINT, looks, lamps.mint, harmless
        ),
        Step(
            "lamp.forge",
            "Make a value outside.",
            Nothing,
            Minted,
            Effect.MINT,
            looks,
            lamps.mint,
            lamps.melt,
        ),
        Step(
            "lamp.adopt",
            "Find what a person has made outside.",
            Nothing,
            Minted,
            Effect.ADOPT,
            looks,
            lamps.mint,
            lamps.melt,
        ),
        Step(
            "lamp.provide",
            "Bring a value.",
            Nothing,
            Minted,
            Effect.MINT,
            looks,
            lamps.provide,
            harmless,
            ask=Ask.SEALED_VALUE,
            check_answer=refuse_short,
        ),
        Step(
            "lamp.store",
            "Store.",
            Valued,
            Nothing,
            Effect.STORE,
            looks,
            lamps.ring,
            harmless,
            store=Store.TRUTH,
        ),
        Step(
            "lamp.mirror",
            "Mirror.",
            Valued,
            Nothing,
            Effect.STORE,
            looks,
            lamps.ring,
            harmless,
            store=Store.MIRROR,
        ),
        Step(
            "lamp.light",
            "Light it.",
            effect=Effect.DISTRIBUTE,
            undo=lamps.put_out,
            preflight=Preflight(Bulb, lamps.preflight),
            **common,
        ),
        Step(
            "lamp.shine",
            "Shine again.",
            effect=Effect.DISTRIBUTE,
            undo=Again("light follows"),
            **common,
        ),
        Step(
            "lamp.ring",
            "Ring once.",
            Nothing,
            Nothing,
            Effect.DISTRIBUTE,
            Once("nobody hears it"),
            lamps.ring,
            Irreversible("it was heard"),
        ),
        Step(
            "lamp.verify", "Verify.", Nothing, Nothing, Effect.VERIFY, looks, lamps.ring, harmless
        ),
        Step(
            "lamp.confirm",
            "Confirm.",
            Nothing,
            Nothing,
            Effect.VERIFY,
            looks,
            lamps.ring,
            harmless,
            ask=Ask.EVIDENCE,
        ),
        Step(
            "lamp.list",
            "Settle a list.",
            Listed,
            Nothing,
            Effect.VERIFY,
            looks,
            lamps.ring,
            harmless,
            ask=Ask.CHECKLIST,
        ),
        Step(
            "lamp.certificate",
            "Bring a certificate.",
            Nothing,
            Minted,
            Effect.MINT,
            looks,
            lamps.provide,
            harmless,
            ask=Ask.CERTIFICATE,
            check_answer=refuse_short,
        ),
        Step(
            "lamp.alone",
            "Light it alone.",
            effect=Effect.DISTRIBUTE,
            undo=lamps.put_out,
            exclusive=lambda params: Exclusive((f"lamp:{params.bulb}",), 60),
            **common,
        ),
        Step(
            "lamp.swap",
            "Put the value in force.",
            Valued,
            Nothing,
            Effect.CUTOVER,
            looks,
            lamps.ring,
            Irreversible("the old one is out"),
        ),
        Step("lamp.revoke", "Revoke.", effect=Effect.REVOKE, undo=lamps.put_out, **common),
    ]
    return {step.name: step for step in listed}
