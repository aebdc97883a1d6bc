"""Whom a run believes: signed words in full, typed names where the settings say so, nothing else."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.objects import FlowRun

from adapters.ledger import SqlJournal
from adapters.platform import Platform
from adapters.settings import EngineSettings, Settings
from engine.decision import Answer
from engine.errors import Refused
from engine.evidence import TOKEN_FIELD, Asked
from engine.ledger import SCHEDULE, Actor, Entry, Event
from flows.evidence import STAMP, Start, Unproven, initiator, read_answer, start_of
from flows.gate_form import key
from flows.voyage import Voyage, enter
from gateway.identity import Identity
from gateway.signing import Signer, new_key, spell_public
from tests.engine.bench import Bench

TEXT = "gate: {groups: [staff], signed_in_within: 5m}\nsteps:\n  - {id: a, uses: lamp.light}\n"
DEPLOYMENT = UUID("6f1c2f1e-0b5e-4c1e-9a39-2b6f6a0c6d11")
OTTO = Actor("otto", groups=("plana-staff",), via="prefect")
OLGA = Identity("olga", "oidc", ("staff",))
GIVEN = {"reason": "it is time"}


def now() -> int:
    return int(time.time())


def signed_in(ago: int = 10) -> Identity:
    """Olga, who signed in so many seconds ago."""
    return replace(OLGA, signed_in=now() - ago)


class Scene:
    """A run at its first gate, and a gateway's key."""

    def __init__(self, folder: Path, *, accept_claimed: bool = False) -> None:
        folder.mkdir(exist_ok=True)
        self.signer = Signer(new_key())
        public = folder / "public.json"
        public.write_text(spell_public(self.signer.key))
        engine = EngineSettings(accept_claimed=accept_claimed, approval_keys_file=public)
        self.bench = Bench.of(TEXT, folder)
        platform = Platform(Settings(engine=engine))
        self.voyage = Voyage("run-1", platform, self.bench.desk, self.bench.plan)
        enter(self.voyage, Actor("otto"), {})
        self.opening = replace(self.bench.open(), shown="sha256:shown")

    def answer(self, **more: Any) -> dict[str, Any]:
        return {"decision": "approve", "gate": key(self.opening), **more}

    def signed(self, who: Identity | None = None, **changes: Any) -> dict[str, Any]:
        opening, answer = self.opening, self.answer()
        asked = Asked("run-1", key(opening), opening.plan, opening.shown)
        asking = replace(asked, **changes)
        token = self.signer.approval(who or signed_in(), asking, answer, now(), 60)
        return {**answer, TOKEN_FIELD: token}

    def reads(self, raw: object) -> Answer | Unproven:
        return read_answer(self.voyage, self.opening, raw)

    def stamped(self, who: Identity = OLGA) -> Start:
        token, run_key = self.signer.initiation(who, str(DEPLOYMENT), GIVEN, now())
        return Start(DEPLOYMENT, GIVEN, run_key, {STAMP: token})


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def why(read: Answer | Unproven) -> str:
    assert isinstance(read, Unproven)
    return read.why


def test_a_signed_answer_is_the_persons_own(scene: Scene) -> None:
    read = scene.reads(scene.signed())

    assert isinstance(read, Answer)
    assert read.actor == Actor("olga", verified="oidc", groups=("staff",), via="ui")
    assert set(read.proof) == {"token", "token_id"}


@pytest.mark.parametrize("raw", [None, "approve", 1, ["approve"]])
def test_a_resume_without_a_form_is_no_answer(scene: Scene, raw: object) -> None:
    read = scene.reads(raw)

    assert why(read) == "the run was resumed without an answer"
    assert isinstance(read, Unproven)
    assert read.actor.verified == "not at all"


def test_a_typed_name_counts_only_where_the_settings_say_so(tmp_path: Path) -> None:
    strict, lax = Scene(tmp_path / "strict"), Scene(tmp_path / "lax", accept_claimed=True)

    assert "takes signed ones alone" in why(strict.reads(strict.answer(name="olga")))
    read = lax.reads(lax.answer(name="  olga  "))
    assert isinstance(read, Answer)
    assert (read.actor.subject, read.actor.verified, read.proof) == ("olga", "claimed", {})


def test_a_bad_signature_is_no_claim_either(tmp_path: Path) -> None:
    lax = Scene(tmp_path, accept_claimed=True)
    told = {**lax.signed(run="run-2"), "name": "olga"}

    assert why(lax.reads(told)) == "the signature is for another run"
    assert "made for this purpose" in why(lax.reads(lax.answer(approval_token="x", name="olga")))


@pytest.mark.parametrize("changed", ["gate", "plan", "shown"])
def test_what_was_signed_is_what_the_ledger_says_was_asked(scene: Scene, changed: str) -> None:
    assert why(scene.reads(scene.signed(None, **{changed: "another"}))).startswith(
        "the signature is for"
    )


def test_a_gate_that_wants_a_fresh_sign_in_does_not_ask_the_gateway(scene: Scene) -> None:
    for who in (signed_in(ago=301), OLGA):
        assert "signed in within 300 s" in why(scene.reads(scene.signed(who)))


def test_a_signature_counts_once(scene: Scene) -> None:
    given = scene.signed()
    read = scene.reads(given)
    assert isinstance(read, Answer)
    voyage = scene.voyage
    voyage.append(
        Event.GATE_REFUSED, voyage.state(), opening=1, kind="step", comment="", **read.proof
    )

    assert why(scene.reads(given)) == "the signature was used before"


def test_a_stamp_names_who_started_the_run(scene: Scene) -> None:
    actor, proof = initiator(scene.voyage, scene.stamped(), "somebody else")

    assert actor == Actor("olga", verified="oidc", groups=("staff",), via="prefect")
    assert set(proof) == {"token", "token_id"}


