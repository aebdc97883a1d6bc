"""`kubernetes.rollout_restart` against the cluster double."""

from __future__ import annotations

from typing import Any

from adapters import kubernetes
from engine.errors import NotConverged, Refused, Transient
from engine.step import Again, Done, NotYet, Step
from sandbox.cluster.resources import DEPLOYMENT, STATEFUL_SET
from sandbox.world import World
from tests.adapters import infra, sky

GIVEN: dict[str, Any] = {"namespace": sky.NAMESPACE, "workload": sky.WORKLOAD, "timeout": 20}


def restart(world: World) -> Step[Any, Any]:
    offered = {step.name: step for step in kubernetes.steps(sky.cluster(world))}
    return offered["kubernetes.rollout_restart"]


def restarts(world: World) -> int:
    return world.cluster.restarts(sky.NAMESPACE, sky.NAME)


def preflight(world: World, workload: str = sky.WORKLOAD, namespace: str = sky.NAMESPACE) -> str:
    return infra.look(restart(world), namespace=namespace, workload=workload)


def test_every_pod_is_new_ready_and_marked(world: World) -> None:
    before = {pod["metadata"]["uid"] for pod in world.cluster.pods(sky.NAMESPACE, sky.NAME)}

    done = sky.run(restart(world), sky.called("run-1/restart"), **GIVEN)

    pods = world.cluster.pods(sky.NAMESPACE, sky.NAME)
    marks = {pod["metadata"]["annotations"]["plana.dev/rotation-id"] for pod in pods}
    assert done.outputs.pods == len(pods) == 2
    assert not before & {pod["metadata"]["uid"] for pod in pods}
    assert marks == {"run-1/restart"}
    assert done.outputs.revision == "2"
    assert done.outputs.restarted_at.endswith("Z")


def test_the_same_key_restarts_once_and_a_new_key_again(world: World) -> None:
    first = sky.run(restart(world), sky.called("run-1/restart"), **GIVEN)
    again = sky.run(restart(world), sky.called("run-1/restart"), **GIVEN)
    assert first == again
    assert restarts(world) == 1

    sky.run(restart(world), sky.called("run-2/restart"), **GIVEN)
    assert restarts(world) == 2


def test_a_restart_that_was_held_up_while_another_process_did_it_restarts_nothing(
    world: World,
) -> None:
    step, told = restart(world), list[str]()
    redis = {"namespace": "redis", "workload": ["statefulset/redis", "deployment/redis-exporter"]}

    def overtake(text: str) -> None:
        """Do all of it by another process, between the first workload and the second."""
        if not told:
            told.append(text)
            sky.run(step, sky.called("run-1/restart"), **redis)

    late = sky.called("run-1/restart", report=overtake)
    refused = sky.refusal(Transient, lambda: sky.run(step, late, **redis))
    sky.run(step, late, **redis)

    assert "409" in refused.message
    assert world.cluster.restarts("redis", "redis") == 1
    assert world.cluster.restarts("redis", "redis-exporter") == 1


def test_probe_is_done_after_the_restart_and_not_before(world: World) -> None:
    step, call = restart(world), sky.called("run-1/restart")
    assert isinstance(sky.probe(step, call, **GIVEN), NotYet)

    done = sky.run(step, call, **GIVEN)

    assert sky.probe(step, call, **GIVEN) == done
    assert isinstance(sky.probe(step, sky.called("run-2/restart"), **GIVEN), NotYet)


def test_a_restart_holds_after_another_run_restarted_and_not_after_it_was_rolled_back(
    world: World,
) -> None:
    step, ours = restart(world), sky.called("run-1/restart")
    first = sky.run(step, ours, **GIVEN)
    before = world.cluster.workload(sky.NAMESPACE, sky.NAME)["spec"]["template"]
    sky.run(step, sky.called("run-2/restart"), **GIVEN)

    held = sky.probe(step, ours, **GIVEN)
    assert isinstance(held, Done)
    assert "plana.dev/rotation-id=run-1/restart" in held.evidence
    assert restarts(world) == 2
    assert first.outputs.pods == held.outputs.pods

    marks = before["metadata"]["annotations"]["plana.dev/rotation-id"]
    assert marks == "run-1/restart"
    world.cluster.edit_template(sky.NAMESPACE, sky.NAME, {"plana.dev/rotation-id": "run-0/restart"})
    world.cluster.settle()
    assert isinstance(sky.probe(step, ours, **GIVEN), NotYet)


def test_a_restart_cut_off_half_way_is_waited_for_and_not_repeated(world: World) -> None:
    step, call = restart(world), sky.called("run-1/restart")
    world.cluster.never_ready(sky.NAMESPACE, sky.NAME)
    sky.refusal(NotConverged, lambda: sky.run(step, call, **{**GIVEN, "timeout": 1}))
    assert isinstance(sky.probe(step, call, **GIVEN), NotYet)

    world.cluster.never_ready(sky.NAMESPACE, sky.NAME, is_stuck=False)
    world.cluster.settle()

    assert isinstance(sky.run(step, call, **GIVEN), Done)
    assert restarts(world) == 1


