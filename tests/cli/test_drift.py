from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.exits import Exit
from tests.adapters.infra import FILE
from tests.adapters.test_sops_words import SAID, TYPED, Break, retyped, typed
from tests.cli.conftest import Ended, Runbook
from tests.stores import Stores, item_of, stores

NEW = "a-new-value-of-the-test"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Stores]:
    with stores(tmp_path) as made:
        yield made


def drift(runbook: Runbook, pair: Stores, *options: str) -> Ended:
    ended = runbook("--settings", pair.settings, "drift", *options)
    assert pair.leaks(ended.out, ended.err) == []
    assert NEW not in ended.out + ended.err
    return ended


def test_equal_stores_are_fine(runbook: Runbook, pair: Stores) -> None:
    ended = drift(runbook, pair)

    assert ended.code == Exit.FINE
    assert ended.out == "5 equal\n"


def test_drift_is_listed_and_ends_with_one(runbook: Runbook, pair: Stores) -> None:
    pair.put("s-1", NEW)
    pair.commit({**pair.tree(), "forgotten": {"token": NEW}})
    pair.vault.vaultwarden.edit_as_human(item_of("s-1"), NEW)
    ended = drift(runbook, pair)
    rows = {line.split()[0]: line.split()[1] for line in ended.out.splitlines()[1:-2]}

    assert ended.code == Exit.REFUSED
    assert rows == {
        "s-1": "vaultwarden-newer",
        f'{FILE}#["forgotten"]["token"]': "unregistered",
    }
    assert ended.out.endswith("\n4 equal, 1 unregistered, 1 vaultwarden-newer\n")


def test_all_of_it_is_listed_when_asked_for(runbook: Runbook, pair: Stores) -> None:
    ended = drift(runbook, pair, "--all")

    assert [line.split()[:2] for line in ended.out.splitlines()[1:6]] == [
        [f"s-{n}", "equal"] for n in range(5)
    ]


def test_a_script_gets_json(runbook: Runbook, pair: Stores) -> None:
    pair.put("s-1", NEW)
    ended = drift(runbook, pair, "--json")
    rows = {row["secret"]: row for row in json.loads(ended.out)}

    assert ended.code == Exit.REFUSED
    assert rows["s-0"]["state"] == "equal"
    assert rows["s-1"]["state"] == "sops-newer"
    assert rows["s-1"]["note"].startswith("SOPS changed at ")


def test_a_vault_that_is_away_is_another_exit_code(runbook: Runbook, pair: Stores) -> None:
    pair.vault.faults.add("vaultwarden", "status", path="/api/sync", status=503, times=None)
    ended = drift(runbook, pair)

    assert ended.code == Exit.UNREACHABLE
    assert ended.out == ""


@pytest.mark.parametrize("way", [retyped, typed])
def test_no_command_repeats_the_words_of_sops(runbook: Runbook, pair: Stores, way: Break) -> None:
    pair.infra.commit({FILE: way(pair.infra.read(), "s_1")})
    for words in (["drift"], ["drift", "--json"], ["status", "s-1"], ["due"]):
        ended = runbook("--settings", pair.settings, *words)

        assert pair.leaks(ended.out, ended.err) == []
        assert TYPED not in ended.out + ended.err
        assert words[0] != "drift" or SAID in " ".join(ended.out.split())
