"""The manifests of `deploy/kubernetes` are what Kubernetes knows, and give the least rights."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client

from adapters.settings import BASE, Settings
from engine.loading import build
from engine.source import parse
from sandbox.cluster.permissions import USER, engine_rules
from tests.test_docs_rights import README, roles

FOLDER = Path(__file__).resolve().parent.parent / "deploy" / "kubernetes"
FILES = sorted(path for path in FOLDER.glob("*.yaml") if path.name != "kustomization.yaml")
KEYS = "/run/keys/"
PLACEHOLDER = re.compile(r"\{\{ (\w+) \}\}")


def documents() -> list[dict[str, Any]]:
    return [each for path in FILES for each in yaml.safe_load_all(path.read_text())]


def of(kind: str) -> dict[str, dict[str, Any]]:
    """Return the documents of a kind by name."""
    return {each["metadata"]["name"]: each for each in documents() if each["kind"] == kind}


def pods() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the name and the pod template of everything that makes pods."""
    for name, each in of("Deployment").items():
        yield name, each["spec"]["template"]
    yield "work-pool", _job()["spec"]["template"]


def _pool() -> dict[str, Any]:
    pool: dict[str, Any] = json.loads((FOLDER / "work-pool.json").read_text())
    return pool


def _job() -> dict[str, Any]:
    """Return the Job of the work pool as its worker fills it in."""
    filled: dict[str, Any] = json.loads(
        json.dumps(_pool()["job_configuration"]["job_manifest"])
        .replace('"{{ labels }}"', "{}")
        .replace('"{{ command }}"', '["python", "-m", "prefect.engine"]')
        .replace("{{ image }}", "runbook-engine:0.1.0")
        .replace("{{ name }}", "run")
    )
    return filled


def known(document: dict[str, Any], model: str) -> Any:
    """Return the document as the Kubernetes client has it, which drops all that it does not know."""
    api: Any = client.ApiClient()
    return api.sanitize_for_serialization(
        api.deserialize(json.dumps(document), model, "application/json")
    )


@pytest.mark.parametrize(
    "document", [pytest.param(each, id=each["kind"]) for each in (*documents(), _job())]
)
def test_every_field_is_one_that_kubernetes_has(document: dict[str, Any]) -> None:
    version = document["apiVersion"].rpartition("/")[2]

    found = known(document, version.upper() + document["kind"])

    if document["kind"] == "Job":  # Prefect asks for these two, which are not in a pod's spec
        for name in ("parallelism", "completions"):
            assert document["spec"]["template"]["spec"].pop(name) == 1
    assert found == document


def test_a_field_that_kubernetes_does_not_have_would_be_seen() -> None:
    document = of("Namespace")["runbooks"]
    wrong = {**document, "metadata": {**document["metadata"], "labelz": {"a": "b"}}}

    assert known(wrong, "V1Namespace") == known(document, "V1Namespace") != wrong


def test_the_engine_has_the_rights_of_the_readme_and_they_are_bound_to_its_account() -> None:
    bound = [
        (each["metadata"]["namespace"], each["roleRef"]["name"])
        for each in documents()
        if each["kind"] == "RoleBinding" and each["subjects"] == [_account("runbook-engine")]
    ]
    engine = [
        each
        for each in documents()
        if each["kind"] == "Role" and each["metadata"]["name"] == "runbook-engine"
    ]

    assert engine == list(roles(README))
    assert sorted(bound) == sorted((r["metadata"]["namespace"], "runbook-engine") for r in engine)
    assert USER == "system:serviceaccount:runbooks:runbook-engine"


def test_no_right_of_the_engine_goes_beyond_what_the_sandbox_grants_its_account() -> None:
    for role in roles(README):
        for rule in role["rules"]:
            for group in rule["apiGroups"]:
                for resource in rule["resources"]:
                    for verb in rule["verbs"]:
                        where = role["metadata"]["namespace"]
                        assert any(
                            each.covers(verb, group, resource, where) for each in engine_rules()
                        ), f"{verb} {resource}"


def _account(name: str) -> dict[str, str]:
    return {"kind": "ServiceAccount", "name": name, "namespace": "runbooks"}