def test_lost_answer_to_the_patch_does_not_restart_twice(world: World) -> None:
    world.faults.add("kubernetes", "lost_reply", method="PATCH")
    step, call = restart(world), sky.called("run-1/restart")

    sky.refusal(Transient, lambda: sky.run(step, call, **GIVEN))
    sky.run(step, call, **GIVEN)

    assert restarts(world) == 1


def test_pods_that_never_become_ready_are_told_with_the_reason(world: World) -> None:
    world.cluster.never_ready(sky.NAMESPACE, sky.NAME)

    error = sky.refusal(NotConverged, lambda: sky.run(restart(world), **{**GIVEN, "timeout": 1}))

    assert "CrashLoopBackOff" in error.message
    assert "describe deployment/ai-agents" in error.hint


def test_exceeded_deadline_ends_the_wait_before_the_time(world: World) -> None:
    world.cluster.never_ready(sky.NAMESPACE, sky.NAME)

    error = sky.refusal(NotConverged, lambda: sky.run(restart(world), **{**GIVEN, "timeout": 600}))

    assert "progress deadline" in error.message


def test_a_short_outage_while_waiting_is_forgiven(world: World) -> None:
    world.faults.add("kubernetes", "status", method="GET", status=503, after=3, times=2)

    assert sky.run(restart(world), **GIVEN).outputs.pods == 2


def test_the_restart_survives_the_next_reconcile_of_flux(world: World) -> None:
    step, call = restart(world), sky.called("run-1/restart")
    sky.run(step, call, **GIVEN)

    world.cluster.reconcile_now()

    assert restarts(world) == 1
    assert isinstance(sky.probe(step, call, **GIVEN), Done)


def test_a_rollout_that_somebody_rolled_back_is_not_done(world: World) -> None:
    step, call = restart(world), sky.called("run-1/restart")
    sky.run(step, call, **GIVEN)

    def roll_back(found: Any) -> None:
        found["spec"]["template"]["metadata"].pop("annotations")

    world.cluster.store.change(DEPLOYMENT, sky.NAMESPACE, sky.NAME, roll_back, manager="kubectl")
    world.cluster.settle()

    assert isinstance(sky.probe(step, call, **GIVEN), NotYet)


def test_several_workloads_restart_together(world: World) -> None:
    both = ["sts/redis", "deployment/redis-exporter"]

    done = sky.run(restart(world), namespace="redis", workload=both, timeout=20)

    assert done.outputs.pods == 2
    assert [world.cluster.restarts("redis", name) for name in ("redis", "redis-exporter")] == [1, 1]
    assert "statefulset/redis=" in done.outputs.revision


def test_daemonset_restarts(world: World) -> None:
    done = sky.run(restart(world), namespace="monitoring", workload="ds/alert-relay", timeout=20)

    assert done.outputs.pods == 1
    assert world.cluster.restarts("monitoring", "alert-relay") == 1


def test_on_delete_is_refused_before_anything_is_patched(world: World) -> None:
    def forbid(found: Any) -> None:
        found["spec"]["updateStrategy"] = {"type": "OnDelete"}

    world.cluster.store.change(STATEFUL_SET, "redis", "redis", forbid, manager="kubectl")
    world.cluster.settle()
    both = ["deployment/redis-exporter", "statefulset/redis"]

    error = sky.refusal(
        Refused, lambda: sky.run(restart(world), namespace="redis", workload=both, timeout=5)
    )

    assert "OnDelete" in error.message
    assert world.cluster.restarts("redis", "redis-exporter") == 0
    sky.refusal(Refused, lambda: preflight(world, "statefulset/redis", "redis"))


def test_preflight_finds_a_healthy_workload(world: World) -> None:
    assert "2 pods" in preflight(world)


def test_preflight_refuses_a_missing_workload(world: World) -> None:
    error = sky.refusal(Refused, lambda: preflight(world, "deployment/nobody"))

    assert "no deployment/nobody" in error.message


def test_preflight_refuses_a_sick_workload(world: World) -> None:
    world.cluster.never_ready(sky.NAMESPACE, sky.NAME)
    sky.refusal(NotConverged, lambda: sky.run(restart(world), **{**GIVEN, "timeout": 1}))

    assert "not healthy" in sky.refusal(Refused, lambda: preflight(world)).message


def test_preflight_refuses_without_the_right_to_patch(world: World) -> None:
    world.cluster.permissions.forbid("patch", "deployments")

    assert "may not patch" in sky.refusal(Refused, lambda: preflight(world)).message


def test_run_without_the_right_to_patch_is_refused(world: World) -> None:
    world.cluster.permissions.forbid("patch", "deployments")

    assert "403" in sky.refusal(Refused, lambda: sky.run(restart(world), **GIVEN)).message


def test_undo_is_the_same_restart_under_another_key(world: World) -> None:
    assert isinstance(restart(world).undo, Again)


def test_description_names_the_targets(world: World) -> None:
    step = restart(world)
    assert step.describe is not None

    told = step.describe(infra.params(step, **GIVEN))

    assert "`deployment/ai-agents`" in told
    assert "`ai-bos-agent`" in told
