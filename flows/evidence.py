"""Whom a run believes: the person whom the gateway's signature names, or a name that was typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from prefect.client.schemas.objects import FlowRun

from adapters.platform import Platform
from engine.decision import Answer
from engine.errors import Refused
from engine.evidence import TOKEN_FIELD, Asked, Proven, prove_answer, prove_start
from engine.ledger import SCHEDULE, Actor, Entry, Event
from engine.state import Opening
from flows.gate_form import key
from flows.voyage import Voyage

STAMP = "runbook.initiator"
"""Label of a flow run that holds the signed word who started it."""
LONGEST_NAME = 80
NO_PROOF: Mapping[str, str] = MappingProxyType({})
"""What the ledger says of a claim."""


@dataclass(frozen=True)
class Unproven:
    """An answer that does not count, whatever it says."""

    actor: Actor
    why: str


@dataclass(frozen=True)
class Start:
    """How Prefect has the start of a run."""

    deployment: UUID | None
    parameters: Mapping[str, Any]
    idempotency_key: str
    labels: Mapping[str, Any]
    schedule: str = ""
    """What Prefect calls the schedule that made the run; empty where none did."""


def start_of(run: FlowRun) -> Start:
    """Return how Prefect has the start of this run.

    `created_by` comes from Prefect's scheduler, inside the server; through the gateway nobody can
    set it, nor a key of this form (`models.deployments._generate_scheduled_flow_runs`).
    """
    key, by = run.idempotency_key or "", run.created_by
    is_scheduled = (
        run.auto_scheduled
        and by is not None
        and by.type == "SCHEDULE"
        and key.startswith(f"scheduled {run.deployment_id} ")
    )
    shown = (by.display_value or "schedule")[:LONGEST_NAME] if is_scheduled and by else ""
    return Start(run.deployment_id, run.parameters, key, run.labels, shown)


def read_answer(voyage: Voyage, opening: Opening, raw: object) -> Answer | Unproven:
    """Return the answer that came back through the form, or why it cannot be one."""
    if not isinstance(raw, dict):
        nobody = Actor("unknown", verified="not at all")
        return Unproven(nobody, "the run was resumed without an answer")
    said = {name: value if isinstance(value, str) else "" for name, value in raw.items()}
    typed = claimed(voyage.platform, said.get("name", ""), said.get("via", "ui"))
    token = said.get(TOKEN_FIELD, "")
    if not token:
        if not voyage.platform.settings.engine.accept_claimed:
            return Unproven(
                typed, "the answer is not signed, and this engine takes signed ones alone"
            )
        return _answer(said, typed, NO_PROOF)
    try:
        proven = prove_answer(
            token, voyage.platform.approval_keys(), _asked(voyage, opening), raw, datetime.now(UTC)
        )
    except Refused as error:
        return Unproven(typed, error.message)
    if _is_used(voyage.desk.journal.entries(voyage.run), proven):
        return Unproven(typed, "the signature was used before")
    return _answer(said, proven.actor, _proof(proven))


def initiator(voyage: Voyage, start: Start, requested_by: str) -> tuple[Actor, Mapping[str, str]]:
    """Return who started the run, with the proof of it for the ledger.

    Raises `Refused` for a forged or copied stamp, for none where claims do not count, and for a
    schedule where the runbook does not allow any.
    """
    token = start.labels.get(STAMP)
    if start.schedule and not token:
        return _scheduled(voyage, start.schedule)
    if not isinstance(token, str) or not token:
        if not voyage.platform.settings.engine.accept_claimed:
            raise Refused(
                "nobody whom the gateway knows started this run",
                hint="Start it through the gateway; this engine takes verified starts alone.",
            )
        return claimed(voyage.platform, requested_by, "prefect"), NO_PROOF
    proven = prove_start(
        token,
        voyage.platform.approval_keys(),
        str(start.deployment),
        start.parameters,
        start.idempotency_key,
    )
    if _is_used(voyage.desk.journal.of(Event.RUN_STARTED), proven):  # nothing else has a stamp
        raise Refused("the signature under the start was used for another run before")
    return proven.actor, _proof(proven)


def _scheduled(voyage: Voyage, schedule: str) -> tuple[Actor, Mapping[str, str]]:
    name = voyage.plan.runbook
    if voyage.platform.runbook(name).schedule != "allowed":
        raise Refused(
            f"a schedule started this run, and {name} lets none",
            hint="Start it yourself, or say `schedule: allowed` in the runbook.",
        )
    return SCHEDULE, {"schedule": schedule}


def _asked(voyage: Voyage, opening: Opening) -> Asked:
    gate = voyage.plan.step(opening.step).gate or voyage.plan.gate
    return Asked(voyage.run, key(opening), opening.plan, opening.shown, gate.signed_in_within)


def _answer(said: Mapping[str, str], actor: Actor, proof: Mapping[str, str]) -> Answer:
    return Answer(
        actor=actor,
        decision=said.get("decision", ""),
        comment=said.get("comment", ""),
        through=said.get("approve_through", ""),
        sealed_value=said.get("sealed_value", ""),
        certificate=said.get("certificate", ""),
        item=said.get("item", ""),
        item_state=said.get("state", ""),
        proof=proof,
    )


def claimed(platform: Platform, name: str, via: str) -> Actor:
    """Return whom a typed name stands for."""
    subject = " ".join(name.split())[:LONGEST_NAME]
    return Actor(subject, groups=platform.people.groups_of(subject), via=via[:20] or "ui")


def _proof(proven: Proven) -> Mapping[str, str]:
    return {"token_id": proven.token_id, "token": proven.token}


def _is_used(entries: Any, proven: Proven) -> bool:
    return any(_token_id(entry) == proven.token_id for entry in entries)


def _token_id(entry: Entry) -> object:
    return entry.details.get("token_id")
