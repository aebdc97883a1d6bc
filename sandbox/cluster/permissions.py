"""What the engine's role may do in the cluster: a small allow list, as RBAC reads it."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.placement import namespaces

ALL = "*"
USER = "system:serviceaccount:runbooks:runbook-engine"
"""Who the engine's token belongs to."""


@dataclass(frozen=True)
class Rule:
    """Verbs on resources of one group, in some namespaces; `*` in `namespaces` means in all."""

    group: str
    resources: frozenset[str]
    verbs: frozenset[str]
    namespaces: frozenset[str]

    def covers(self, verb: str, group: str, resource: str, namespace: str | None) -> bool:
        """Tell whether the rule allows this; no namespace means the whole cluster."""
        return (
            group == self.group
            and resource in self.resources
            and verb in self.verbs
            and (ALL in self.namespaces or namespace in self.namespaces)
        )


def rule(group: str, resources: str, verbs: str, *where: str) -> Rule:
    """Return a rule from space-separated words; everywhere when no namespace is given."""
    return Rule(
        group, frozenset(resources.split()), frozenset(verbs.split()), frozenset(where or (ALL,))
    )


def engine_rules() -> list[Rule]:
    """Return what the engine is allowed at first."""
    return [
        rule("", "namespaces", "get list"),
        rule("", "secrets", "get", *namespaces()),
        rule("", "pods events", "get list"),
        rule("apps", "deployments statefulsets daemonsets", "get list patch"),
        rule("apps", "replicasets", "get list"),
        rule("batch", "cronjobs jobs", "get list"),
        rule("kustomize.toolkit.fluxcd.io", "kustomizations", "get list patch"),
        rule("source.toolkit.fluxcd.io", "gitrepositories", "get list patch"),
        rule("isindir.github.com", "sopssecrets", "get list patch"),
    ]


class Permissions:
    """The role of the engine, which a test may widen or narrow."""

    def __init__(self) -> None:
        self.rules = engine_rules()
        self._refused: set[tuple[str, str, str]] = set()

    def allow(self, added: Rule) -> None:
        """Add a rule."""
        self.rules.append(added)

    def forbid(self, verb: str, resource: str, namespace: str = ALL) -> None:
        """Refuse a verb on a resource from now on, whatever the rules say."""
        self._refused.add((verb, resource, namespace))

    def permit(self, verb: str, resource: str, namespace: str = ALL) -> None:
        """Take a `forbid` back."""
        self._refused.discard((verb, resource, namespace))

    def permits(self, verb: str, group: str, resource: str, namespace: str | None) -> bool:
        """Tell whether the engine may do this; no namespace means in all namespaces."""
        if group == "authorization.k8s.io":
            return verb == "create"
        refused = {(verb, resource, ALL), (verb, resource, namespace)}
        if refused & self._refused:
            return False
        return any(r.covers(verb, group, resource, namespace) for r in self.rules)
