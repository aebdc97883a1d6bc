"""Who answers a gate in a rehearsal, and with what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr

from adapters.platform import Platform
from engine.cases import Bring, Case, Decision, gate_name
from engine.decision import Answer
from engine.errors import Refused
from engine.exposure import listed, waiver
from engine.ledger import Actor
from engine.plan import Plan
from engine.policy import objection
from engine.state import Kind, Opening, RunState
from engine.step import Ask
from rehearsal.filling import filled
from rehearsal.worlds import World

VIA = "rehearsal"
ACCEPT = Decision(gate="", decide="approve")
YES = frozenset({"approve", "break glass"})


@dataclass
class People:
    """Those who decide in one case."""

    case: Case
    bring: Mapping[str, Bring]
    platform: Platform
    world: World
    values: dict[str, SecretStr] = field(default_factory=dict)
    """What was brought, by step: the same value when the gate is asked again."""
    used: set[int] = field(default_factory=set)

    def next(self, opening: Opening) -> Decision:
        """Return what is decided at this gate, and count it as used.

        Raises `Refused` where a step failed and the case does not say what follows.
        """
        name = gate_name(opening.step, opening.kind)
        for number, decision in enumerate(self.case.decisions):
            if number not in self.used and decision.name == name:
                self.used.add(number)
                return decision
        if opening.kind is Kind.FAILURE:
            raise Refused(f"`{opening.step}` failed, and the case does not say what is decided")
        return ACCEPT.model_copy(update={"gate": opening.step, "kind": opening.kind})

    def unused(self) -> Iterator[Decision]:
        """Yield what the case decides and nobody asked for."""
        for number, decision in enumerate(self.case.decisions):
            if number not in self.used:
                yield decision

    def answer(self, plan: Plan, state: RunState, opening: Opening, decision: Decision) -> Answer:
        """Return the answer to this gate; raise `Refused` if nobody may give it."""
        ask = plan.step(opening.step).ask if opening.kind is Kind.STEP else None
        sealed = certificate = ""
        if ask in {Ask.SEALED_VALUE, Ask.CERTIFICATE} and decision.decide in YES:
            value = self._value(state, opening.step, decision.bring)
            if ask is Ask.SEALED_VALUE:
                sealed = self.platform.seal().close(value)
            else:
                certificate = value.get_secret_value()
        actor = self._actor(decision.by or self._voter(plan, state, opening))
        if decision.waive:
            exposed = listed(plan, state)
            self.platform.journal.append(waiver(state.run, actor, exposed, decision.waive))
        said = decision.comment
        return Answer(
            actor=actor,
            decision=decision.decide,
            comment=said if isinstance(said, str) else self._made(state, said),
            through=decision.through,
            sealed_value=sealed,
            certificate=certificate,
            item=decision.item,
            item_state=decision.state,
        )

    def _actor(self, name: str) -> Actor:
        return Actor(name, groups=self.platform.people.groups_of(name), via=VIA)

    def _voter(self, plan: Plan, state: RunState, opening: Opening) -> str:
        """Name somebody whose yes this gate still lacks."""
        gate = plan.step(opening.step).gate or plan.gate
        said = {yes.actor.subject for yes in state.approvals if yes.step == opening.step}
        groups = self.platform.people.groups.values()
        members = dict.fromkeys(name for group in groups for name in group.members)
        for name in members:
            if name not in said and not objection(gate, self._actor(name), state.initiator):
                return name
        raise Refused(f"nobody in people.yaml may decide at the gate of {opening.step}")

    def _value(self, state: RunState, step: str, own: Bring | None) -> SecretStr:
        if own is None and step in self.values:
            return self.values[step]
        way = own or self.bring.get(step)
        if way is None:
            raise Refused(
                f"the gate of `{step}` asks for something, and the case does not say what",
                hint="Say it as `bring`.",
            )
        value = SecretStr(self._made(state, way))
        if own is None:
            self.values[step] = value
        return value

    def _made(self, state: RunState, way: Bring) -> str:
        """Return a text as the case says it is made; raise `Refused` if a double does not make it."""
        if way.made_up:
            return way.made_up
        asked = filled(way.json_, self.world, state)
        return self.world.make_value(way.double, way.path, asked, way.take)