def test_no_role_is_for_the_whole_cluster_and_none_has_a_wildcard() -> None:
    assert {each["kind"] for each in documents()} & {"ClusterRole", "ClusterRoleBinding"} == set()
    for role in documents():
        for rule in role.get("rules", ()):
            assert "*" not in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]


@pytest.mark.parametrize("name", ["runbook-engine", "runbook-gateway"])
def test_the_settings_are_valid_and_name_keys_where_they_are_mounted(name: str) -> None:
    text = of("ConfigMap")[name]["data"]["runbook.yaml"]

    build(parse(text, name), Settings, context={BASE: FOLDER})
    files = re.findall(r"_file: (\S+)", text)

    assert files
    assert [file for file in files if not file.startswith((KEYS, "/var/lib/runbooks/"))] == []


def test_no_secret_stands_in_a_manifest() -> None:
    assert of("Secret") == {}
    for _, pod in pods():
        for each in _env(pod):
            told = each.get("value", "")
            assert not re.search(r"(?i)password|bearer|postgresql", told), each["name"]
        assert {each["name"] for each in _env(pod) if "valueFrom" in each} <= {
            "PREFECT_CLIENT_CUSTOM_HEADERS",
            "PREFECT_SERVER_DATABASE_CONNECTION_URL",
        }


def _env(pod: Mapping[str, Any]) -> list[dict[str, Any]]:
    [container] = pod["spec"]["containers"]
    return list(container["env"])


@pytest.mark.parametrize(("name", "pod"), [*pods()])
def test_every_pod_is_restricted(name: str, pod: Mapping[str, Any]) -> None:
    whole, [container] = pod["spec"]["securityContext"], pod["spec"]["containers"]
    own = container["securityContext"]

    assert whole["runAsNonRoot"] is True
    assert whole["seccompProfile"] == {"type": "RuntimeDefault"}
    assert own["allowPrivilegeEscalation"] is False
    assert own["readOnlyRootFilesystem"] is True
    assert own["capabilities"] == {"drop": ["ALL"]}
    account = pod["spec"].get("serviceAccountName")
    if account is None:
        assert pod["spec"]["automountServiceAccountToken"] is False
    else:
        assert account in of("ServiceAccount")


@pytest.mark.parametrize(("name", "pod"), [*pods()])
def test_what_a_pod_mounts_is_there(name: str, pod: Mapping[str, Any]) -> None:
    [container] = pod["spec"]["containers"]
    volumes = {each["name"]: each for each in pod["spec"]["volumes"]}

    assert {each["name"] for each in container["volumeMounts"]} == set(volumes)
    for volume in volumes.values():
        if "configMap" in volume:
            assert volume["configMap"]["name"] in of("ConfigMap")
        if "persistentVolumeClaim" in volume:
            assert volume["persistentVolumeClaim"]["claimName"] in of("PersistentVolumeClaim")
        if "secret" in volume:
            assert volume["secret"]["defaultMode"] == 0o400


def test_every_network_policy_is_about_pods_that_there_are() -> None:
    labels = [pod["metadata"]["labels"] for _, pod in pods()]
    for policy in of("NetworkPolicy").values():
        chosen = policy["spec"]["podSelector"].get("matchLabels", {})
        assert any(chosen.items() <= each.items() for each in labels), policy["metadata"]["name"]
    assert of("NetworkPolicy")["nothing"]["spec"]["policyTypes"] == ["Ingress", "Egress"]
    [rule] = of("NetworkPolicy")["gateway"]["spec"]["ingress"]
    [service] = of("Service").values()
    assert [each["port"] for each in rule["ports"]] == [
        each["port"] for each in service["spec"]["ports"]
    ]


def test_every_placeholder_of_the_work_pool_is_a_variable_and_every_variable_is_used() -> None:
    pool = _pool()
    used = set(PLACEHOLDER.findall(json.dumps(pool["job_configuration"])))

    assert used == set(pool["variables"]["properties"])
    for name, variable in pool["variables"]["properties"].items():
        assert variable["description"].endswith("."), name


def test_the_kustomization_has_every_file_but_the_one_that_goes_in_the_place_of_another() -> None:
    listed = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]

    assert sorted(listed) == sorted({path.name for path in FILES} - {"job-worker.yaml"})
