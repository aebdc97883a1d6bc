"""`kubernetes.secret_matches` and `kubernetes.consumers` against the cluster double."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from pydantic import ValidationError

from adapters import kubernetes
from engine.errors import NotConverged, Refused, Transient
from engine.step import Step
from sandbox.cluster.resources import CRON_JOB, JOB, POD, REPLICA_SET, SECRET
from sandbox.world import World
from tests.adapters import infra, sky

PLACE = {"namespace": sky.NAMESPACE, "secret": sky.SECRET, "key": sky.KEY}
SCOPE = {"namespace": "redis", "secret": "redis-secrets"}
USERS = ("deployment/redis-exporter", "statefulset/redis")


def step(world: World, name: str) -> Step[Any, Any]:
    return {each.name: each for each in kubernetes.steps(sky.cluster(world))}[f"kubernetes.{name}"]


def matches(world: World, value: str = sky.MARKER, **changes: Any) -> Any:
    given = {**PLACE, "value": value, "timeout": 1, **changes}
    return sky.run(step(world, "secret_matches"), **given)


def put(world: World, raw: bytes) -> None:
    def change(found: Any) -> None:
        found["data"][sky.KEY] = b64encode(raw).decode()

    world.cluster.store.change(SECRET, sky.NAMESPACE, sky.SECRET, change, manager="kubectl")


def test_equal_value_is_told_by_fingerprint_and_version(world: World) -> None:
    done = matches(world)

    found = world.cluster.object(SECRET, sky.NAMESPACE, sky.SECRET)
    assert done.outputs.resource_version == found["metadata"]["resourceVersion"]
    assert done.outputs.fingerprint == infra.call().fingerprint(sky.secret())
    assert sky.MARKER not in done.evidence


def test_a_value_that_arrives_later_is_waited_for(world: World) -> None:
    world.set_as_human(sky.PATH, "sk-ant-new-value")
    said: list[str] = []

    def report(text: str) -> None:
        said.append(text)
        if len(said) == 1:
            world.cluster.reconcile_now()

    given = {**PLACE, "value": "sk-ant-new-value", "timeout": 20}
    done = sky.run(step(world, "secret_matches"), sky.called(report=report), **given)

    assert done.outputs.fingerprint == infra.call().fingerprint(sky.secret("sk-ant-new-value"))
    assert len(said) == 1


def test_another_value_is_told_by_both_fingerprints(world: World) -> None:
    error = sky.refusal(NotConverged, lambda: matches(world, "sk-ant-other"))

    held, wanted = (infra.call().fingerprint(sky.secret(t)) for t in (sky.MARKER, "sk-ant-other"))
    assert held in error.message
    assert f"expected {wanted}" in error.message
    assert "sk-ant-other" not in str(error)


def test_white_space_around_the_value_is_found_out(world: World) -> None:
    put(world, f"{sky.MARKER}\n".encode())

    assert "white space around" in sky.refusal(NotConverged, lambda: matches(world)).message


def test_bytes_that_are_no_text_do_not_break_it(world: World) -> None:
    put(world, b"\xff\xfe")

    assert "no text" in sky.refusal(NotConverged, lambda: matches(world)).message


@pytest.mark.parametrize(
    ("place", "word"),
    [({"secret": "nothing"}, "there is no Secret"), ({"key": "OTHER"}, "no readable key OTHER")],
)
def test_what_is_missing_is_named(world: World, place: dict[str, str], word: str) -> None:
    assert word in sky.refusal(NotConverged, lambda: matches(world, **place)).message


def test_no_right_to_read_is_refused_at_once(world: World) -> None:
    world.cluster.permissions.forbid("get", "secrets")

    assert "403" in sky.refusal(Refused, lambda: matches(world, timeout=600)).message


def test_an_outage_to_the_end_is_transient_and_no_finding(world: World) -> None:
    world.faults.add("kubernetes", "status", status=503, times=None)

    sky.refusal(Transient, lambda: matches(world))


def test_a_stale_healthy_message_does_not_count(world: World) -> None:
    world.cluster.freeze_operator()
    world.set_as_human(sky.PATH, "sk-ant-new-value")
    world.cluster.reconcile_now()

    sky.refusal(NotConverged, lambda: matches(world, "sk-ant-new-value"))


def test_preflight_needs_the_right_to_read_and_not_the_secret(world: World) -> None:
    checked = step(world, "secret_matches")
    assert "is there" in infra.look(checked, **PLACE)
    assert "not there yet" in infra.look(checked, **{**PLACE, "secret": "new"})

    world.cluster.permissions.forbid("get", "secrets")
    sky.refusal(Refused, lambda: infra.look(checked, **PLACE))


def test_no_log_line_holds_the_value(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with sky.all_logs(caplog):
        matches(world)
        sky.refusal(NotConverged, lambda: matches(world, "sk-ant-other"))


def consumers(world: World, **given: Any) -> Any:
    return sky.run(step(world, "consumers"), **{**SCOPE, **given})


def pod_template(secret: str = SCOPE["secret"]) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "c", "envFrom": [{"secretRef": {"name": secret}}]}]}}


def add(world: World, kind: Any, name: str, spec: Any, **metadata: Any) -> None:
    meta = {"name": name, "namespace": "redis", **metadata}
    world.cluster.store.add(kind, {"metadata": meta, "spec": spec, "status": {}}, "kubectl")


def owner(kind: str, name: str) -> dict[str, Any]:
    return {"ownerReferences": [{"kind": kind, "name": name, "uid": "u", "controller": True}]}


def test_all_consumers_are_found_each_once(world: World) -> None:
    assert consumers(world).outputs.workloads == USERS


def test_consumers_of_every_kind_are_found(world: World) -> None:
    job = {"template": pod_template()}
    add(world, CRON_JOB, "backup", {"jobTemplate": {"spec": job}})
    add(world, JOB, "import", job)
    add(world, JOB, "backup-1", job, **owner("CronJob", "backup"))
    add(world, POD, "debug", pod_template()["spec"])
    add(world, POD, "pg-1", pod_template()["spec"], **owner("Cluster", "pg"))
    add(world, REPLICA_SET, "web-1", job, **owner("Rollout", "web"))
    add(world, POD, "other", pod_template("unrelated")["spec"])

    found = set(consumers(world).outputs.workloads) - set(USERS)

    assert found == {"cronjob/backup", "job/import", "pod/debug", "cluster/pg", "rollout/web"}


def test_expected_consumers_pass_whatever_their_spelling(world: World) -> None:
    done = consumers(world, expected=["deploy/redis-exporter", "sts/redis", "deployment/gone"])

    assert done.outputs.workloads == USERS
    assert "expected but not found: deployment/gone" in done.evidence


def test_a_consumer_that_nobody_expected_is_refused(world: World) -> None:
    error = sky.refusal(Refused, lambda: consumers(world, expected=["statefulset/redis"]))

    assert "deployment/redis-exporter" in error.message
    assert "expected" in error.hint


def test_one_expected_consumer_may_stand_alone(world: World) -> None:
    sky.refusal(Refused, lambda: consumers(world, expected="sts/redis"))
    assert consumers(world, expected=[]).outputs.workloads == USERS


def test_an_expected_consumer_must_be_kind_and_name(world: World) -> None:
    with pytest.raises(ValidationError, match="kind/name"):
        consumers(world, expected=["redis"])


def test_a_list_we_may_not_read_is_refused_and_not_empty(world: World) -> None:
    world.cluster.permissions.forbid("list", "cronjobs")

    assert "403" in sky.refusal(Refused, lambda: consumers(world)).message


def test_preflight_lists_the_consumers(world: World) -> None:
    assert "statefulset/redis" in infra.look(step(world, "consumers"), **SCOPE)
