"""The control server: faults, knobs and state for tests that run in another process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.responses import JSONResponse, Response

from sandbox.banks import CUSTOMS
from sandbox.circle import Sealed, read_word
from sandbox.faults import Fault
from sandbox.holdings import Asked, describe_holdings
from sandbox.routes import Call, Refused, Routes
from sandbox.state import describe_agreement, describe_state

if TYPE_CHECKING:
    from sandbox.world import World


class _Knob(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    on: bool = True


class SuspendKnob(_Knob):
    """Suspend a Kustomization, or the source `infra`."""

    knob: Literal["suspend"]
    name: str


class MoveKnob(_Knob):
    """Let a Kustomization lie in another namespace than `flux-system`."""

    knob: Literal["move-kustomization"]
    name: str
    to: str


class OverlookKnob(_Knob):
    """Let Flux overlook a Kustomization or source."""

    knob: Literal["overlook"]
    name: str


class FailKnob(_Knob):
    """Let every apply of a Kustomization fail."""

    knob: Literal["fail"]
    name: str


class FreezeKnob(_Knob):
    """Let the operator do nothing."""

    knob: Literal["freeze-operator"]


class NeverReadyKnob(_Knob):
    """Let new pods of a workload never be ready."""

    knob: Literal["never-ready"]
    namespace: str
    name: str


class ReadOnlyKnob(_Knob):
    """Let plain members only read a collection of the vault."""

    knob: Literal["read-only"]
    name: str


class BreakPushesKnob(_Knob):
    """Let pushes to the remote be refused, or be taken without a reply."""

    knob: Literal["break-pushes"]
    way: Literal["refuse", "lose"] = "refuse"


class EditKnob(_Knob):
    """Let somebody put a value of their own into one place, behind the engine's back."""

    knob: Literal["edit"]
    at: Literal["sops", "vaultwarden"]
    name: str
    """Dotted path in the SOPS file, or name of the item."""


class ExpireKnob(_Knob):
    """Let the Stripe key that the world was made with expire, as a person does in the dashboard."""

    knob: Literal["expire-stripe-key"]


class DisableKeyKnob(_Knob):
    """Let a person disable a key that the world was made with, in the provider's console."""

    knob: Literal["disable-key"]
    path: str
    """Dotted path in the SOPS file."""


class LostKeysKnob(_Knob):
    """Let lost keys of Odoo stay; off, a person removes them in the preferences of their user."""

    knob: Literal["lost-odoo-keys"]


class RegisterKnob(_Knob):
    """Let a bank know the certificate that was issued last, as a person does in its portal."""

    knob: Literal["register"]
    bank: str
    kind: Literal["qwac", "qseal"]


ClusterKnob: TypeAlias = (
    SuspendKnob | MoveKnob | OverlookKnob | FailKnob | FreezeKnob | NeverReadyKnob
)
Knob: TypeAlias = Annotated[
    BreakPushesKnob
    | EditKnob
    | ExpireKnob
    | DisableKeyKnob
    | LostKeysKnob
    | RegisterKnob
    | ReadOnlyKnob
    | ClusterKnob,
    Field(discriminator="knob"),
]
_KNOB: TypeAdapter[Knob] = TypeAdapter(Knob)


