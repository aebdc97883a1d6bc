"""`kubernetes.consumers`: everything in a namespace that uses a Secret, found and not remembered.

A consumer that nobody restarts keeps the old value and breaks when that is revoked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from adapters.kubernetes.references import controller_of, is_over, pod_spec, secrets_of
from adapters.kubernetes.workload import KINDS, NAME_PATTERN
from adapters.shared.cluster import Cluster, Document, KubernetesSettings, open_cluster
from engine.errors import Refused
from engine.step import Call, Done, Effect, Frozen, Preflight, Repeatable, Step, Untouched

_LISTS = {
    "deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "statefulset": "/apis/apps/v1/namespaces/{}/statefulsets",
    "daemonset": "/apis/apps/v1/namespaces/{}/daemonsets",
    "cronjob": "/apis/batch/v1/namespaces/{}/cronjobs",
    "job": "/apis/batch/v1/namespaces/{}/jobs",
    "replicaset": "/apis/apps/v1/namespaces/{}/replicasets",
    "pod": "/api/v1/namespaces/{}/pods",
}


def spell_out(reference: str) -> str:
    """Return `deploy/x` as `deployment/x`; raise `ValueError` for what is not kind/name."""
    kind, slash, name = reference.partition("/")
    if not kind or not name or "/" in name:
        message = f"{reference!r} is not of the form kind/name, e.g. deployment/ai-agents"
        raise ValueError(message)
    return f"{KINDS.get(kind.lower(), kind.lower())}{slash}{name}"


ConsumerName = Annotated[str, AfterValidator(spell_out)]


class ConsumerScope(Frozen):
    """Where consumers are looked for, and of what."""

    namespace: str = Field(pattern=NAME_PATTERN, description="Namespace that is searched.")
    secret: str = Field(pattern=NAME_PATTERN, description="Name of the Secret.")


class Consumers(ConsumerScope):
    """Parameters of `kubernetes.consumers`."""

    expected: ConsumerName | tuple[ConsumerName, ...] = Field(
        default=(),
        description="Consumers that the runbook restarts, as kind/name; any other is refused.",
    )

    def foreseen(self) -> frozenset[str]:
        """Return the expected consumers, each as kubectl would spell it in full."""
        return frozenset((self.expected,) if isinstance(self.expected, str) else self.expected)


class Found(Frozen):
    """Outputs of `kubernetes.consumers`."""

    workloads: tuple[str, ...] = Field(description="Consumers as kind/name, sorted.")


def consumers_step(settings: KubernetesSettings) -> Step[Consumers, Found]:
    """Return `kubernetes.consumers` for one cluster."""
    return Step(
        name="kubernetes.consumers",
        summary="Find every workload that uses a Secret, and refuse one that nobody expected.",
        params=Consumers,
        outputs=Found,
        effect=Effect.OBSERVE,
        probe=Repeatable("it only reads pod specs"),
        run=lambda params, call: _run(settings, params, call),
        undo=Untouched("it only reads pod specs"),
        preflight=Preflight(ConsumerScope, lambda scope: _preflight(settings, scope)),
        describe=_describe,
    )


def consumers_of(settings: KubernetesSettings, namespace: str, secret: str) -> tuple[str, ...]:
    """Return everything that uses a Secret as kind/name, sorted; raise `Refused`, `Transient`."""
    return _scan(settings, ConsumerScope(namespace=namespace, secret=secret))


def _describe(params: Consumers) -> str:
    searched = (
        f"Searches all pod specs in namespace `{params.namespace}` for Secret `{params.secret}`"
    )
    if not params.foreseen():
        return f"{searched} and lists who uses it."
    names = ", ".join(f"`{each}`" for each in sorted(params.foreseen()))
    return f"{searched} and refuses any consumer but {names}."


def _run(settings: KubernetesSettings, params: Consumers, call: Call) -> Done[Found]:
    found = _scan(settings, params)
    call.report(f"{len(found)} consumers found")
    expected = params.foreseen()
    forgotten = [each for each in found if each not in expected]
    where = f"Secret {params.namespace}/{params.secret}"
    if expected and forgotten:
        raise Refused(
            f"{where} is also used by {', '.join(forgotten)}, which this runbook does not restart",
            hint="Add a restart of it to the runbook and name it in `expected`.",
        )
    idle = sorted(expected - set(found))
    note = f"; expected but not found: {', '.join(idle)}" if idle else ""
    listed = ", ".join(found) or "nobody"
    return Done(Found(workloads=found), f"{where} is used by {listed}{note}")


def _preflight(settings: KubernetesSettings, scope: ConsumerScope) -> str:
    found = _scan(settings, scope)
    return f"Secret {scope.namespace}/{scope.secret} is used by {', '.join(found) or 'nobody'}"


def _scan(settings: KubernetesSettings, scope: ConsumerScope) -> tuple[str, ...]:
    with open_cluster(settings) as cluster:
        return tuple(sorted(set(_consumers(cluster, scope))))


def _consumers(cluster: Cluster, scope: ConsumerScope) -> Iterator[str]:
    for kind, path in _LISTS.items():
        for document in cluster.items(path.format(scope.namespace)):
            if is_over(kind, document) or scope.secret not in secrets_of(pod_spec(kind, document)):
                continue
            name = _reported(kind, document)
            if name:
                yield name


def _reported(kind: str, document: Document) -> str:
    """Name the consumer a person knows; empty where its controller is scanned by itself."""
    controller = controller_of(document)
    if controller is None:
        return f"{kind}/{(document.get('metadata') or {}).get('name', '')}"
    ruler, name = controller
    return "" if ruler in _LISTS else f"{ruler}/{name}"