def test_a_stamp_counts_for_one_run(scene: Scene) -> None:
    start = scene.stamped()
    actor, proof = initiator(scene.voyage, start, "")
    enter(replace(scene.voyage, run="run-2"), actor, {}, proof)

    with pytest.raises(Refused, match="used for another run before"):
        initiator(replace(scene.voyage, run="run-3"), start, "")


def test_a_stamp_is_held_against_the_starts_alone(scene: Scene, tmp_path: Path) -> None:
    journal = NeverWhole(f"sqlite:///{tmp_path / 'ledger.db'}")
    desk = replace(scene.voyage.desk, journal=journal)

    assert initiator(replace(scene.voyage, desk=desk), scene.stamped(), "")[0].subject == "olga"


class NeverWhole(SqlJournal):
    """A ledger so long that nobody may read all of it."""

    def entries(self, run: str | None = None, *, after: int = 0) -> Sequence[Entry]:
        assert run is not None, "all entries are read"
        return super().entries(run, after=after)


@pytest.mark.parametrize(
    "changes",
    [
        {"parameters": {"reason": "another"}},
        {"deployment": None},
        {"idempotency_key": ""},
        {"labels": {STAMP: "x"}},
    ],
)
def test_a_stamp_that_does_not_fit_starts_nothing(scene: Scene, changes: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        initiator(scene.voyage, replace(scene.stamped(), **changes), "olga")


def test_a_run_without_a_stamp_is_claimed_or_refused(tmp_path: Path) -> None:
    strict, lax = Scene(tmp_path / "strict"), Scene(tmp_path / "lax", accept_claimed=True)
    for labels in ({}, {STAMP: 7}, {STAMP: ""}):
        bare = Start(DEPLOYMENT, GIVEN, "", labels)

        assert initiator(lax.voyage, bare, "otto")[0] == OTTO
        with pytest.raises(Refused, match="nobody whom the gateway knows"):
            initiator(strict.voyage, bare, "otto")


SCHEDULED: Mapping[str, Any] = {
    "auto_scheduled": True,
    "created_by": {"id": uuid4(), "type": "SCHEDULE", "display_value": "monthly"},
    "idempotency_key": f"scheduled {DEPLOYMENT} {uuid4()} 2026-11-01 03:00:00+00:00",
}
"""How Prefect's scheduler makes a run."""


def run_of(**changes: Any) -> FlowRun:
    told = {**SCHEDULED, "deployment_id": DEPLOYMENT, "parameters": GIVEN, **changes}
    return FlowRun(flow_id=uuid4(), **told)


@pytest.mark.parametrize(
    "changes",
    [
        {"auto_scheduled": False},
        {"created_by": None},
        {"created_by": {"type": "USER", "display_value": "monthly"}},
        {"created_by": {"type": "AUTOMATION", "display_value": "monthly"}},
        {"idempotency_key": None},
        {"idempotency_key": "gateway-x"},
        {"idempotency_key": f"scheduled {uuid4()} x"},
        {"deployment_id": None},
    ],
)
def test_a_schedule_is_known_by_all_that_prefects_scheduler_writes(changes: dict[str, Any]) -> None:
    assert start_of(run_of()).schedule == "monthly"
    assert start_of(run_of(**changes)).schedule == ""


@pytest.mark.parametrize("accept_claimed", [True, False])
def test_a_schedule_starts_what_allows_it_and_in_nobodys_name(
    tmp_path: Path, *, accept_claimed: bool
) -> None:
    scene = Scene(tmp_path / "scene", accept_claimed=accept_claimed)
    voyage = with_runbook(scene, tmp_path, "schedule: allowed\n")

    assert initiator(voyage, start_of(run_of()), "otto") == (SCHEDULE, {"schedule": "monthly"})


@pytest.mark.parametrize("accept_claimed", [True, False])
@pytest.mark.parametrize("said", ["", "schedule: refused\n"])
def test_a_schedule_starts_nothing_that_does_not_allow_it(
    tmp_path: Path, said: str, *, accept_claimed: bool
) -> None:
    scene = Scene(tmp_path / "scene", accept_claimed=accept_claimed)
    voyage = with_runbook(scene, tmp_path, said)

    with pytest.raises(Refused, match="a schedule started this run, and try lets none"):
        initiator(voyage, start_of(run_of()), "otto")


def test_a_scheduled_run_with_a_stamp_is_judged_by_its_stamp(scene: Scene, tmp_path: Path) -> None:
    voyage = with_runbook(scene, tmp_path, "schedule: allowed\n")
    forged = start_of(run_of(labels={STAMP: "a.b.c"}))

    with pytest.raises(Refused, match="made for this purpose"):
        initiator(voyage, forged, "")


def with_runbook(scene: Scene, folder: Path, said: str) -> Voyage:
    """Return the scene's run with a platform that has its runbook as a file."""
    runbooks = folder / "runbooks"
    runbooks.mkdir()
    steps = "steps:\n  - {id: a, uses: manual.confirm, with: {instructions: Look., evidence: x.}}\n"
    (runbooks / "try.yaml").write_text(f"runbook: try\ntitle: Try\n{said}{steps}")
    (runbooks / "secrets.yaml").write_text("secrets: {}\n")
    (runbooks / "people.yaml").write_text("groups: {}\n")
    changes = {
        "runbooks": runbooks,
        "catalogue": runbooks / "secrets.yaml",
        "people": runbooks / "people.yaml",
    }
    settings = scene.voyage.platform.settings.model_copy(update=changes)
    return replace(scene.voyage, platform=Platform(settings))
