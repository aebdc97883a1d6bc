from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.exits import Exit
from tests.cli.conftest import ROOT, Ended, Runbook
from tests.cli.story import RUN, Story, told
from tests.ground import ANTHROPIC, Ground, ground

NEW, THIRD = "new-0123456789-value", "third-9876543210-value"
OTHER_RUN = "1f0d0000-0000-4000-8000-000000000002"

Recover = Callable[..., Ended]


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Ground]:
    with ground(tmp_path) as found:
        yield found


@pytest.fixture
def recover(runbook: Runbook, redis: Ground) -> Recover:
    """Call `runbook recover` for the secret of `redis`, with its ledger lost; no value may show."""

    def call(*options: str) -> Ended:
        keep_and_lose_a_ledger(redis)
        ended = runbook("--settings", redis.settings, "recover", redis.secret, *options)
        assert redis.leaks(ended.out, ended.err) == []
        assert not redis.ledger.exists()
        return ended

    return call


def keep_and_lose_a_ledger(found: Ground) -> None:
    with told(found.settings) as platform:
        Story(platform).start()
    for file in found.ledger.parent.glob(f"{found.ledger.name}*"):
        file.unlink()


def test_all_consumers_are_looked_at_in_a_program_of_its_own(redis: Ground) -> None:
    """Nothing is imported there yet, and threads that import at the same time break packages."""
    asked = ["--settings", str(redis.settings), "recover", "plana-postgres-password", "--json"]
    ended = subprocess.run(  # noqa: S603 - this project's own program
        [sys.executable, "-m", "cli", *asked], cwd=ROOT, capture_output=True, text=True, check=False
    )

    looks = [each for each in json.loads(ended.stdout)["standings"] if each["place"] == "cluster"]
    assert [each["unknown"] for each in looks] == [None, None]


def read(ended: Ended) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(ended.out)
    assert "observation alone" in answer["ledger"]["words"]
    assert answer["ledger"]["live"] == []
    assert answer["conclusion"]["revoke"] is None
    return answer


def concluded(ended: Ended) -> str:
    case: str = read(ended)["conclusion"]["case"]
    return case


def test_before_anything_there_is_nothing_to_do(redis: Ground, recover: Recover) -> None:
    ended = recover()

    assert ended.code == 0, ended.err
    assert f"all agree on {redis.name(redis.old)}" in ended.out
    assert "ledger: not at hand, so this is from observation alone" in ended.out
    assert "next:" not in ended.out
    assert concluded(recover("--json")) == "settled"


def test_a_pending_value_is_taken_up_by_starting_again(redis: Ground, recover: Recover) -> None:
    redis.put(NEW)
    ended = recover()

    assert ended.code == Exit.REFUSED
    assert f"SOPS rotate/{RUN} waits, and no store or Secret has its value yet" in ended.out
    assert "next: start the same runbook again" in ended.out
    assert "rotate-api-key makes a value itself" in ended.out
    assert read(recover("--json"))["conclusion"]["pending"] == redis.name(NEW)


def test_a_pending_value_that_the_vault_has_already_is_said_as_such(
    redis: Ground, recover: Recover
) -> None:
    redis.put(NEW)
    redis.mirror(NEW)
    ended = recover()

    assert ended.code == Exit.REFUSED
    assert "Vaultwarden has its value already; main has not" in ended.out
    assert "put back what the vault's item held before" in ended.out


@pytest.mark.parametrize(
    ("moves", "case"),
    [
        ("publish arrive", "vault behind"),
        ("mirror publish", "cluster behind"),
        ("mirror publish arrive", "pods behind"),
        ("mirror publish arrive restart", "settled"),
    ],
)
def test_a_rotation_that_stopped_is_told_by_who_is_behind(
    redis: Ground, recover: Recover, moves: str, case: str
) -> None:
    redis.put(NEW)
    for move in moves.split():
        {
            "mirror": lambda: redis.mirror(NEW),
            "publish": redis.publish,
            "arrive": redis.arrive,
            "restart": redis.restart,
        }[move]()
    ended = recover("--json")

    assert concluded(ended) == case
    assert ended.code == (0 if case == "settled" else Exit.REFUSED)


def test_a_value_a_person_put_into_the_vault_is_never_copied(
    redis: Ground, recover: Recover
) -> None:
    redis.edit_vault(THIRD)
    ended = recover()

    assert ended.code == Exit.REFUSED
    assert "was changed since; it is not copied to main" in ended.out
    assert redis.world.sops_value("redis.password") == redis.old


def test_a_person_in_the_vault_amid_a_rotation_stops_it(redis: Ground, recover: Recover) -> None:
    redis.put(NEW)
    redis.mirror(NEW)
    redis.edit_vault(THIRD)
    ended = recover()

    assert ended.code == Exit.REFUSED
    assert "Vaultwarden holds a value that neither main nor a branch explains" in ended.out
    assert "this is ambiguous, so no key is named to be ended" in ended.out


def test_several_pending_values_are_ambiguous(redis: Ground, recover: Recover) -> None:
    redis.put(NEW)
    redis.put(THIRD, OTHER_RUN)
    ended = recover()

    assert ended.code == Exit.REFUSED
    assert "which of them counts cannot be seen" in ended.out
    assert "this is ambiguous" in ended.out


