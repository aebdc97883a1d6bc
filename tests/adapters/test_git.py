"""`git.publish`: one commit on main, whoever else pushes."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from adapters import git, sops
from adapters.git import check
from adapters.shared.checkout import GitSettings
from engine.errors import Refused, Transient
from engine.step import NotYet
from tests.adapters import infra as world
from tests.adapters.infra import AT, FILE, NEW, Infra

KEY = '["ai_agents"]["anthropic_api_key"]'
REDIS = {"file": FILE, "path": "redis.password"}


@pytest.fixture
def infra(tmp_path: Path) -> Infra:
    return world.build(tmp_path)


def _commits(infra: Infra) -> list[str]:
    return infra.in_remote("log", "--format=%s", "main").splitlines()


def test_the_pending_tree_becomes_one_commit_on_main(infra: Infra) -> None:
    world.store(infra)
    world.store(infra, value="redis-new", at=REDIS)
    tree = infra.in_remote("rev-parse", "rotate/run-1^{tree}")

    outputs = world.publish(infra)

    assert outputs == git.PublishOutputs(commit=infra.head(), branch="main")
    assert infra.in_remote("rev-parse", "main^{tree}") == tree
    assert _commits(infra) == ["rotate anthropic-api-key: rotate-anthropic-api-key", "work"]
    assert infra.branches() == {"main"}


def test_probe_finds_the_commit_and_not_before(infra: Infra) -> None:
    world.store(infra)
    step, asked = infra.steps()["git.publish"], world.call(step="publish")

    assert not world.is_done(world.probe(step, world.params(step), asked))
    made = step.run(world.params(step), asked)
    infra.commit({"README.md": b"later"})
    assert world.probe(step, world.params(step), asked) == made


def test_publishing_twice_leaves_one_commit(infra: Infra) -> None:
    world.store(infra)

    assert world.publish(infra) == world.publish(infra)
    assert len(_commits(infra)) == 2


def test_a_leftover_pending_branch_is_removed_by_the_next_run_of_the_step(infra: Infra) -> None:
    pending = world.store(infra).commit
    outputs = world.publish(infra)
    infra.in_remote("update-ref", "refs/heads/rotate/run-1", pending)

    assert world.publish(infra) == outputs
    assert infra.branches() == {"main"}


def test_a_run_cut_off_between_the_push_and_the_sweep_sweeps_when_it_goes_on(infra: Infra) -> None:
    pending = world.store(infra).commit
    outputs = world.publish(infra)
    infra.in_remote("update-ref", "refs/heads/rotate/run-1", pending)  # as the kill left it
    step, asked = infra.steps()["git.publish"], world.call(step="publish")

    found = world.probe(step, world.params(step), asked)
    assert isinstance(found, NotYet)
    assert "rotate/run-1 is still there" in found.finding
    assert step.run(world.params(step), asked).outputs == outputs
    assert world.is_done(world.probe(step, world.params(step), asked))
    assert len(_commits(infra)) == 2


def test_nothing_to_publish_is_refused(infra: Infra) -> None:
    step = infra.steps()["git.publish"]

    found = world.probe(step, world.params(step), world.call(step="publish"))
    assert isinstance(found, NotYet)
    with pytest.raises(Refused, match="nothing to publish"):
        world.publish(infra)


def test_main_given_as_the_pending_branch_is_nothing_to_publish(infra: Infra) -> None:
    step = infra.steps()["git.publish"]

    with pytest.raises(Refused, match="nothing to publish"):
        step.run(world.params(step, branch="main"), world.call(step="publish"))
    assert infra.branches() == {"main"}


def test_another_persons_change_of_the_same_file_survives(infra: Infra) -> None:
    world.store(infra)
    infra.commit({FILE: infra.edited('["redis"]["password"]', "redis-by-petra"), "x": b"y"})

    world.publish(infra)

    values = infra.values()
    assert values["ai_agents"]["anthropic_api_key"] == NEW
    assert values["redis"]["password"] == "redis-by-petra"
    assert infra.read("x") == b"y"
    assert len(_commits(infra)) == 3


def test_another_persons_change_of_the_same_value_stops_us(infra: Infra) -> None:
    world.store(infra)
    theirs = infra.commit({FILE: infra.edited(KEY, "by-petra")})

    with pytest.raises(Refused, match="neither the old value nor the new one") as told:
        world.publish(infra)
    assert "by-petra" not in str(told.value)
    assert infra.head() == theirs
    assert "rotate/run-1" in infra.branches()


def test_the_same_value_set_by_another_person_is_no_conflict(infra: Infra) -> None:
    world.store(infra)
    infra.commit({FILE: infra.edited(KEY, NEW)})

    world.publish(infra)

    assert infra.values()["ai_agents"]["anthropic_api_key"] == NEW


def test_a_new_data_key_meanwhile_is_no_conflict(infra: Infra) -> None:
    world.store(infra)
    infra.commit({FILE: infra.rotated()})

    world.publish(infra)

    assert infra.values()["ai_agents"]["anthropic_api_key"] == NEW


def test_a_key_or_file_that_is_gone_stops_us(infra: Infra) -> None:
    world.store(infra)
    values = {"redis": {"password": "redis-old"}}
    infra.commit({FILE: infra.encrypt(values)})

    with pytest.raises(Refused, match="neither the old value nor the new one"):
        world.publish(infra)


def test_a_new_key_is_carried_to_a_main_that_moved(infra: Infra) -> None:
    step = infra.steps()["sops.set"]
    at = {"file": FILE, "path": "redis.user"}
    step.run(world.params(step, value=NEW, at=at, create=True), world.call())
    infra.commit({FILE: infra.edited('["redis"]["port"]', 6380)})

    outputs = world.publish(infra)

    assert infra.values()["redis"] == {"password": "redis-old", "port": 6380, "user": NEW}
    infra.commit({FILE: infra.edited('["redis"]["port"]', 6381)})
    world.rollback(infra, outputs)
    assert infra.values()["redis"] == {"password": "redis-old", "port": 6381}


def test_many_runs_at_once_all_land(infra: Infra) -> None:
    places = {"run-a": AT, "run-b": REDIS, "run-c": {"file": FILE, "path": "pool.2"}}
    for run, at in places.items():
        world.store(infra, value=f"new-of-{run}", at=at, run=run)
    failures: list[BaseException] = []

    def publish(run: str) -> None:
        try:
            world.publish(infra, run)
        except BaseException as error:  # noqa: BLE001 - told below
            failures.append(error)

    threads = [threading.Thread(target=publish, args=(run,)) for run in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    values = infra.values()
    assert values["ai_agents"]["anthropic_api_key"] == "new-of-run-a"
    assert values["redis"]["password"] == "new-of-run-b"
    assert values["pool"] == ["same", "same", "new-of-run-c"]
    assert len(_commits(infra)) == 4
    assert infra.branches() == {"main"}


def _racing(infra: Infra, times: int) -> None:
    """Let a colleague be first, `times` times: main moves while our push is on its way."""
    body = f"""#!/bin/sh
    unset GIT_QUARANTINE_PATH
    [ "$1" = refs/heads/main ] || exit 0
    n=$(cat count 2>/dev/null || echo 0)
    [ "$n" -lt {times} ] || exit 0
    echo $((n + 1)) > count
    export GIT_AUTHOR_NAME=P GIT_AUTHOR_EMAIL=p@e.org GIT_COMMITTER_NAME=P GIT_COMMITTER_EMAIL=p@e.org
    new=$(git commit-tree "main^{{tree}}" -p main -m "race $n")
    git update-ref refs/heads/main "$new"
    """
    world.program(infra.remote / "hooks" / "update", body)


def test_a_lost_race_is_run_again_on_the_new_main(infra: Infra) -> None:
    world.store(infra)
    _racing(infra, 2)

    world.publish(infra)

    assert _commits(infra) == [
        "rotate anthropic-api-key: rotate-anthropic-api-key", "race 1", "race 0", "work",
    ]  # fmt: skip
    assert infra.values()["ai_agents"]["anthropic_api_key"] == NEW


def test_losing_every_race_is_transient_and_leaves_the_pending_branch(infra: Infra) -> None:
    world.store(infra)
    _racing(infra, 100)
    settings = infra.git.model_copy(update={"push_attempts": 2})
    (step,) = git.steps(settings, replay=sops.replay(infra.sops))

    with pytest.raises(Transient, match="main moved 2 times"):
        step.run(world.params(step), world.call(step="publish"))
    assert "rotate/run-1" in infra.branches()


def test_a_protected_main_is_refused_with_the_words_of_the_remote(infra: Infra) -> None:
    world.store(infra)
    world.program(
        infra.remote / "hooks" / "pre-receive", "#!/bin/sh\necho 'main is protected' >&2\nexit 1\n"
    )

    with pytest.raises(Refused, match=r"does not take a push to main: .*hook declined"):
        world.publish(infra)


def test_preflight_and_check_say_what_is_fine(infra: Infra) -> None:
    said = world.look(infra.steps()["git.publish"])

    assert "can be pushed to" in said
    assert infra.head()[:12] in check(infra.git)


def test_preflight_names_a_missing_branch(infra: Infra) -> None:
    settings = infra.git.model_copy(update={"branch": "trunk"})

    with pytest.raises(Refused, match="has no branch trunk"):
        check(settings)


def test_a_remote_that_is_away_is_transient() -> None:
    with pytest.raises(Transient, match=r"127\.0\.0\.1"):
        check(GitSettings(remote="http://127.0.0.1:9/infra.git"))


def test_without_a_remote_the_setting_is_named() -> None:
    with pytest.raises(Refused) as told:
        check(GitSettings())
    assert "git.remote" in told.value.hint
