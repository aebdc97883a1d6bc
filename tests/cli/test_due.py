from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.exits import Exit
from cli.prometheus import age_metrics, drift_metrics
from engine.ages import Age
from engine.drift import Compared, State
from tests.cli.conftest import ROOT, Ended, Runbook
from tests.stores import Stores, stores

NEW = "a-new-value-of-the-test"
SHIPPED = {
    name: str(ROOT / "runbooks" / file)
    for name, file in (("runbooks", ""), ("people", "people.yaml"))
}
"""Settings that name the shipped runbooks."""
LONG_AGO = datetime.now(UTC) - timedelta(days=100)
RECENTLY = datetime.now(UTC) - timedelta(days=20)
SAMPLE = re.compile(r'(?P<name>\w+)\{secret="(?P<secret>[^"]+)"(?:,[^}]*)?\} (?P<value>-?\d+)')


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Stores]:
    """Two stores whose values are from long ago, but for one; each may be 90 days old."""
    with stores(tmp_path, 3, LONG_AGO) as made:
        made.put("s-1", NEW, RECENTLY)
        yield made


def due(runbook: Runbook, pair: Stores, *options: str) -> Ended:
    ended = runbook("--settings", pair.settings, "due", *options)
    assert pair.leaks(ended.out, ended.err) == []
    return ended


def test_what_is_overdue_is_told_and_ends_with_one(runbook: Runbook, pair: Stores) -> None:
    ended = due(runbook, pair)
    rows = [" ".join(line.split()) for line in ended.out.splitlines()[1:]]

    assert ended.code == Exit.REFUSED
    assert [row.split()[0] for row in rows] == ["s-0", "s-1", "s-2"]
    assert rows[0].endswith("100d overdue by 10d")
    assert rows[1].endswith(("20d in 69d", "20d in 70d"))


def test_it_is_fine_while_nothing_is_due(runbook: Runbook, pair: Stores) -> None:
    for name in ("s-0", "s-2"):
        pair.put(name, NEW, RECENTLY)

    assert due(runbook, pair).code == Exit.FINE


def test_a_script_gets_json(runbook: Runbook, pair: Stores) -> None:
    facts = {each["secret"]: each for each in json.loads(due(runbook, pair, "--json").out)}

    assert facts["s-0"]["max_age"] == "90d"
    assert facts["s-0"]["age_seconds"] >= 100 * 86_400
    assert -11 * 86_400 < facts["s-0"]["due_seconds"] <= -10 * 86_400
    assert facts["s-1"]["since"].startswith(RECENTLY.strftime("%Y-%m-%dT%H:%M:%S"))
    assert facts["s-1"]["exact"] is True


def test_what_rotates_a_value_stands_beside_its_age(runbook: Runbook, pair: Stores) -> None:
    assert json.loads(due(runbook, pair, "--json").out)[0]["runbook"] is None  # no folder has any

    pair.write(**SHIPPED)
    ended = due(runbook, pair)

    assert ended.out.splitlines()[0].split()[-6:] == ["Due", "Rotated", "by", "What", "is", "known"]
    assert ended.out.count(" rotate-stored-secret") == 3
    assert json.loads(due(runbook, pair, "--json").out)[0]["runbook"] == "rotate-stored-secret"


def test_prometheus_gets_all_three_metrics(runbook: Runbook, pair: Stores) -> None:
    ended = due(runbook, pair, "--prometheus")
    found = {
        (match["name"], match["secret"]): int(match["value"])
        for match in map(SAMPLE.fullmatch, ended.out.splitlines())
        if match
    }

    assert ended.code == Exit.FINE
    assert found["runbook_secret_age_seconds", "s-0"] >= 100 * 86_400
    assert (
        found["runbook_secret_due_seconds", "s-0"] < 0 < found["runbook_secret_due_seconds", "s-1"]
    )
    assert found["runbook_secret_drift", "s-0"] == 0
    assert found["runbook_secret_drift", "s-1"] == 1
    assert 'runbook_secret_drift{secret="s-1",state="sops-newer"} 1' in ended.out


def test_ages_are_told_though_the_vault_is_away(runbook: Runbook, pair: Stores) -> None:
    pair.vault.faults.add("vaultwarden", "status", path="/api/sync", status=503, times=None)
    ended = due(runbook, pair, "--prometheus")

    assert ended.code == Exit.UNREACHABLE
    assert 'runbook_secret_age_seconds{secret="s-0"}' in ended.out
    assert "runbook_secret_drift" not in ended.out
    assert ended.err.startswith("error: vaultwarden")


def test_every_family_has_its_help_and_type_and_labels_are_escaped() -> None:
    text = drift_metrics([Compared("", State.UNREGISTERED, 'a#["b"]\\')])

    assert text.splitlines()[1:] == [
        "# TYPE runbook_secret_drift gauge",
        'runbook_secret_drift{secret="a#[\\"b\\"]\\\\",state="unregistered"} 1',
    ]
    assert age_metrics([Age("unknown", unknown="no key")], LONG_AGO).count("unknown") == 0


def test_a_value_of_a_day_that_is_yet_to_come_is_told_and_not_due(
    runbook: Runbook, pair: Stores
) -> None:
    pair.put("s-0", "one-more-value", datetime.now(UTC) + timedelta(days=400))
    ended = due(runbook, pair, "--json")
    [wrong, *_] = json.loads(ended.out)

    assert (wrong["secret"], wrong["since"], wrong["due"]) == ("s-0", None, None)
    assert wrong["unknown"].endswith("which is yet to come")
    assert "yet to come" in " ".join(due(runbook, pair).out.split())
