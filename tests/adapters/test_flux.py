"""`flux.reconcile` against the Flux double, which fetches from a real git remote."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from adapters import flux
from adapters.flux import FluxSettings
from engine.errors import NotConverged, Refused, Transient
from engine.step import Again, Done, NotYet, Step
from sandbox.cluster.resources import KUSTOMIZATION
from sandbox.world import World
from tests.adapters import infra, sky

KUSTOMIZATION_NAME = "ai-bos-agent"
ELSEWHERE = "c" * 40


def reconcile(
    world: World, is_descendant: Callable[[str, str], bool] | None = None
) -> Step[Any, Any]:
    settings, cluster = FluxSettings(), sky.cluster(world)
    if is_descendant is None:
        (step,) = flux.steps(settings, cluster)
    else:
        (step,) = flux.steps(settings, cluster, is_descendant)
    return step


def given(revision: str, timeout: int = 20) -> dict[str, Any]:
    return {"kustomization": KUSTOMIZATION_NAME, "revision": revision, "timeout": timeout}


def commit(world: World) -> str:
    return world.set_as_human(sky.PATH, "sk-ant-new-value")


def preflight(world: World) -> str:
    return infra.look(reconcile(world), kustomization=KUSTOMIZATION_NAME)


def test_our_commit_is_fetched_and_applied(world: World) -> None:
    revision = commit(world)

    done = sky.run(reconcile(world), **given(revision))

    status = world.cluster.kustomization(KUSTOMIZATION_NAME)["status"]
    assert done.outputs.applied_revision == f"main@sha1:{revision}"
    assert status["lastAppliedRevision"] == done.outputs.applied_revision


def test_probe_is_done_after_it_and_not_before(world: World) -> None:
    step, params = reconcile(world), given(commit(world))
    assert isinstance(sky.probe(step, **params), NotYet)

    done = sky.run(step, **params)

    assert sky.probe(step, **params) == done


def test_what_is_applied_already_is_not_asked_for_again(world: World) -> None:
    revision = world.remote.head()

    sky.run(reconcile(world), **given(revision))

    for found in (world.cluster.kustomization(KUSTOMIZATION_NAME), world.cluster.source()):
        assert "annotations" not in found["metadata"]


def test_a_later_commit_counts_when_git_says_it_follows(world: World) -> None:
    ours, later = commit(world), world.set_as_human("redis.password", "another-change")
    asked: list[tuple[str, str]] = []

    def follows(found: str, wanted: str) -> bool:
        asked.append((found, wanted))
        return (found, wanted) == (later, ours)

    done = sky.run(reconcile(world, follows), **given(ours))

    assert done.outputs.applied_revision == f"main@sha1:{later}"
    assert (later, ours) in asked


def test_a_foreign_commit_does_not_count(world: World) -> None:
    commit(world)

    error = sky.refusal(NotConverged, lambda: sky.run(reconcile(world), **given(ELSEWHERE, 1)))

    assert ELSEWHERE in error.message
    assert "GitRepository flux-system/infra has fetched" in error.message


def test_a_stranger_whose_request_is_handled_does_not_count(world: World) -> None:
    revision = commit(world)
    world.cluster.overlook("infra")
    world.cluster.request_as_stranger(KUSTOMIZATION_NAME)
    world.cluster.settle()

    assert isinstance(sky.probe(reconcile(world), **given(revision)), NotYet)
    sky.refusal(NotConverged, lambda: sky.run(reconcile(world), **given(revision, 1)))


def test_a_stale_ready_does_not_count(world: World) -> None:
    revision = commit(world)
    world.cluster.overlook(KUSTOMIZATION_NAME)

    error = sky.refusal(NotConverged, lambda: sky.run(reconcile(world), **given(revision, 1)))

    assert f"expected {revision}" in error.message
    assert world.cluster.kustomization(KUSTOMIZATION_NAME)["status"]["conditions"][0]["status"] == (
        "True"
    )


def test_a_reconcile_that_begins_anew_does_not_take_back_what_is_applied(world: World) -> None:
    revision = world.remote.head()

    def begin(found: Any) -> None:
        found["status"]["conditions"][0] |= {"status": "Unknown", "reason": "Progressing"}

    world.cluster.store.change(KUSTOMIZATION, "flux-system", KUSTOMIZATION_NAME, begin)

    assert isinstance(sky.probe(reconcile(world), **given(revision)), Done)
    assert isinstance(sky.probe(reconcile(world), **given(ELSEWHERE)), NotYet)


def test_what_is_applied_and_no_longer_healthy_does_not_count(world: World) -> None:
    revision = world.remote.head()
    world.cluster.fail_kustomization(KUSTOMIZATION_NAME)
    world.cluster.reconcile_now()

    assert isinstance(sky.probe(reconcile(world), **given(revision)), NotYet)


def test_ready_of_an_older_generation_does_not_count(world: World) -> None:
    revision = world.remote.head()
    world.cluster.overlook(KUSTOMIZATION_NAME)
    world.cluster.store.change(
        KUSTOMIZATION,
        "flux-system",
        KUSTOMIZATION_NAME,
        lambda found: found["spec"].update(interval="1m0s"),
        manager="kubectl",
    )

    found = sky.probe(reconcile(world), **given(revision))

    assert isinstance(found, NotYet)
    assert "not observed at its present generation" in found.finding


def test_a_failed_apply_ends_the_wait_with_its_reason(world: World) -> None:
    revision = commit(world)
    world.cluster.fail_kustomization(
        KUSTOMIZATION_NAME, f'dry-run failed: Invalid value: "{sky.MARKER}"'
    )

    error = sky.refusal(NotConverged, lambda: sky.run(reconcile(world), **given(revision, 600)))

    assert "ReconciliationFailed: dry-run failed" in error.message


def test_a_failure_that_stood_there_before_is_tried_again(world: World) -> None:
    revision = commit(world)
    world.cluster.fail_kustomization(KUSTOMIZATION_NAME)
    sky.refusal(NotConverged, lambda: sky.run(reconcile(world), **given(revision)))
    world.cluster.fail_kustomization(KUSTOMIZATION_NAME, None)

    assert isinstance(sky.run(reconcile(world), **given(revision)), Done)


@pytest.mark.parametrize(
    ("name", "command"),
    [
        (KUSTOMIZATION_NAME, "flux resume kustomization ai-bos-agent"),
        ("infra", "flux resume source git infra"),
    ],
)
def test_what_is_suspended_is_refused_with_the_way_out(
    world: World, name: str, command: str
) -> None:
    revision = commit(world)
    world.cluster.suspend(name)

    during = sky.refusal(Refused, lambda: sky.run(reconcile(world), **given(revision)))
    before = sky.refusal(Refused, lambda: preflight(world))

    assert command in during.hint
    assert command in before.hint


def test_missing_kustomization_is_refused(world: World) -> None:
    params = {**given(ELSEWHERE), "kustomization": "nobody"}

    assert (
        "no Kustomization"
        in sky.refusal(Refused, lambda: sky.run(reconcile(world), **params)).message
    )


def test_a_kustomization_may_lie_in_another_namespace_than_its_source(world: World) -> None:
    world.cluster.move_kustomization(KUSTOMIZATION_NAME, "bos")
    revision = commit(world)
    there = {**given(revision), "namespace": "bos"}
    assert isinstance(sky.probe(reconcile(world), **there), NotYet)

    done = sky.run(reconcile(world), **there)

    status = world.cluster.store.get(KUSTOMIZATION, "bos", KUSTOMIZATION_NAME)["status"]
    assert status["lastAppliedRevision"] == done.outputs.applied_revision
    assert sky.probe(reconcile(world), **there) == done
    looked = infra.look(reconcile(world), kustomization=KUSTOMIZATION_NAME, namespace="bos")
    assert "Kustomization bos/ai-bos-agent and its GitRepository flux-system/infra" in looked
    error = sky.refusal(Refused, lambda: sky.run(reconcile(world), **given(revision)))
    assert "no Kustomization flux-system/ai-bos-agent" in error.message


def test_a_source_that_is_no_git_repository_is_refused(world: World) -> None:
    world.cluster.store.change(
        KUSTOMIZATION,
        "flux-system",
        KUSTOMIZATION_NAME,
        lambda found: found["spec"].update(sourceRef={"kind": "Bucket", "name": "b"}),
        manager="kubectl",
    )
    world.cluster.agenda.failures.clear()

    assert "Bucket" in sky.refusal(Refused, lambda: preflight(world)).message
    world.cluster.agenda.failures.clear()


def test_preflight_finds_both_active(world: World) -> None:
    assert "GitRepository flux-system/infra" in preflight(world)


@pytest.mark.parametrize("resource", ["kustomizations", "gitrepositories"])
def test_preflight_refuses_without_the_right_to_patch(world: World, resource: str) -> None:
    world.cluster.permissions.forbid("patch", resource)

    assert "may not patch" in sky.refusal(Refused, lambda: preflight(world)).message


@pytest.mark.parametrize(
    ("status", "kind"), [(401, Refused), (403, Refused), (429, Transient), (503, Transient)]
)
def test_a_cluster_that_refuses_or_fails_is_told_apart(
    world: World, status: int, kind: Any
) -> None:
    world.faults.add("kubernetes", "status", status=status, times=None)

    sky.refusal(kind, lambda: sky.run(reconcile(world), **given(ELSEWHERE, 1)))


def test_a_lost_answer_to_the_request_is_made_good_by_repeating(world: World) -> None:
    revision = commit(world)
    world.faults.add("kubernetes", "lost_reply", method="PATCH")

    sky.refusal(Transient, lambda: sky.run(reconcile(world), **given(revision)))

    assert isinstance(sky.run(reconcile(world), **given(revision)), Done)


def test_git_that_cannot_tell_is_transient_and_no_failure(world: World) -> None:
    def unreachable(found: str, wanted: str) -> bool:
        message = f"git does not answer about {found[:7]} and {wanted[:7]}"
        raise Transient(message)

    sky.refusal(Transient, lambda: sky.run(reconcile(world, unreachable), **given(ELSEWHERE, 1)))


@pytest.mark.parametrize("revision", ["main", "abc1234", "A" * 40, "a" * 40 + "\n"])
def test_a_revision_must_be_a_whole_commit(world: World, revision: str) -> None:
    with pytest.raises(ValidationError):
        infra.params(reconcile(world), **given(revision))


def test_undo_is_the_same_again(world: World) -> None:
    assert isinstance(reconcile(world).undo, Again)


def test_check_counts_kustomizations(world: World) -> None:
    count = len(world.cluster.store.list(KUSTOMIZATION, "flux-system"))

    assert f"{count} Kustomizations" in flux.check(FluxSettings(), sky.cluster(world))