def test_a_vault_that_is_down_leaves_no_conclusion(redis: Ground, recover: Recover) -> None:
    redis.put(NEW)
    redis.world.faults.add("vaultwarden", "status", status=503, times=None)
    ended = recover()

    assert ended.code == Exit.UNREACHABLE
    row = next(line for line in ended.out.splitlines() if line.startswith("Vaultwarden "))
    assert "unknown" in row
    assert "nothing can be concluded, because Vaultwarden could not be read" in ended.out


def test_a_cluster_that_forbids_is_unknown_and_asking_again_is_no_use(
    redis: Ground, recover: Recover
) -> None:
    redis.world.faults.add("kubernetes", "status", status=403, times=None)
    ended = recover("--json")

    assert ended.code == Exit.REFUSED
    assert concluded(ended) == "unreadable"


def test_the_pending_value_is_given_sealed_and_alone(redis: Ground, recover: Recover) -> None:
    redis.put(NEW)
    ended = recover("--seal-pending")

    assert ended.code == 0, ended.err
    assert ended.out.startswith("-----BEGIN AGE ENCRYPTED FILE-----\n")
    assert ended.out.endswith("-----END AGE ENCRYPTED FILE-----\n")
    assert redis.platform.seal().open(ended.out).get_secret_value() == NEW


def test_a_new_run_given_the_pending_value_ends_what_the_lost_one_began(
    redis: Ground, recover: Recover
) -> None:
    redis.put(NEW)
    redis.mirror(NEW)
    value = redis.platform.seal().open(recover("--seal-pending").out).get_secret_value()
    redis.put(value, OTHER_RUN)
    redis.mirror(value, OTHER_RUN)
    redis.publish(OTHER_RUN)
    redis.arrive()
    redis.restart(OTHER_RUN)
    ended = recover("--json")

    assert ended.code == 0, ended.out
    assert read(ended)["conclusion"]["leftovers"] == [f"SOPS rotate/{RUN}"]
    assert redis.world.vaultwarden.history("Redis password") == [redis.old]


def test_no_value_is_sealed_where_none_is_pending(redis: Ground, recover: Recover) -> None:
    ended = recover("--seal-pending")

    assert ended.code == Exit.REFUSED
    assert ended.out == ""
    assert "no value of redis-password is pending" in ended.err


def test_with_the_ledger_at_hand_a_live_run_is_pointed_to(runbook: Runbook, redis: Ground) -> None:
    redis.put(NEW)
    with told(redis.settings) as platform:
        Story(platform).start()
    ended = runbook("--settings", redis.settings, "recover", redis.secret)

    assert ended.code == Exit.REFUSED
    assert "ledger: at hand, and a run of this secret is going on" in ended.out
    assert f"next: runbook status {RUN[:8]}\nnext: runbook resume {RUN[:8]}\n" in ended.out
    assert redis.name(NEW) in ended.out
    assert redis.leaks(ended.out, ended.err) == []


def test_with_the_ledger_at_hand_a_run_of_another_secret_is_none_of_it(
    runbook: Runbook, redis: Ground
) -> None:
    with told(redis.settings) as platform:
        Story(platform, about="matomo-admin-password").start()
    ended = runbook("--settings", redis.settings, "recover", redis.secret)

    assert ended.code == 0, ended.out
    assert "at hand, and it knows no live run of this secret" in ended.out


def test_a_secret_that_is_not_in_the_catalogue_is_refused(runbook: Runbook, redis: Ground) -> None:
    ended = runbook("--settings", redis.settings, "recover", "redis")

    assert ended.code == Exit.REFUSED
    assert "the catalogue has no redis" in ended.err


def test_keys_at_the_provider_are_ended_by_name_or_not_at_all(
    runbook: Runbook, tmp_path: Path
) -> None:
    with ground(tmp_path, ANTHROPIC) as found:
        old = found.world.anthropic.key_of(found.old)
        assert old is not None

        def recovered() -> dict[str, Any]:
            ended = runbook("--settings", found.settings, "recover", ANTHROPIC, "--json")
            assert found.leaks(ended.out, ended.err) == []
            conclusion: dict[str, Any] = json.loads(ended.out)["conclusion"]
            return conclusion

        orphan = found.world.anthropic.create("made and never stored")
        found.shown.append(orphan.secret)
        lost = recovered()
        made = found.world.anthropic.create("made and stored")
        found.put(made.secret)
        waiting = recovered()
        found.mirror(made.secret)
        found.publish()
        found.arrive()
        unread = recovered()
        found.restart()
        plain = recovered()
        found.world.anthropic.update(old.key_id, status="inactive")
        over = recovered()

        assert found.world.anthropic.deactivations == 1

    assert [one["case"] for one in (lost, waiting, unread, plain, over)] == [
        "settled",
        "pending",
        "pods behind",
        "old key",
        "settled",
    ]
    assert any(orphan.key_id in name for name in lost["strangers"])
    assert any("--seal-pending" in move for move in waiting["next"])
    assert [one["revoke"] for one in (lost, waiting, unread, plain, over)] == [
        None,
        None,
        None,
        old.key_id,
        None,
    ]
