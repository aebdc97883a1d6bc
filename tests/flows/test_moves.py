"""Why a run is picked up again, told by the states it went through and by signed words."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.objects import FlowRun, State, StateType

from adapters.platform import Platform
from adapters.settings import EngineSettings, Settings
from engine.ledger import Actor, Draft, Entry, Event, chain
from flows.moves import CANCEL, RESTART, RETRY, UNKNOWN, UNSIGNED, Cause, Move, told_by
from gateway.identity import Identity
from gateway.signing import Signer, new_key, spell_public

RUN = UUID("6f1c2f1e-0b5e-4c1e-9a39-2b6f6a0c6d11")
OLGA = Identity("olga", "oidc", ("staff",))
ANNA = Identity("anna", "token", ("admins",))
BEGAN = datetime(2026, 11, 1, tzinfo=UTC)


class Scene:
    """A run that was started and is picked up again, and a gateway's key."""

    def __init__(self, folder: Path) -> None:
        self.signer = Signer(new_key())
        public = folder / "public.json"
        public.write_text(spell_public(self.signer.key))
        engine = EngineSettings(accept_claimed=False, approval_keys_file=public)
        self.platform = Platform(Settings(engine=engine))
        self.labels: dict[str, Any] = {}
        self.states: list[State] = []

    def goes(self, *kinds: str) -> None:
        """Let the run go through these states."""
        for kind in kinds:
            at = BEGAN + timedelta(seconds=len(self.states))
            self.states.append(State(id=uuid4(), type=StateType(kind), timestamp=at))

    def signs(self, move: Move, who: Identity, run: UUID = RUN, after: str = "") -> str:
        """Sign a move out of the newest state."""
        left = after or str(self.states[-1].id)
        token = self.signer.move(who, str(run), move.name, left, int(time.time()))
        self.labels[move.label] = token
        return token

    def cause(self, *entries: Entry) -> Cause:
        run = FlowRun(id=RUN, flow_id=uuid4(), labels=self.labels)
        return told_by(self.platform, run, reversed(self.states), entries)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_an_answer_at_its_gate_moves_a_run_in_the_engines_name(scene: Scene) -> None:
    scene.goes("SCHEDULED", "PENDING", "RUNNING", "PAUSED", "SCHEDULED", "PENDING", "RUNNING")

    assert scene.cause() == Cause(told={"cause": "answer"})


@pytest.mark.parametrize("broken", ["FAILED", "CRASHED", "CANCELLED"])
def test_a_retry_is_the_persons_who_signed_it(scene: Scene, broken: str) -> None:
    scene.goes("RUNNING", broken)
    token = scene.signs(RETRY, OLGA)
    scene.goes("SCHEDULED", "SCHEDULED", "PENDING", "SCHEDULED", "PENDING", "RUNNING")

    why = scene.cause()

    assert why.actor == Actor("olga", verified="oidc", groups=("staff",), via="prefect")
    assert (why.told["cause"], why.told["token"]) == ("retry", token)


def test_a_retry_that_nobody_signed_is_of_unknown_origin(scene: Scene) -> None:
    scene.goes("RUNNING", "CRASHED", "SCHEDULED", "PENDING", "RUNNING")

    assert scene.cause() == Cause(UNKNOWN, {"cause": "retry", "why": UNSIGNED})


@pytest.mark.parametrize("label", [7, "", "a.b.c", True])
def test_a_word_that_is_none_proves_nothing(scene: Scene, label: object) -> None:
    scene.goes("RUNNING", "CRASHED", "SCHEDULED", "PENDING", "RUNNING")
    scene.labels[RETRY.label] = label

    assert scene.cause().actor == UNKNOWN


def test_a_run_that_was_set_going_from_nowhere_is_of_unknown_origin(scene: Scene) -> None:
    scene.goes("RUNNING")
    scene.signs(RETRY, OLGA)
    scene.goes("SCHEDULED", "PENDING", "RUNNING")

    assert scene.cause().actor == UNKNOWN


def test_a_word_for_another_run_or_another_moment_proves_nothing(scene: Scene) -> None:
    scene.goes("RUNNING", "CRASHED")
    scene.signs(RETRY, OLGA, run=uuid4())
    scene.goes("SCHEDULED", "PENDING", "RUNNING")
    assert scene.cause().told["why"] == "the signature is for another run"
    scene.signs(RETRY, OLGA, after=str(uuid4()))
    assert scene.cause().told["why"] == "the signature is for another moment of this run"
    scene.labels[RETRY.label] = scene.signs(CANCEL, OLGA, after=str(scene.states[1].id))
    assert scene.cause().told["why"] == "the signature is for another move"


def test_a_restart_is_the_workers_and_no_older_retry_of_a_person(scene: Scene) -> None:
    scene.goes("RUNNING", "CRASHED")
    scene.signs(RETRY, OLGA)
    scene.goes("SCHEDULED", "PENDING", "RUNNING", "CRASHED")
    token = scene.signs(RESTART, Identity("worker-1", "token"))
    scene.goes("SCHEDULED", "PENDING", "RUNNING")
    why = scene.cause()

    assert (why.actor.subject, why.told["cause"]) == ("worker-1", "restart")
    assert why.told["token"] == token


def test_a_word_counts_once(scene: Scene) -> None:
    scene.goes("RUNNING", "CRASHED")
    scene.signs(RETRY, OLGA)
    scene.goes("SCHEDULED", "PENDING", "RUNNING")
    told = scene.cause().told
    entry = chain(Draft(str(RUN), Event.RUN_RESUMED, details=told), "", 1, "0" * 64)

    assert scene.cause(entry) == Cause(
        UNKNOWN, {"cause": "retry", "why": "the signature was used before"}
    )


@pytest.mark.parametrize("between", [("CANCELLED",), ("CANCELLING", "CANCELLED")])
def test_who_cancelled_is_told_with_who_retried(scene: Scene, between: tuple[str, ...]) -> None:
    scene.goes("RUNNING", "PAUSED")
    scene.signs(CANCEL, ANNA)
    scene.goes(*between)
    scene.signs(RETRY, OLGA)
    scene.goes("SCHEDULED", "PENDING", "RUNNING")

    why = scene.cause()

    assert why.actor.subject == "olga"
    assert {**why.told["cancelled"], "token": "", "token_id": ""} == {
        "subject": "anna", "verified": "token", "token": "", "token_id": "",
    }  # fmt: skip


def test_a_cancel_that_nobody_signed_is_told_as_such(scene: Scene) -> None:
    scene.goes("RUNNING", "PAUSED", "CANCELLED")
    scene.signs(RETRY, OLGA)
    scene.goes("SCHEDULED", "PENDING", "RUNNING")

    assert scene.cause().told["cancelled"] == {
        "subject": "unknown", "verified": "not at all", "why": UNSIGNED,
    }  # fmt: skip


def test_what_happened_before_the_last_pick_up_is_told_there(scene: Scene) -> None:
    scene.goes("RUNNING", "PAUSED", "CANCELLED", "SCHEDULED", "PENDING", "RUNNING", "CRASHED")
    scene.signs(RETRY, OLGA)
    scene.goes("SCHEDULED", "PENDING", "RUNNING")

    assert "cancelled" not in scene.cause().told
    assert scene.cause().actor.subject == "olga"
