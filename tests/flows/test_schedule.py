"""The flows that run by the clock, deployed and run by a worker in the sandbox's world."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun

from adapters.platform import open_platform
from adapters.reminding import certificate_reminders
from adapters.settings import VARIABLE
from demo.stage import Stage
from flows.door import form_address
from flows.schedule import _link
from sandbox.inbox import Inbox
from tests import certs
from tests.flows.voyages import until
from tests.flows.workshop import read

pytestmark = pytest.mark.xdist_group("stage")


def run(name: str, settings: Path | None = None) -> FlowRun:
    """Run a deployed flow once, under these settings, and return it when it is over."""
    job = {"env": {VARIABLE: str(settings)}} if settings else None
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name(f"{name}/{name}")
        begun = client.create_flow_run_from_deployment(deployment.id, job_variables=job)
        started = str(begun.id)

    def look() -> FlowRun | None:
        found = read(started)
        return found if found.state is not None and found.state.is_final() else None

    return until(look, f"{name} to end")


def ended(name: str, settings: Path | None = None) -> tuple[str, str]:
    """Return the name of the state it ends in, and what is said there."""
    state = run(name, settings).state
    assert state is not None
    return state.name or "", state.message or ""


def test_the_stores_are_compared_and_what_nobody_registered_is_told(stage: Stage) -> None:
    name, message = ended("check-dual-write")

    assert name == "Look"
    registered = len(stage.platform().catalogue.secrets)
    assert f"{registered} equal" in message
    assert "unregistered" in message


def test_the_comparison_leaves_a_page_of_states_and_no_value(stage: Stage) -> None:
    run("check-dual-write")
    body = json.dumps({"artifacts": {"key": {"any_": ["check-dual-write"]}}}).encode()
    asked = urllib.request.Request(  # noqa: S310 - loopback
        f"{stage.api_url}/artifacts/filter", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(asked) as reply:  # noqa: S310 - as above
        pages = json.load(reply)

    assert "| plana-staff / Penpot secret key | unregistered |" in pages[0]["data"]
    assert "ENC[" not in pages[0]["data"]


@pytest.mark.parametrize("name", ["remind-rotation-due", "remind-certificate-renewals"])
def test_where_nothing_ends_soon_nothing_is_sent(stage: Stage, name: str) -> None:
    assert ended(name) == ("Completed", "nothing was to be sent")


@pytest.fixture
def watched(stage: Stage, tmp_path: Path) -> Iterator[tuple[Path, Inbox]]:
    """The stage's world with a certificate that ends soon, a ledger of its own, and an inbox."""
    made = certs.make(datetime.now(UTC) + timedelta(days=29, hours=1), certs.statements())
    (tmp_path / "qwac.pem").write_bytes(made.pem)
    place = {"title": "The QWAC", "file": "qwac.pem", "runbook": "rotate-api-key"}
    known = yaml.safe_load(stage.platform().settings.catalogue.read_text())
    catalogue = {**known, "certificates": {"psd2-qwac": place}}
    (tmp_path / "secrets.yaml").write_text(yaml.safe_dump(catalogue))
    told = yaml.safe_load(stage.settings_file.read_text())
    with Inbox() as inbox:
        (tmp_path / "targets").write_text(inbox.address("the-token-of-the-hook"))
        changes = {
            "catalogue": str(tmp_path / "secrets.yaml"),
            "ledger": {"url": f"sqlite:///{tmp_path / 'ledger.db'}"},
            "notify": {"targets_file": str(tmp_path / "targets")},
        }
        (tmp_path / "runbook.yaml").write_text(yaml.safe_dump({**told, **changes}))
        yield tmp_path / "runbook.yaml", inbox


def test_a_reminder_is_sent_once_and_leads_to_the_form_that_renews(
    stage: Stage, watched: tuple[Path, Inbox]
) -> None:
    settings, inbox = watched
    first = ended("remind-certificate-renewals", settings)
    again = ended("remind-certificate-renewals", settings)

    assert first == ("Completed", "sent: psd2-qwac T-30")
    assert again == ("Completed", "nothing was to be sent")
    [message] = inbox.messages
    address = form_address("rotate-api-key", {})
    assert message["title"] == "The QWAC expires within 30 days"
    assert message["message"].endswith(f"\n\n{address}")