class Steering:
    """The routes under `/sandbox`; reachable from this machine only, and telling no secret."""

    def __init__(self, world: World) -> None:
        self._world = world
        routes = Routes()
        routes.add("GET", "/sandbox/faults", self._list_faults)
        routes.add("POST", "/sandbox/faults", self._add_fault)
        routes.add("DELETE", "/sandbox/faults", self._clear_faults)
        routes.add("DELETE", "/sandbox/faults/{name}", self._remove_fault)
        routes.add("GET", "/sandbox/state", self._state)
        routes.add("GET", "/sandbox/agreement", self._agreement)
        routes.add("POST", "/sandbox/holdings", self._holdings)
        routes.add("POST", "/sandbox/read", self._read)
        routes.add("POST", "/sandbox/knobs", self._turn)
        routes.add("POST", "/sandbox/settle", self._settle)
        routes.add("POST", "/sandbox/reconcile", self._reconcile)
        self.answer = routes

    def _list_faults(self, _: Call) -> Response:
        return JSONResponse(self._world.faults.listing())

    def _add_fault(self, call: Call) -> Response:
        try:
            fault = Fault.model_validate_json(call.body)
        except ValidationError as problem:
            return _invalid(problem)
        return JSONResponse({"id": self._world.faults.arm(fault)}, status_code=201)

    def _clear_faults(self, _: Call) -> Response:
        self._world.faults.clear()
        return Response(status_code=204)

    def _remove_fault(self, _: Call, name: str) -> Response:
        return Response(status_code=204 if self._world.faults.remove(name) else 404)

    def _state(self, _: Call) -> Response:
        return JSONResponse(describe_state(self._world))

    def _agreement(self, _: Call) -> Response:
        return JSONResponse(describe_agreement(self._world))

    def _holdings(self, call: Call) -> Response:
        try:
            asked = Asked.model_validate_json(call.body)
        except ValidationError as problem:
            return _invalid(problem)
        return JSONResponse(describe_holdings(self._world, asked))

    def _read(self, call: Call) -> Response:
        """Let the newcomer read a word at their machine, as `runbook prove` does."""
        try:
            return JSONResponse(
                {"word": read_word(self._world, Sealed.model_validate_json(call.body))}
            )
        except ValidationError as problem:
            return _invalid(problem)
        except ValueError as problem:
            return JSONResponse({"message": str(problem)}, status_code=400)

    def _turn(self, call: Call) -> Response:
        try:
            knob = _KNOB.validate_json(call.body)
        except ValidationError as problem:
            return _invalid(problem)
        self._obey(knob)
        return Response(status_code=204)

    def _obey(self, knob: Knob) -> None:
        match knob:
            case BreakPushesKnob():
                self._world.remote.break_pushes(knob.way if knob.on else None)
            case EditKnob():
                self._world.edit(knob.at, knob.name)
            case ExpireKnob():
                self._world.expire_stripe_key()
            case DisableKeyKnob():
                self._disable(knob)
            case LostKeysKnob():
                if not knob.on:
                    self._world.remove_lost_odoo_keys()
            case RegisterKnob():
                self._register(knob)
            case ReadOnlyKnob():
                self._world.vaultwarden.set_read_only(knob.name, knob.on)
            case _:
                self._obey_in_cluster(knob)

    def _obey_in_cluster(self, knob: ClusterKnob) -> None:
        cluster = self._world.cluster
        match knob:
            case SuspendKnob():
                cluster.suspend(knob.name, knob.on)
            case MoveKnob():
                cluster.move_kustomization(knob.name, knob.to)
            case OverlookKnob():
                cluster.overlook(knob.name, knob.on)
            case FailKnob():
                cluster.fail_kustomization(knob.name, "health check failed" if knob.on else None)
            case FreezeKnob():
                cluster.freeze_operator(knob.on)
            case NeverReadyKnob():
                cluster.never_ready(knob.namespace, knob.name, knob.on)

    def _disable(self, knob: DisableKeyKnob) -> None:
        if not self._world.disable_key(knob.path, is_disabled=knob.on):
            known = {"loc": ["path"], "msg": "no provider of the world can disable such a key"}
            body = {"message": "not understood", "details": [known]}
            raise Refused(JSONResponse(body, status_code=422))

    def _register(self, knob: RegisterKnob) -> None:
        issued = self._world.qtsp.issued[knob.kind]
        if not issued or knob.bank not in CUSTOMS:
            known = {"loc": ["bank"], "msg": f"nothing was issued, or it is none of {[*CUSTOMS]}"}
            body = {"message": "not understood", "details": [known]}
            raise Refused(JSONResponse(body, status_code=422))
        if knob.on:
            self._world.banks.register(knob.bank, issued[-1])

    def _settle(self, _: Call) -> Response:
        self._world.cluster.settle()
        return Response(status_code=204)

    def _reconcile(self, _: Call) -> Response:
        self._world.cluster.reconcile_now()
        return Response(status_code=204)


def _invalid(problem: ValidationError) -> Response:
    details = problem.errors(include_url=False, include_context=False, include_input=False)
    return JSONResponse({"message": "not understood", "details": details}, status_code=422)
