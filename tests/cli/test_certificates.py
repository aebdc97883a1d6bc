from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.exits import Exit
from engine.ledger import Draft, Event
from tests import certs
from tests.adapters.slots import NEW_SLOT, fill, two_slots
from tests.cli.conftest import Ended, Runbook
from tests.ground import ground

NOW = datetime.now(UTC).replace(microsecond=0)


class Shelf:
    """A catalogue of certificates in files."""

    def __init__(self, folder: Path, settings: Path) -> None:
        self.folder, self.settings = folder, settings
        self.entries: dict[str, Any] = {}
        told = yaml.safe_load(settings.read_text())
        settings.write_text(yaml.safe_dump({**told, "catalogue": str(folder / "known.yaml")}))
        self.put()

    def put(self, name: str = "", days: int = 0, stated: bytes | None = None) -> None:
        """Add a certificate that ends in so many days and an hour."""
        if name:
            made = certs.make(NOW + timedelta(days=days, hours=1), stated)
            (self.folder / f"{name}.pem").write_bytes(made.private + made.pem)
            self.entries[name] = {"title": name, "kind": name, "file": f"{name}.pem"}
        text = yaml.safe_dump({"certificates": self.entries})
        (self.folder / "known.yaml").write_text(text)


@pytest.fixture
def shelf(tmp_path: Path, settings: Path) -> Shelf:
    return Shelf(tmp_path, settings)


def certificates(runbook: Runbook, shelf: Shelf, *options: str) -> Ended:
    ended = runbook("--settings", shelf.settings, "certificates", *options)
    assert "PRIVATE KEY" not in ended.out + ended.err
    return ended


def test_good_certificates_are_listed_with_what_they_say(runbook: Runbook, shelf: Shelf) -> None:
    shelf.put("qwac", 200, certs.statements())
    shelf.put("qseal", 29, certs.statements(certs.SEAL))
    ended = certificates(runbook, shelf)
    rows = [" ".join(line.split()) for line in ended.out.splitlines()]

    assert ended.code == Exit.FINE
    assert rows[1].startswith("qseal qseal PSP_AI, PSP_PI BG-BNB ")
    assert rows[1].endswith("29d (T-30)")
    assert rows[2].endswith("200d")


def test_one_that_has_expired_or_is_the_wrong_kind_ends_with_one(
    runbook: Runbook, shelf: Shelf
) -> None:
    shelf.put("qwac", -3, certs.statements())
    expired = certificates(runbook, shelf)
    shelf.put("qwac", 200, certs.statements(certs.SEAL))
    wrong = certificates(runbook, shelf)

    assert (expired.code, wrong.code) == (Exit.REFUSED, Exit.REFUSED)
    assert "expired 3d ago" in expired.out
    assert "it is qseal, not qwac" in wrong.out


def test_a_script_gets_json(runbook: Runbook, shelf: Shelf) -> None:
    shelf.put("qwac", 10, certs.statements())
    [fact] = json.loads(certificates(runbook, shelf, "--json").out)

    assert fact["certificate"] == "qwac"
    assert (fact["days"], fact["rung"], fact["findings"]) == (10, "T-14", [])
    assert fact["authority"] == "Bulgarian National Bank"
    assert fact["organisation"] == certs.ORGANISATION
    assert len(fact["sha256"]) == 64


def test_none_is_said_to_be_none(runbook: Runbook, shelf: Shelf) -> None:
    ended = certificates(runbook, shelf)

    assert ended.out == "the catalogue names no certificate\n"


def test_a_kubernetes_secret_is_read_from_the_cluster(runbook: Runbook, tmp_path: Path) -> None:
    made = certs.make(NOW + timedelta(days=100))
    with ground(tmp_path) as found:
        found.world.set_as_human("redis.password", made.pem.decode())
        found.arrive()
        place = {"namespace": "redis", "secret": "redis-secrets", "key": "REDIS_PASSWORD"}
        shelf = Shelf(tmp_path, found.settings)
        shelf.entries = {"a": {"title": "A", "kubernetes": place}}
        shelf.put()
        first = json.loads(certificates(runbook, shelf, "--json").out)
        found.world.cluster.permissions.forbid("get", "secrets")
        second = json.loads(certificates(runbook, shelf, "--json").out)

    assert first[0]["sha256"] == made.sha256
    assert "may not" in second[0]["findings"][0]


def test_a_renewal_that_was_stopped_half_way_is_named(runbook: Runbook, tmp_path: Path) -> None:
    with two_slots(tmp_path) as pair:
        fill(pair, NOW + timedelta(days=200), NOW + timedelta(days=300))
        begun = Draft("run-1", Event.RUN_STARTED, attempt=1, details={"secret": NEW_SLOT})
        over = Draft("run-1", Event.RUN_ENDED, attempt=1, details={"outcome": "stopped"})
        with pair.platform.journal as journal:
            journal.append(begun)
            journal.append(over)
        ended = runbook("--settings", pair.settings, "certificates", "--json")

    assert ended.code == Exit.REFUSED
    [words] = json.loads(ended.out)[0]["findings"]
    assert words.startswith(f"run run-1 was stopped after it had published {NEW_SLOT}")
