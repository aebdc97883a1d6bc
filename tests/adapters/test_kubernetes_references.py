"""Every place in which a pod spec can name a Secret."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.kubernetes.references import controller_of, is_over, pod_spec, secrets_of

NAMED = {"name": "wanted"}

PLACES: dict[str, dict[str, Any]] = {
    "env": {"containers": [{"env": [{"valueFrom": {"secretKeyRef": NAMED}}]}]},
    "envFrom": {"containers": [{"envFrom": [{"secretRef": NAMED}]}]},
    "init": {"initContainers": [{"envFrom": [{"secretRef": NAMED}]}]},
    "ephemeral": {"ephemeralContainers": [{"envFrom": [{"secretRef": NAMED}]}]},
    "volume": {"volumes": [{"name": "v", "secret": {"secretName": "wanted"}}]},
    "projected": {"volumes": [{"projected": {"sources": [{"secret": NAMED}]}}]},
    "pull": {"imagePullSecrets": [NAMED]},
    "csi": {"volumes": [{"csi": {"driver": "d", "nodePublishSecretRef": NAMED}}]},
    "cephfs": {"volumes": [{"cephfs": {"secretRef": NAMED}}]},
    "azureFile": {"volumes": [{"azureFile": {"secretName": "wanted"}}]},
}


@pytest.mark.parametrize("place", PLACES)
def test_secret_is_found(place: str) -> None:
    assert secrets_of(PLACES[place]) == {"wanted"}


def test_other_names_and_config_maps_are_no_secrets() -> None:
    spec = {
        "containers": [
            {
                "name": "wanted",
                "env": [{"name": "wanted", "value": "wanted"}, {"valueFrom": {"fieldRef": {}}}],
                "envFrom": [{"configMapRef": NAMED}],
            }
        ],
        "volumes": [{"name": "wanted", "configMap": NAMED}, {"emptyDir": {}}],
        "serviceAccountName": "wanted",
        "initContainers": None,
    }

    assert secrets_of(spec) == frozenset()


def test_pod_spec_is_found_in_every_kind() -> None:
    spec = PLACES["pull"]
    template = {"template": {"spec": spec}}

    assert pod_spec("pod", {"spec": spec}) == spec
    assert pod_spec("deployment", {"spec": template}) == spec
    assert pod_spec("cronjob", {"spec": {"jobTemplate": {"spec": template}}}) == spec


def test_controller_is_the_owner_that_controls() -> None:
    owners = [
        {"kind": "Bystander", "name": "b"},
        {"kind": "Cluster", "name": "pg", "controller": True},
    ]

    assert controller_of({"metadata": {"ownerReferences": owners}}) == ("cluster", "pg")
    assert controller_of({"metadata": {}}) is None


def test_what_has_ended_reads_no_secret_again() -> None:
    complete = {"status": {"conditions": [{"type": "Complete", "status": "True"}]}}
    suspended = {"status": {"conditions": [{"type": "Suspended", "status": "True"}]}}

    assert is_over("job", complete)
    assert not is_over("job", suspended)
    assert is_over("pod", {"status": {"phase": "Succeeded"}})
    assert not is_over("pod", {"status": {"phase": "Running"}})
    assert not is_over("deployment", complete)
