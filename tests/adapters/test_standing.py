from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.standing import is_ledger_there, seal_pending, standings
from engine.errors import Refused
from engine.standing import Place, Standing
from sandbox.layout import SOPS_FILE
from tests.ground import ANTHROPIC, RUN, Ground, ground

NEW, THIRD = "new-0123456789-value", "third-9876543210-value"
OTHER_RUN = "1f0d0000-0000-4000-8000-000000000002"


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Ground]:
    with ground(tmp_path) as found:
        yield found
        assert found.leaks(repr(standings(found.platform, found.secret))) == []


def look(found: Ground) -> dict[Place, Standing]:
    """Return the last standing of each kind."""
    seen = standings(found.platform, found.secret)
    assert found.leaks(repr(seen)) == []
    return {each.place: each for each in seen}


def test_before_anything_all_hold_the_value_of_main(redis: Ground) -> None:
    seen = standings(redis.platform, redis.secret)

    assert [each.place for each in seen] == [
        Place.MAIN,
        Place.VAULT,
        Place.CLUSTER,
        Place.PODS,
        Place.PODS,
    ]
    assert {each.fingerprint for each in seen[:3]} == {redis.name(redis.old)}
    assert [each.unknown for each in seen] == [""] * 5


def test_a_look_changes_nothing(redis: Ground) -> None:
    redis.put(NEW)
    branches, writes = redis.world.remote.branches(), redis.world.vaultwarden.writes
    standings(redis.platform, redis.secret)

    assert redis.world.remote.branches() == branches
    assert redis.world.vaultwarden.writes == writes
    assert not redis.ledger.exists()


def test_every_branch_of_a_run_that_changes_the_value_is_told(redis: Ground) -> None:
    redis.put(NEW)
    redis.put(THIRD, OTHER_RUN)
    seen = standings(redis.platform, redis.secret)
    waiting = {each.name: each for each in seen if each.place is Place.PENDING}

    assert waiting[f"SOPS rotate/{RUN}"].fingerprint == redis.name(NEW)
    assert waiting[f"SOPS rotate/{RUN}"].run == RUN
    assert waiting[f"SOPS rotate/{OTHER_RUN}"].fingerprint == redis.name(THIRD)
    assert len(waiting) == 2


def test_a_branch_about_another_secret_is_not_told(tmp_path: Path, redis: Ground) -> None:
    redis.put(NEW)
    redis.secret = "matomo-admin-password"

    assert Place.PENDING not in look(redis)


def test_a_branch_that_is_no_sops_file_any_more_is_unknown(redis: Ground) -> None:
    redis.world.remote.commit({SOPS_FILE: b"redis: {password: torn"}, "torn", "rotate/torn")

    assert look(redis)[Place.PENDING].unknown


def test_main_remembers_the_value_before_past_what_others_committed(redis: Ground) -> None:
    redis.put(NEW)
    redis.publish()
    redis.world.set_as_human("matomo.admin_password", "changed-by-petra")
    main = look(redis)[Place.MAIN]

    assert main.fingerprint == redis.name(NEW)
    assert main.before == redis.name(redis.old)
    assert main.run == RUN


def test_a_value_set_by_a_person_carries_no_mark(redis: Ground) -> None:
    redis.world.set_as_human("redis.password", NEW)
    main = look(redis)[Place.MAIN]

    assert (main.fingerprint, main.mark) == (redis.name(NEW), "")


def test_the_vault_tells_what_it_held_before(redis: Ground) -> None:
    redis.edit_vault(NEW)
    vault = look(redis)[Place.VAULT]

    assert (vault.fingerprint, vault.before) == (redis.name(NEW), redis.name(redis.old))


def test_pods_are_told_by_the_mark_of_their_restart(redis: Ground) -> None:
    redis.restart()
    seen = standings(redis.platform, redis.secret)

    assert [each.run for each in seen if each.place is Place.PODS] == [RUN, RUN]
    assert [each.fingerprint for each in seen if each.place is Place.PODS] == ["", ""]


@pytest.mark.parametrize("status", [403, 500, 503])
def test_a_cluster_that_does_not_answer_is_unknown(redis: Ground, status: int) -> None:
    redis.world.faults.add("kubernetes", "status", status=status, times=None)
    seen = look(redis)

    assert seen[Place.CLUSTER].is_blind
    assert seen[Place.PODS].is_blind
    assert seen[Place.CLUSTER].is_away == (status != 403)
    assert not seen[Place.MAIN].is_blind
    redis.world.faults.clear()


def test_a_vault_that_hangs_up_is_unknown(redis: Ground) -> None:
    redis.world.faults.add("vaultwarden", "drop", times=None)
    seen = look(redis)

    assert seen[Place.VAULT].is_blind
    assert seen[Place.VAULT].is_away
    assert not seen[Place.CLUSTER].is_blind
    redis.world.faults.clear()


def test_a_remote_that_is_gone_makes_main_and_branches_unknown(redis: Ground) -> None:
    redis.world.layout.remote.rename(redis.world.layout.remote.with_name("gone"))
    seen = look(redis)

    assert seen[Place.MAIN].is_blind
    assert seen[Place.PENDING].is_blind
    assert not seen[Place.VAULT].is_blind


def test_keys_at_the_provider_are_told_by_what_they_fit(tmp_path: Path) -> None:
    with ground(tmp_path, ANTHROPIC) as found:
        made = found.world.anthropic.create("made by a person")
        found.put(made.secret)
        seen = standings(found.platform, found.secret)

    keys = {each.key: each for each in seen if each.place is Place.PROVIDER}
    in_force = found.world.anthropic.key_of(found.old)
    assert in_force is not None
    assert keys[made.key_id].fits == (found.name(made.secret),)
    assert keys[in_force.key_id].fits == (found.name(found.old),)
    assert [each.fits for each in keys.values() if "ci-evals" in each.name] == [()]
    assert found.leaks(repr(seen)) == []


def test_a_provider_that_refuses_is_unknown(tmp_path: Path) -> None:
    with ground(tmp_path, ANTHROPIC) as found:
        found.world.faults.add("anthropic", "status", status=403, times=None)
        seen = look(found)

    assert seen[Place.PROVIDER].is_blind
    assert not seen[Place.PROVIDER].is_away


def test_the_pending_value_leaves_sealed_and_opens_for_the_engine_alone(redis: Ground) -> None:
    redis.put(NEW)
    armour = seal_pending(redis.platform, redis.secret)

    assert redis.leaks(armour) == []
    assert redis.platform.seal().open(armour).get_secret_value() == NEW


def test_nothing_is_sealed_where_it_is_not_plain_what_is_pending(redis: Ground) -> None:
    with pytest.raises(Refused, match="no value of redis-password is pending"):
        seal_pending(redis.platform, redis.secret)
    redis.put(NEW)
    redis.put(THIRD, OTHER_RUN)
    with pytest.raises(Refused, match="cannot be told"):
        seal_pending(redis.platform, redis.secret)


def test_a_ledger_that_is_not_there_is_not_made_by_asking(redis: Ground) -> None:
    settings = redis.platform.settings.ledger

    assert not is_ledger_there(settings)
    assert not redis.ledger.exists()
    redis.platform.journal.entries()
    assert is_ledger_there(settings)
    redis.platform.journal.close()
