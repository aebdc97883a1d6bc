"""The door to a cluster: whatever goes wrong leaves as an error of the engine, without a body."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from adapters import kubernetes
from adapters.shared.cluster import KubernetesSettings, open_cluster
from engine.errors import Refused, Transient
from sandbox.cluster.resources import DEPLOYMENT
from sandbox.world import World
from tests.adapters import sky

SECRET_PATH = f"/api/v1/namespaces/{sky.NAMESPACE}/secrets/{sky.SECRET}"
DEPLOYMENT_PATH = f"/apis/apps/v1/namespaces/{sky.NAMESPACE}/deployments/{sky.NAME}"
NOTE = {"metadata": {"annotations": {"plana.dev/note": "here"}}}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with sky.opened(tmp_path_factory.mktemp("sky")) as made:
        yield made


@pytest.fixture(autouse=True)
def sound(world: World) -> Iterator[None]:
    yield
    world.faults.clear()


def read(world: World) -> Any:
    with open_cluster(sky.cluster(world)) as cluster:
        return cluster.get(SECRET_PATH)


def annotate(world: World) -> Any:
    with open_cluster(sky.cluster(world)) as cluster:
        return cluster.annotate(DEPLOYMENT_PATH, NOTE)


def test_what_is_not_there_is_none(world: World) -> None:
    with open_cluster(sky.cluster(world)) as cluster:
        assert cluster.get(SECRET_PATH + "-x") is None


def test_a_list_that_is_not_there_is_refused_and_not_empty(world: World) -> None:
    def ask() -> None:
        with open_cluster(sky.cluster(world)) as cluster:
            cluster.items("/apis/apps/v2/namespaces/x/deployments")

    assert "no list" in sky.refusal(Refused, ask).message


@pytest.mark.parametrize(
    ("status", "kind", "word"),
    [
        (401, Refused, "does not accept our credentials"),
        (403, Refused, "may not do this"),
        (400, Refused, "rejects"),
        (422, Refused, "rejects"),
        (409, Transient, "409"),
        (429, Transient, "429"),
        (500, Transient, "500"),
        (503, Transient, "503"),
    ],
)
def test_each_status_has_its_error(world: World, status: int, kind: Any, word: str) -> None:
    world.faults.add("kubernetes", "status", status=status)

    assert word in sky.refusal(kind, lambda: read(world)).message


def test_how_long_to_wait_is_handed_on(world: World) -> None:
    world.faults.add("kubernetes", "status", status=429, retry_after=7)

    assert sky.refusal(Transient, lambda: read(world)).retry_after == 7.0


@pytest.mark.parametrize("kind", ["drop", "half_body"])
def test_a_cut_connection_is_transient_and_asked_only_once(world: World, kind: Any) -> None:
    before = world.log.counts().get("kubernetes", 0)
    world.faults.add("kubernetes", kind, times=None)

    sky.refusal(Transient, lambda: read(world))

    assert world.log.counts()["kubernetes"] == before + 1


def test_a_patch_whose_answer_is_lost_is_transient_and_has_happened(world: World) -> None:
    world.faults.add("kubernetes", "lost_reply", method="PATCH")

    sky.refusal(Transient, lambda: annotate(world))

    found = world.cluster.object(DEPLOYMENT, sky.NAMESPACE, sky.NAME)
    assert found["metadata"]["annotations"]["plana.dev/note"] == "here"


def test_a_patch_is_made_under_the_manager_that_flux_leaves_alone(world: World) -> None:
    annotate(world)

    fields = world.cluster.object(DEPLOYMENT, sky.NAMESPACE, sky.NAME)["metadata"]["managedFields"]
    assert "flux-client-side-apply" in {field["manager"] for field in fields}


def test_access_is_what_the_cluster_says_it_is(world: World) -> None:
    with open_cluster(sky.cluster(world)) as cluster:
        assert cluster.allows("patch", "apps", "deployments", sky.NAMESPACE, sky.NAME)
        assert not cluster.allows("delete", "apps", "deployments", sky.NAMESPACE, sky.NAME)


def test_missing_kubeconfig_names_the_setting(tmp_path: Path) -> None:
    settings = KubernetesSettings(kubeconfig=tmp_path / "none")

    error = sky.refusal(Refused, lambda: kubernetes.check(settings))

    assert "kubernetes.kubeconfig" in error.hint


def test_unset_kubeconfig_outside_a_pod_names_the_setting() -> None:
    error = sky.refusal(Refused, lambda: kubernetes.check(KubernetesSettings()))

    assert "kubernetes.kubeconfig" in error.hint


def test_broken_kubeconfig_is_not_quoted(tmp_path: Path) -> None:
    broken = tmp_path / "kubeconfig"
    broken.write_text(f"users: [{{name: x, token: {sky.MARKER}")

    sky.refusal(Refused, lambda: kubernetes.check(KubernetesSettings(kubeconfig=broken)))


def test_unknown_context_is_named(world: World) -> None:
    settings = KubernetesSettings(kubeconfig=world.layout.kubeconfig, context="moon")

    assert "moon" in sky.refusal(Refused, lambda: kubernetes.check(settings)).hint


def test_nobody_at_the_address_is_transient(world: World, tmp_path: Path) -> None:
    text = world.layout.kubeconfig.read_text()
    other = tmp_path / "kubeconfig"
    other.write_text(text.replace(world.urls["kubernetes"], "http://127.0.0.1:1"))

    sky.refusal(Transient, lambda: kubernetes.check(KubernetesSettings(kubeconfig=other)))


def test_check_tells_the_version(world: World) -> None:
    assert "v1.33.4" in kubernetes.check(sky.cluster(world))


def test_check_does_not_pass_on_a_refused_account(world: World) -> None:
    world.faults.add("kubernetes", "status", status=401, path="*selfsubjectaccessreviews")

    sky.refusal(Refused, lambda: kubernetes.check(sky.cluster(world)))


def test_settings_refuse_what_they_do_not_know() -> None:
    with pytest.raises(ValidationError):
        KubernetesSettings.model_validate({"token": "x"})


def test_reading_a_secret_leaves_no_trace_in_any_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with sky.all_logs(caplog):
        assert read(world)["data"]
