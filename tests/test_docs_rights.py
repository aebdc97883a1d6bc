"""The rights that the README gives the engine in the cluster are enough, and none is too many."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters import flux, kubernetes
from adapters.flux import FluxSettings
from engine.errors import Refused
from sandbox.cluster.permissions import Rule
from sandbox.world import World
from tests.adapters import infra, sky

README = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
KINDS = {"deployments", "statefulsets", "daemonsets"}
"""One of these is restarted here, so that the rights to the others are not missed."""


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with sky.opened(tmp_path_factory.mktemp("sky")) as made:
        yield made


def roles(page: str) -> Iterator[dict[str, Any]]:
    """Yield the Roles of a page."""
    found = re.search(r"^```yaml rbac\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert found is not None
    yield from yaml.safe_load_all(found[1])


def rules() -> list[Rule]:
    """Return the Roles of the README, one rule for each verb on each resource."""
    return [
        Rule(
            group,
            frozenset({resource}),
            frozenset({verb}),
            frozenset({role["metadata"]["namespace"]}),
        )
        for role in roles(README)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    ]


def looks(world: World) -> list[Callable[[], str]]:
    """Return every look at the cluster that a run's preflight or `runbook doctor` takes."""
    cluster = sky.cluster(world)
    (reconcile,) = flux.steps(FluxSettings(), cluster)
    offered = {step.name: step for step in kubernetes.steps(cluster)}
    restart, matches = (
        offered[f"kubernetes.{name}"] for name in ("rollout_restart", "secret_matches")
    )
    at = {"namespace": sky.NAMESPACE}
    return [
        lambda: kubernetes.check(cluster),
        lambda: flux.check(FluxSettings(), cluster),
        lambda: infra.look(reconcile, kustomization=sky.NAMESPACE),
        lambda: infra.look(restart, **at, workload=sky.WORKLOAD),
        lambda: infra.look(matches, **at, secret=sky.SECRET, key=sky.KEY),
    ]


def test_the_rights_in_the_readme_are_enough(world: World) -> None:
    world.cluster.permissions.rules = rules()

    told = [look() for look in looks(world)]

    assert all(told)


def test_none_of_the_rights_in_the_readme_can_be_left_out(world: World) -> None:
    every = rules()
    for one in every:
        if one.resources <= KINDS - {"deployments"}:
            continue
        world.cluster.permissions.rules = [rule for rule in every if rule is not one]

        with pytest.raises(Refused, match="may not"):
            [look() for look in looks(world)]
