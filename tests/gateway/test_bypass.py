"""Past the gateway altogether: Prefect's own server on the same database, and the database itself.

Nothing of this may run a step that nobody approved. The run alone decides whom it believes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from joserfc.jwk import OKPKey
from prefect.states import Cancelled, Running, Scheduled

from engine.ledger import Event
from flows.door import at_server, prefect_state, wake
from tests.flows.voyages import gate, until
from tests.gateway.thief import Thief, write_prefect
from tests.gateway.town import Town, behind

pytestmark = pytest.mark.xdist_group("gated")

NOT_OURS = "the signature is not one that the gateway made for this purpose"


def test_without_the_gateways_signature_no_gate_opens(town: Town, back: str) -> None:
    thief = Thief(town, back, town.start("matomo-admin-password"))
    stamp = str(town.trail(thief.run)[0].details["token"])
    strange = OKPKey.generate_key("Ed25519", {"kid": "x"})
    assert isinstance(strange, OKPKey)

    assert "takes signed ones alone" in thief.answers()
    assert "takes signed ones alone" in thief.answers(approval_token="")
    assert thief.answers(approval_token="a.b.c") == NOT_OURS
    assert thief.answers(approval_token=stamp) == NOT_OURS
    assert thief.answers(**thief.forge(strange)) == NOT_OURS
    assert thief.answers(approval_token=["x"]) != ""
    thief.sets(Scheduled())
    assert thief.refused() == "the run was resumed without an answer"
    assert thief.ran() == {"current"}
    town.reject(thief.run)


def test_a_real_signature_counts_once_and_where_it_was_given(town: Town, back: str) -> None:
    first = town.start("redis-password")
    other = Thief(town, back, town.start("matomo-admin-password"))
    asked = town.stands(first)
    town.approve(first)
    thief = Thief(town, back, first, asked.number)
    given = _answer_in_prefect(town, first, f"generate-step-{asked.number}")

    assert thief.opening.step == "sops"
    assert thief.answers(**{**given, "gate": thief.key}) == "the signature is for another gate"
    token = {"approval_token": given["approval_token"]}
    assert other.answers(**token) == "the signature is for another run"
    assert "sops" not in thief.ran()
    assert other.ran() == {"current"}
    for run in (first, other.run):
        _give_up(town, run)


def test_a_database_written_by_hand_opens_no_gate(town: Town, back: str) -> None:
    thief = Thief(town, back, town.start("website-session-secret"))
    answer = {"decision": "approve", "gate": thief.key, "name": "olga"}

    with behind(back) as client:
        client.create_flow_run_input(
            UUID(thief.run), f"suspended-{thief.key}-response", json.dumps(answer)
        )
    thief.sets(Scheduled())
    assert "takes signed ones alone" in thief.refused()

    place = "WHERE flow_run_id = ? AND key = ?"
    words = (thief.run, f"suspended-{thief.key}-description")
    write_prefect(town, f"UPDATE flow_run_input SET value = '\"Nothing bad.\"' {place}", words)  # noqa: S608 # of this test alone
    town.approve(thief.run)
    last = thief.refused()
    assert last == "the signature is for another text than the gate shows"

    fields = (thief.run, f"suspended-{thief.key}-schema")
    other = 'replace(value, \'"x-plan":"sha256:\', \'"x-plan":"sha256:00\')'
    write_prefect(town, f"UPDATE flow_run_input SET value = {other} {place}", fields)  # noqa: S608 # as above
    town.approve(thief.run)
    assert thief.refused() == "the signature is for another plan"
    assert thief.ran() == {"current"}
    town.reject(thief.run)


def test_running_cancelling_and_retrying_past_the_gateway_opens_nothing(
    town: Town, back: str
) -> None:
    thief = Thief(town, back, town.start("psd2-webhook-secret"))

    thief.sets(Running())
    thief.sets(Cancelled())
    with at_server(back):
        wake(thief.run)
    assert thief.refused() == "the run was resumed without an answer"
    resumed = [e for e in town.trail(thief.run) if e.event is Event.RUN_RESUMED][-1]
    assert (resumed.actor.subject, resumed.actor.verified) == ("unknown", "not at all")
    assert "no signed word says by whom" in resumed.details["why"]
    assert "no signed word says by whom" in resumed.details["cancelled"]["why"]
    with town.without_worker():
        pass
    thief.sets(Scheduled())
    assert thief.refused() == "the run was resumed without an answer"
    assert thief.ran() == {"current"}
    town.reject(thief.run)


def test_an_edited_runbook_voids_what_was_signed_before(town: Town, gated_runbook: Path) -> None:
    run = town.start("matomo-admin-password")
    opening = town.stands(run)
    town.approve(run, approve_through="vaultwarden")
    stands = town.stands(run, opening.number)
    text = gated_runbook.read_text()

    gated_runbook.write_text(text.replace("title: Generate the new value", "title: Generate it"))
    town.approve(run)
    again = town.stands(run, stands.number)

    trail = town.trail(run)
    started = {entry.step for entry in trail if entry.event is Event.STEP_STARTED}
    assert Event.PLAN_CHANGED in [entry.event for entry in trail]
    assert (stands.step, again.step) == ("publish", "publish")
    assert started & {"publish", "reconcile", "restart"} == set()
    _give_up(town, run)


def test_a_run_that_nobody_signed_for_does_nothing(town: Town, back: str) -> None:
    given = {"reason": "past the gateway", "secret": "redis-password"}
    stamped = town.start("redis-password")
    town.stands(stamped)
    stamp, deployment = _stamp(town, stamped), UUID(town.deployment())
    with behind(back) as client:
        runs = [
            client.create_flow_run_from_deployment(deployment, parameters=given),
            client.create_flow_run_from_deployment(
                deployment, parameters=given, labels={"runbook.initiator": stamp}
            ),
            client.create_flow_run_from_deployment(
                deployment, parameters=given, labels={"runbook.initiator": "a.b.c"}
            ),
        ]
    told = [_failed(back, str(run.id)) for run in runs]

    assert "nobody whom the gateway knows started this run" in told[0]
    assert "the signature under the start is for another run" in told[1]
    assert NOT_OURS in told[2]
    assert [town.trail(str(run.id)) for run in runs] == [[], [], []]
    town.reject(stamped)


def test_a_stamp_moved_to_another_run_or_over_other_inputs_is_refused(
    town: Town, back: str
) -> None:
    with town.without_worker():
        first = town.start("redis-password")
        changed = json.dumps({"reason": "another", "secret": "website-session-secret"})
        write_prefect(town, "UPDATE flow_run SET parameters = ? WHERE id = ?", (changed, first))
        second = town.start("redis-password")
    assert "not those that were signed" in _failed(back, first)
    town.stands(second)
    town.reject(second)
    stamp, key = _stamp(town, second), _key(town, second)
    write_prefect(town, "UPDATE flow_run SET idempotency_key = NULL WHERE id = ?", (second,))

    with behind(back) as client:
        copied = client.create_flow_run_from_deployment(
            UUID(town.deployment()),
            parameters={"reason": "a test of the gateway", "secret": "redis-password"},
            labels={"runbook.initiator": stamp},
            idempotency_key=key,
        )

    assert "used for another run before" in _failed(back, str(copied.id))
    assert town.trail(str(copied.id)) == []


@pytest.fixture
def gated_runbook(town: Town) -> Iterator[Path]:
    """The file of the runbook, put back as it was afterwards."""
    path = town.stage.platform().settings.runbooks / "rotate-api-key.yaml"
    before = path.read_text()
    yield path
    path.write_text(before)


def _give_up(town: Town, run: str) -> None:
    """End a run: no, and where something was changed already, then stop."""
    stands = town.stands(run)
    town.approve(run, decision="reject")
    if gate(town.stage, run, stands.number) is not None:
        town.stands(run, stands.number)
        town.approve(run, decision="stop")
    until(lambda: True if town.trail(run)[-1].event is Event.RUN_ENDED else None, "the run to end")


def _answer_in_prefect(town: Town, run: str, gate: str) -> dict[str, Any]:
    found = town.client("uma").get(f"/flow_runs/{run}/input/suspended-{gate}-response")
    told: dict[str, Any] = found.json()
    return told


def _failed(api_url: str, run: str) -> str:
    """Wait until Prefect has given the run up, and return why."""
    with at_server(api_url):
        until(lambda: True if prefect_state(run) == "Failed" else None, f"run {run} to fail")
    with behind(api_url) as client:
        return str(client.read_flow_run(UUID(run)).state.message)


def _stamp(town: Town, run: str) -> str:
    return str(town.client("olga").get(f"/flow_runs/{run}").json()["labels"]["runbook.initiator"])


def _key(town: Town, run: str) -> str:
    return str(town.client("olga").get(f"/flow_runs/{run}").json()["idempotency_key"])
