"""While a run renews a certificate, people are reminded of the one that banks still know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from adapters.reminding import Noticed, certificate_reminders
from engine.journal import resource_of
from engine.ledger import Actor, Draft, Event
from tests import certs
from tests.stores import Stores, stores

NOW = datetime.now(UTC)
SOON, FAR, OVER = (NOW + timedelta(days=days) for days in (13.5, 380, -40))
RUN = "0b7b86c5-2750-42ec-ab03-19be45b3b1bd"
OLD_SLOT, NEW_SLOT = "s-0", "s-1"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Stores]:
    """Two slots, `s-0` and `s-1`, that take turns to hold the QWAC."""
    with stores(tmp_path, 2) as made:
        catalogue = tmp_path / "secrets.yaml"
        secrets = yaml.safe_load(catalogue.read_text())["secrets"]
        for name, other in ((OLD_SLOT, NEW_SLOT), (NEW_SLOT, OLD_SLOT)):
            secrets[name]["certificate"] = {
                "kind": "qwac",
                "beside": dict(secrets[other]["sops"]),
                "loaded": "https://app.example/certificates",
                "accepted": "https://app.example/{item}",
            }
        qwac = {"title": "The QWAC", "slots": [OLD_SLOT, NEW_SLOT], "kind": "qwac"}
        named = {"qwac": {**qwac, "runbook": "renew-it"}}
        catalogue.write_text(yaml.safe_dump({"secrets": secrets, "certificates": named}))
        yield made


def fill(pair: Stores, old: datetime, new: datetime) -> dict[str, str]:
    """Put a certificate with its key into each slot; return their SHA-256."""
    made = {
        slot: certs.make(ends, certs.statements())
        for slot, ends in ((OLD_SLOT, old), (NEW_SLOT, new))
    }
    for slot, each in made.items():
        pair.put(slot, f"{each.private.decode()}{each.pem.decode()}")
    return {slot: each.sha256 for slot, each in made.items()}


def begin(pair: Stores, slot: str) -> None:
    """Let a run be live that works on this slot."""
    draft = Draft(RUN, Event.RUN_STARTED, Actor("otto"), "", 1, "sha256:0", {"plan": "{}"})
    with pair.platform.journal as journal:
        journal.append(draft, hold=[resource_of(slot)])


def noticed(pair: Stores, later: timedelta = timedelta(0)) -> Noticed:
    return certificate_reminders(pair.platform, NOW + later)


def test_without_a_run_the_one_that_ends_last_counts(pair: Stores) -> None:
    fill(pair, SOON, FAR)

    assert noticed(pair) == Noticed((), ())


def test_the_older_one_is_reminded_of_until_the_run_that_renews_it_is_over(pair: Stores) -> None:
    known = fill(pair, SOON, FAR)
    begin(pair, NEW_SLOT)
    [reminder] = noticed(pair).reminders

    assert (reminder.rung, reminder.of) == ("T-14", f"sha256:{known[OLD_SLOT]}")
    assert (reminder.run, reminder.into) == (RUN, NEW_SLOT)
    assert reminder.title == "The QWAC expires within 14 days"
    assert "Every bank should have confirmed the new one by now." in reminder.body
    assert reminder.body.endswith(f"Run {RUN} renews it.")
    assert noticed(pair, timedelta(days=20)).faults == ("qwac: it has expired",)


def test_before_the_run_has_written_anything_the_reminder_leads_to_it_too(pair: Stores) -> None:
    fill(pair, SOON, OVER)
    begin(pair, NEW_SLOT)
    [reminder] = noticed(pair).reminders

    assert (reminder.rung, reminder.run, reminder.into) == ("T-14", RUN, NEW_SLOT)


def test_a_run_for_the_wrong_slot_wakes_no_certificate_that_was_over(pair: Stores) -> None:
    fill(pair, OVER, SOON)
    begin(pair, NEW_SLOT)
    [reminder] = noticed(pair).reminders

    assert reminder.rung == "T-14"
    assert noticed(pair).faults == ()
