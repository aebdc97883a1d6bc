"""The people on call of a theatre: they answer every gate, and revive what crashed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from pydantic import SecretStr

from demo.oncall import OnCall
from demo.stage import Stage
from engine.checklist import SETTLED, item_state, items_of
from engine.errors import RunbookError
from engine.ledger import Event
from engine.plan import Plan
from engine.state import Opening
from flows.door import answer, open_gate, prefect_state, wake
from sandbox.values import stripe_key
from tests.flows.voyages import state, until
from tests.leaks.marker import draw
from tests.leaks.theatre import Theatre

MOST_GATES = 30
SELDOM = 5
"""Looks at the ledger for each at Prefect, while no gate is open."""


@dataclass(frozen=True, kw_only=True)
class Crew(OnCall):
    """The people on call, whose new keys are markers as well."""

    theatre: Theatre

    def new_key(self, run: str) -> SecretStr:
        key = super().new_key(run)
        self.theatre.mark("the key a person brought", key.get_secret_value())
        return key

    def say(
        self,
        run: str,
        opening: Opening,
        decision: str = "approve",
        through: str = "",
        comment: str = "Read and agreed.",
    ) -> bool:
        """Answer the gate, through the step named or as far as can be; tell whether it was taken."""
        fields = {
            "decision": decision,
            "name": self.voter(run, opening),
            "comment": comment,
        }
        with suppress(RunbookError):
            form = open_gate(run)
            if "sealed_value" in form.schema["properties"]:
                fields["sealed_value"] = self.stage.platform().seal().close(self.new_key(run))
            if "certificate" in form.schema["properties"]:
                fields["certificate"] = self._issued(run)
            if decision == "approve" and "item" in form.schema["properties"]:
                fields |= self._word(run, opening)
            if reach := form.schema["properties"].get("approve_through", {}).get("enum"):
                fields["approve_through"] = through or reach[-1]
            answer(run, {**fields, "gate": form.key})
            return True
        return False

    def _issued(self, run: str) -> str:
        csr = state(self.stage, run).step("request").outputs["csr"]
        return self.theatre.world.qtsp.issue("qwac", csr)

    def _word(self, run: str, opening: Opening) -> dict[str, str]:
        """Register the certificate with the next bank and say so; nothing where all have it."""
        now = state(self.stage, run)
        step = Plan.model_validate_json(now.plan_text).step(opening.step)
        held = now.step(step.id)
        for bank in items_of(step):
            if item_state(held, bank) not in SETTLED:
                self.theatre.world.banks.register(bank, now.step("issued").outputs["pem"])
                return {"decision": "note", "item": bank, "state": "confirmed"}
        return {}


@dataclass(frozen=True, kw_only=True)
class Dashboard(Crew):
    """People who get their new key from Stripe's dashboard."""

    def new_key(self, run: str) -> SecretStr:
        key = self.theatre.world.stripe_keys.create("website", stripe_key(), {}).secret
        self.theatre.mark("the key a person rolled", key)
        return SecretStr(key)


@dataclass(frozen=True, kw_only=True)
class Device(Crew):
    """People who get their new token by signing in to Matrix at a new device."""

    def new_key(self, run: str) -> SecretStr:
        token = self.theatre.world.matrix.sign_in("housekeeper").secret
        self.theatre.mark("the token a person signed in for", token)
        return SecretStr(token)


@dataclass(frozen=True, kw_only=True)
class Newcomer(Crew):
    """People who bring the first value of a secret, which has several lines."""

    def new_key(self, run: str) -> SecretStr:
        value = f"{draw()}\n\t{draw()}\n"
        self.theatre.mark("the first value a person brought", value)
        return SecretStr(value)


@dataclass(frozen=True, kw_only=True)
class Forgetful(Crew):
    """People who bring the value in force first, by mistake, and then one from where it is made."""

    path: str
    """Where SOPS has it."""

    def new_key(self, run: str) -> SecretStr:
        now = state(self.stage, run)
        if now.opening is not None and now.opening.number == 1:
            return SecretStr(self.theatre.world.sops_value(self.path))
        value = draw()
        self.theatre.mark("the value a person brought from outside", value)
        return SecretStr(value)


def crew(theatre: Theatre) -> Crew:
    """Return the people on call of this theatre."""
    return Crew(stage=theatre.stage, theatre=theatre)


def refused(theatre: Theatre, run: str) -> str:
    """Return why answers at the gates of a run did not count."""
    entries = theatre.stage.platform().journal.entries(run)
    return " ".join(
        str(each.details["why"]) for each in entries if each.event is Event.GATE_REFUSED
    )


def openings(theatre: Theatre, run: str) -> Iterator[Opening]:
    """Yield each gate at which the run stands until it is over, and revive it where it crashed.

    A gate whose answer did not count comes again.
    """
    looks = count()
    for _ in range(MOST_GATES):
        opening = until(
            lambda: _standing(theatre.stage, run, next(looks)), f"the next gate of run {run}"
        )
        theatre.mark_drawer(run)
        if not isinstance(opening, Opening):
            return
        yield opening
    raise AssertionError(f"run {run} still stood at a gate after {MOST_GATES} answers")


def _standing(stage: Stage, run: str, look: int) -> Opening | bool | None:
    """Return the gate that is open; False when the run is over, None where neither is so yet.

    Where the ledger has no gate yet, Prefect is asked at some of the looks alone: its server has a
    run to serve.
    """
    now = state(stage, run)
    if now.outcome is not None:
        return False
    if now.opening is None and look % SELDOM:
        return None
    with suppress(RunbookError):
        if prefect_state(run) in {"Crashed", "Failed", "Cancelled"}:
            wake(run)
        elif now.opening is not None and open_gate(run).key.startswith(now.opening.step):
            return now.opening
    return None


def flow_below(temp: Path) -> int | None:
    """Return the process in which a flow itself runs; what Prefect started only waits for it.

    It is a fork of the zygote that has its socket below `temp`, the TMPDIR of this stage alone; the
    youngest one, as that of the gate before may still be on its way out.
    """
    zygote = f"flows.worker.zygote\0{temp}".encode()
    forks: list[tuple[int, int]] = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                told = (folder / "stat").read_text().rpartition(")")[2].split()
                above = Path("/proc", told[1], "cmdline").read_bytes()
                if zygote in above and zygote in (folder / "cmdline").read_bytes():
                    forks.append((int(told[19]), int(folder.name)))  # proc(5): when it began
    return max(forks)[1] if forks else None
