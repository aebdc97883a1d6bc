"""The true age of values, from a real history: what is a change of a value, and what is none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyrage
import pytest

from adapters.drift import read_ages
from engine.ages import Age
from tests.adapters.infra import FILE
from tests.stores import Stores, stores

MADE = datetime(2026, 1, 10, 9, 0, tzinfo=UTC)
NEW = "a-new-value-of-the-test"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Stores]:
    """Two stores whose file is from January."""
    with stores(tmp_path, 4, MADE) as made:
        yield made


def day(number: int) -> datetime:
    return MADE + timedelta(days=number)


def ages(pair: Stores) -> dict[str, Age]:
    found = read_ages(pair.platform)
    assert pair.leaks(repr(found)) == []
    return {age.secret: age for age in found}


def since(pair: Stores) -> list[datetime | None]:
    return [age.since for age in ages(pair).values()]


def test_every_value_is_as_old_as_the_commit_that_brought_it(pair: Stores) -> None:
    pair.put("s-1", NEW, day(10))
    pair.put("s-2", NEW, day(20))
    pair.put("s-2", "an-even-newer-value", day(30))

    assert since(pair) == [MADE, day(10), day(30), MADE]
    assert all(age.is_exact for age in ages(pair).values())


def test_rotating_the_data_key_makes_no_value_younger(pair: Stores) -> None:
    pair.put("s-1", NEW, day(10))
    pair.infra.commit({FILE: pair.infra.rotated()}, when=day(20))
    pair.put("s-2", NEW, day(30))
    calls = pair.count_sops()
    found = since(pair)

    assert found == [MADE, day(10), day(30), MADE]
    assert calls.read_text().split().count("decrypt") == 2


def test_a_history_without_a_new_data_key_is_read_without_decrypting(pair: Stores) -> None:
    pair.put("s-1", NEW, day(10))
    calls = pair.count_sops()
    ages(pair)

    assert "decrypt" not in calls.read_text().split()


def test_a_value_changed_together_with_the_data_key_is_found(pair: Stores) -> None:
    tree = pair.tree()
    tree["keys"]["s_2"] = NEW
    tree["keys"]["s_9"] = "one-more-value"
    pair.commit(tree, day(20))

    assert since(pair) == [MADE, MADE, day(20), MADE]


def test_a_value_that_was_taken_out_and_put_back_is_as_old_as_its_return(pair: Stores) -> None:
    tree = pair.tree()
    del tree["keys"]["s_3"]
    pair.commit(tree, day(5))
    pair.put("s-3", pair.values["s-3"], day(6))

    assert since(pair) == [MADE, MADE, MADE, day(6)]


def test_a_torn_file_that_was_mended_makes_no_value_younger(pair: Stores) -> None:
    whole = pair.infra.read()
    pair.infra.commit({FILE: b"keys: {s_0: torn"}, when=day(5))
    pair.infra.commit({FILE: whole}, when=day(6))

    assert since(pair) == [MADE] * 4


@pytest.mark.parametrize("stump", [b"", b"{}", b"keys: {s_0: torn"])
def test_a_file_that_is_no_whole_one_now_has_no_ages(pair: Stores, stump: bytes) -> None:
    pair.infra.commit({FILE: stump}, when=day(5))

    assert {age.since for age in ages(pair).values()} == {None}
    assert all(FILE in age.unknown for age in ages(pair).values())


def test_commits_to_other_files_do_not_count(pair: Stores) -> None:
    pair.infra.commit({"README.md": b"hello"}, when=day(5))

    assert since(pair) == [MADE] * 4


def test_a_value_behind_a_key_we_no_longer_have_is_that_old_at_least(pair: Stores) -> None:
    mine = pair.infra.keys["engine"]
    mine.chmod(0o600)
    mine.write_text(f"# a new one\n{pyrage.x25519.Identity.generate()}\n")
    pair.commit(pair.tree(), day(20))
    found = ages(pair)["s-0"]

    assert found.since == day(20)
    assert not found.is_exact


def test_a_secret_that_main_does_not_have_has_no_age(pair: Stores) -> None:
    tree = pair.tree()
    del tree["keys"]["s_3"]
    pair.commit(tree, day(5))

    assert ages(pair)["s-3"].since is None
    assert ages(pair)["s-3"].unknown == "main has no encrypted value of it"


def test_what_a_pending_branch_holds_is_not_in_force(pair: Stores) -> None:
    edited = pair.infra.edited('["keys"]["s_0"]', NEW)
    pair.infra.in_remote("branch", "rotate/run-1", "main")
    pair.infra.commit({FILE: edited}, "rotate/run-1", when=day(9))

    assert since(pair) == [MADE] * 4


def test_what_a_merge_brings_is_as_old_as_its_time_on_main(pair: Stores) -> None:
    edited = pair.infra.edited('["keys"]["s_0"]', NEW)
    pair.infra.in_remote("branch", "feature", "main")
    pair.infra.commit({FILE: edited}, "feature", when=day(9))
    merge = f"data 5\nmerge\nfrom refs/heads/main^0\nmerge refs/heads/feature^0\nM 100644 inline {FILE}\n"
    when = f"committer Petra <p@example.org> {int(day(12).timestamp())} +0000\n"
    stream = f"commit refs/heads/main\n{when}{merge}data {len(edited)}\n".encode()
    pair.infra.in_remote("fast-import", "--quiet", "--date-format=raw", stdin=stream + edited)

    assert since(pair) == [day(12), MADE, MADE, MADE]


def test_many_commits_to_a_file_of_many_values_are_told_apart(tmp_path: Path) -> None:
    with stores(tmp_path, 100, MADE) as many:
        for number in range(1, 60):  # more than are in memory at the same time
            many.put(f"s-{number}", NEW, day(number))
        found = {name: age.since for name, age in ages(many).items()}

    assert found == {f"s-{n}": day(n) if n in range(1, 60) else MADE for n in range(100)}
