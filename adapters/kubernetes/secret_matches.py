"""`kubernetes.secret_matches`: the Secret in the cluster holds the new value, byte for byte.

The operator that writes Secrets reports no generation it has seen, so its own "Healthy" may be
about the value before. Only the value itself tells.
"""

from __future__ import annotations

import base64
import hmac

from pydantic import Field, SecretStr

from adapters.kubernetes.workload import NAME_PATTERN
from adapters.shared.cluster import Cluster, Document, KubernetesSettings, open_cluster
from adapters.shared.convergence import converge
from engine.step import Awaited, Call, Done, Effect, Frozen, Nothing, NotYet, Preflight, Probe, Step

LOOK = "Check that Flux has applied the commit and what the SopsSecret's status says."


class SecretPlace(Frozen):
    """Where in the cluster a value is."""

    namespace: str = Field(pattern=NAME_PATTERN, description="Namespace of the Secret.")
    secret: str = Field(pattern=NAME_PATTERN, description="Name of the Secret.")
    key: str = Field(pattern=r"^[-._a-zA-Z0-9]{1,253}$", description="Key in the Secret's data.")


class SecretMatches(SecretPlace):
    """Parameters of `kubernetes.secret_matches`."""

    value: SecretStr = Field(description="The value that the Secret must hold.")
    timeout: int = Field(
        default=300, ge=1, le=7200, description="Seconds until the Secret must hold the value."
    )


class Matched(Frozen):
    """Outputs of `kubernetes.secret_matches`."""

    resource_version: str = Field(description="Version of the Secret that holds the value.")
    fingerprint: str = Field(description="Keyed fingerprint of the value that was found.")


def secret_matches_step(settings: KubernetesSettings) -> Step[SecretMatches, Matched]:
    """Return `kubernetes.secret_matches` for one cluster."""
    return Step(
        name="kubernetes.secret_matches",
        summary="Wait until a Secret in the cluster holds exactly the given value.",
        params=SecretMatches,
        outputs=Matched,
        effect=Effect.OBSERVE,
        probe=lambda params, call: _probe(settings, params, call),
        run=lambda params, call: _run(settings, params, call),
        undo=Awaited(
            "a pod that starts before the Secret has the old value again reads the new one",
            lambda params, call: _gone(settings, params, call),
        ),
        preflight=Preflight(SecretPlace, lambda place: _preflight(settings, place)),
        describe=_describe,
    )


def _describe(params: SecretMatches) -> str:
    return (
        f"Waits up to {params.timeout} s until key `{params.key}` of Secret "
        f"`{params.namespace}/{params.secret}` holds the new value; nothing is changed."
    )


def _probe(settings: KubernetesSettings, params: SecretMatches, call: Call) -> Probe[Matched]:
    with open_cluster(settings) as cluster:
        return _look(cluster, params, call)


def _run(settings: KubernetesSettings, params: SecretMatches, call: Call) -> Done[Matched]:
    with open_cluster(settings) as cluster:
        return converge(
            lambda: _look(cluster, params, call),
            seconds=params.timeout,
            report=call.report,
            hint=LOOK,
        )


def _gone(settings: KubernetesSettings, params: SecretMatches, call: Call) -> str:
    """Wait until no pod that starts from now on reads the new value out of the Secret."""
    name = f"Secret {params.namespace}/{params.secret}"

    def look() -> Done[Nothing] | NotYet:
        found = cluster.get(_path(params))
        held = None if found is None else _held(found, params.key)
        if held is None:
            return Done(Nothing(), f"{name} has no key {params.key} any more")
        if hmac.compare_digest(held, params.value.get_secret_value().encode()):
            return NotYet(f"{name} still holds {call.fingerprint(params.value)}")
        return Done(Nothing(), f"{name} holds {_shown(held, params.value, call)} again")

    with open_cluster(settings) as cluster:
        return converge(
            look,
            seconds=params.timeout,
            report=call.report,
            hint=f"{LOOK} The pods are left alone.",
        ).evidence


def _look(cluster: Cluster, params: SecretMatches, call: Call) -> Done[Matched] | NotYet:
    name = f"Secret {params.namespace}/{params.secret}"
    found = cluster.get(_path(params))
    if found is None:
        return NotYet(f"there is no {name}")
    held = _held(found, params.key)
    if held is None:
        return NotYet(f"{name} has no readable key {params.key}")
    expected = call.fingerprint(params.value)
    if not hmac.compare_digest(held, params.value.get_secret_value().encode()):
        return NotYet(f"{name} holds {_shown(held, params.value, call)}, expected {expected}")
    version = str((found.get("metadata") or {}).get("resourceVersion", ""))
    evidence = f"{name} key {params.key} holds {expected} at resourceVersion {version}"
    return Done(Matched(resource_version=version, fingerprint=expected), evidence)


def _held(found: Document, key: str) -> bytes | None:
    try:
        return base64.b64decode((found.get("data") or {})[key], validate=True)
    except (KeyError, ValueError, TypeError):
        return None


def _shown(held: bytes, expected: SecretStr, call: Call) -> str:
    if hmac.compare_digest(held.strip(), expected.get_secret_value().encode()):
        return "that value with white space around it"
    try:
        return call.fingerprint(SecretStr(held.decode()))
    except UnicodeDecodeError:
        return "bytes that are no text"


def _preflight(settings: KubernetesSettings, place: SecretPlace) -> str:
    with open_cluster(settings) as cluster:
        found = cluster.get(_path(place))
    state = "is not there yet" if found is None else "is there"
    return f"Secret {place.namespace}/{place.secret} {state}, and our account may read it"


def _path(place: SecretPlace) -> str:
    return f"/api/v1/namespaces/{place.namespace}/secrets/{place.secret}"