def test_what_a_target_did_not_take_hides_nothing_of_what_was_found(
    watched: tuple[Path, Inbox],
) -> None:
    settings, inbox = watched
    folder, token = settings.parent, "the-token-of-a-dead-hook"
    over = certs.make(datetime.now(UTC) - timedelta(days=2), certs.statements())
    (folder / "qseal.pem").write_bytes(over.pem)
    known = yaml.safe_load((folder / "secrets.yaml").read_text())
    known["certificates"]["psd2-qseal"] = {"title": "The QSealC", "file": "qseal.pem"}
    (folder / "secrets.yaml").write_text(yaml.safe_dump(known))
    with Inbox() as dead:
        dead.broken = True
        with (folder / "targets").open("a") as targets:
            targets.write(f"\n{dead.address(token)}\n")
        name, message = ended("remind-certificate-renewals", settings)

    assert name == "Failed"
    assert "psd2-qseal expired, psd2-qwac T-30 did not reach every target: 1 of 2" in message
    assert "; psd2-qseal: it has expired\nhint: " in message
    assert token not in message
    titles = [each["title"] for each in inbox.messages]
    assert len(titles) == 3
    assert titles[-1] == "psd2-qseal has to be looked at"


def test_what_is_wrong_is_told_to_people_and_a_missing_link_keeps_no_reminder_back(
    watched: tuple[Path, Inbox],
) -> None:
    settings, inbox = watched
    folder = settings.parent
    known = yaml.safe_load((folder / "secrets.yaml").read_text())
    known["certificates"]["psd2-qwac"]["runbook"] = "no-such-runbook"
    known["certificates"]["psd2-qseal"] = {"title": "The QSealC", "file": "gone.pem"}
    (folder / "secrets.yaml").write_text(yaml.safe_dump(known))
    first = ended("remind-certificate-renewals", settings)
    again = ended("remind-certificate-renewals", settings)

    missing = "psd2-qwac: its reminder has no link, as there is no runbook no-such-runbook"
    assert first[0] == again[0] == "Look"
    assert first[1].startswith("sent: psd2-qwac T-30; psd2-qseal: ")
    assert missing in first[1]
    reminder, faults = inbox.messages
    assert reminder["title"] == "The QWAC expires within 30 days"
    assert faults["title"] == "2 things have to be looked at"
    assert missing in faults["message"]
    assert "/runs/flow-run/" in faults["message"]


def test_a_certificate_in_slots_is_renewed_into_the_one_that_is_free(
    watched: tuple[Path, Inbox],
) -> None:
    settings, inbox = watched
    told = yaml.safe_load(settings.read_text())
    known = yaml.safe_load(Path(told["catalogue"]).read_text())
    place = {"title": "The QWAC", "slots": ["tpp-qwac-a", "tpp-qwac-b"]}
    entry = {**place, "kind": "qwac", "runbook": "renew-tpp-certificates"}
    catalogue = {**known, "certificates": {"tpp-qwac": entry}}
    Path(told["catalogue"]).write_text(yaml.safe_dump(catalogue))
    platform = open_platform(settings)
    found = certificate_reminders(platform, datetime.now(UTC) + timedelta(days=60))
    [reminder] = found.reminders
    address = _link(platform)(reminder)

    assert (reminder.rung, reminder.into, found.faults) == ("T-60", "tpp-qwac-b", ())
    assert address == form_address("renew-tpp-certificates", {"secret": "tpp-qwac-b"})
    assert "tpp-qwac-b" in address
    run = "0b7b86c5-2750-42ec-ab03-19be45b3b1bd"
    assert _link(platform)(replace(reminder, run=run)).endswith(f"/runs/flow-run/{run}")
    assert inbox.messages == []


def test_drift_is_told_with_a_link_to_the_run(stage: Stage, watched: tuple[Path, Inbox]) -> None:
    settings, inbox = watched
    looked = run("check-dual-write", settings)

    [message] = inbox.messages
    assert message["title"] == "SOPS and Vaultwarden do not agree"
    assert message["message"].endswith(f"{stage.url}/runs/flow-run/{looked.id}")


def test_a_look_that_fails_says_why_and_not_more(stage: Stage, watched: tuple[Path, Inbox]) -> None:
    settings, _ = watched
    told = yaml.safe_load(settings.read_text())
    settings.write_text(yaml.safe_dump({**told, "git": {"remote": "file:///nowhere"}}))
    name, message = ended("remind-rotation-due", settings)

    assert name == "Failed"
    assert "/nowhere" in message
    assert "Traceback" not in message


def test_each_of_them_has_its_next_hour(stage: Stage) -> None:
    with get_client(sync_client=True) as client:
        for name in ("check-dual-write", "remind-rotation-due", "remind-certificate-renewals"):
            deployment = client.read_deployment_by_name(f"{name}/{name}")

            assert [each.active for each in deployment.schedules] == [True]


def test_a_link_leads_to_the_form_of_a_runbook_with_the_secret_filled_in(stage: Stage) -> None:
    with get_client(sync_client=True) as client:
        known = client.read_deployment_by_name("rotate-api-key/rotate-api-key").id
    address = form_address("rotate-api-key", {"secret": "redis-password"})
    page, _, query = address.partition("?parameters=")

    assert page == f"{stage.url}/deployments/deployment/{known}/run"
    assert json.loads(unquote(query)) == {"secret": "redis-password"}
    assert form_address("no-such-runbook", {}) == ""
