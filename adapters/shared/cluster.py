"""The one door to a Kubernetes API: plain documents in and out, failures as the engine's errors.

The official client loads the credentials and carries the bytes; what it would turn into models
stays a plain document, so that the rules over it are functions of values. It is imported only
when a cluster is opened, because that import takes longer than a whole `--help`.

No message here quotes a body: an admission error may repeat the value it did not like.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, TypeAlias

from pydantic import Field

from engine.errors import Refused, RunbookError, Transient
from engine.step import Frozen

Document: TypeAlias = Mapping[str, Any]

FIELD_MANAGER = "flux-client-side-apply"
"""Flux leaves fields of this manager alone (flux2#2526, fluxcd/website#1092)."""

TIMEOUT = (5.0, 20.0)
"""Seconds to connect and to read, for each request."""

_IMPORTING = Lock()
"""The package imports in circles; threads that begin that at the same time break it."""
_JSON = "application/json"
_MERGE_PATCH = "application/merge-patch+json"
_UNAUTHENTICATED, _FORBIDDEN, _MISSING, _CONFLICT, _TOO_MANY = 401, 403, 404, 409, 429
_SERVER_ERROR = 500


class KubernetesSettings(Frozen):
    """How the cluster is reached."""

    kubeconfig: Path | None = Field(
        default=None,
        description="Kubeconfig file; without one, the service account of the pod is used.",
    )
    context: str | None = Field(
        default=None, description="Context of the kubeconfig; without one, its current context."
    )


class Cluster:
    """An open connection to one API server."""

    def __init__(self, api: Any) -> None:
        self._api = api

    def get(self, path: str, **query: str) -> Document | None:
        """Return the document at `path`, or none where the cluster has none."""
        return self._ask("GET", path, query, None, _JSON)

    def items(self, path: str, **query: str) -> tuple[Document, ...]:
        """Return all documents of a list; raise `Refused` where the cluster has no such list."""
        found = self.get(path, **query)
        if found is None:
            raise Refused(
                f"the cluster has no list at {path}",
                hint="Check the namespace, and that kubernetes.kubeconfig names the right cluster.",
            )
        return tuple(found.get("items") or ())

    def annotate(self, path: str, patch: Document) -> Document:
        """Merge `patch` into the document at `path` as `FIELD_MANAGER` and return the result.

        The same merge patch twice is the same as once, so a lost answer is `Transient`.
        """
        merged = self._ask("PATCH", path, {"fieldManager": FIELD_MANAGER}, patch, _MERGE_PATCH)
        if merged is None:
            raise Refused(f"the cluster has nothing to patch at {path}")
        return merged

    def allows(self, verb: str, group: str, resource: str, namespace: str, name: str) -> bool:
        """Tell whether our account may do `verb` to this object; the API server itself says so."""
        wanted = {
            "verb": verb,
            "group": group,
            "resource": resource,
            "namespace": namespace,
            "name": name,
        }
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": wanted},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        answer = self._ask("POST", path, {}, review, _JSON) or {}
        return (answer.get("status") or {}).get("allowed") is True

    def _ask(
        self, method: str, path: str, query: Mapping[str, str], body: Document | None, kind: str
    ) -> Document | None:
        status, headers, data = self._send(method, path, query, body, kind)
        if status == _MISSING:
            return None
        failure = _refusal(status, headers, f"{method} {path}")
        if failure is not None:
            raise failure
        try:
            document = json.loads(data)
        except ValueError:
            document = None
        if isinstance(document, dict):
            return document
        raise Transient(f"the cluster's answer to {method} {path} is no JSON object")

    def _send(
        self, method: str, path: str, query: Mapping[str, str], body: Document | None, kind: str
    ) -> tuple[int, Mapping[str, str], bytes]:
        import urllib3.exceptions  # noqa: PLC0415 - see the charter
        from kubernetes.client.exceptions import ApiException  # noqa: PLC0415
        from kubernetes.config import ConfigException  # noqa: PLC0415

        failure: RunbookError
        try:
            request = self._api.param_serialize(
                method,
                path,
                query_params=list(query.items()),
                header_params={"Accept": _JSON, "Content-Type": kind},
                body=body,
                auth_settings=["BearerToken"],
            )
            answer = self._api.call_api(*request, _request_timeout=TIMEOUT)
            return answer.status, answer.headers, answer.read()
        except ApiException:
            # This client raises it before any answer only where TLS fails.
            failure = Refused(
                f"no trusted connection to the cluster for {method} {path}",
                hint="Check the certificate authority in the kubeconfig.",
            )
        except ConfigException:
            failure = Refused(
                "the cluster's token cannot be renewed",
                hint="Check the service account of the pod, or the login of kubernetes.kubeconfig.",
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            failure = Transient(
                f"the cluster gave no answer to {method} {path}: {type(error).__name__}",
                hint="Check that the API server is up and that its address is right.",
            )
        raise failure


@contextmanager
def open_cluster(settings: KubernetesSettings) -> Iterator[Cluster]:
    """Open the cluster of `settings` for the length of a block.

    Raises `Refused` where neither the kubeconfig nor a service account can be used.
    """
    with _IMPORTING:
        from kubernetes.client import ApiClient  # noqa: PLC0415 - see the charter

    api: Any = ApiClient(_configuration(settings))
    try:
        yield Cluster(api)
    finally:
        api.close()


def _configuration(settings: KubernetesSettings) -> Any:
    from kubernetes import client, config  # noqa: PLC0415 - see the charter

    loaded = client.Configuration()
    load: Any = config
    # One request is one request: a second try is the engine's decision, not the transport's.
    loaded.retries = False
    failure: RunbookError
    try:
        if settings.kubeconfig is None:
            load.load_incluster_config(client_configuration=loaded)
        else:
            load.load_kube_config(
                config_file=str(settings.kubeconfig.expanduser()),
                context=settings.context,
                client_configuration=loaded,
                persist_config=False,
            )
    except Exception as error:  # noqa: BLE001 - the loader lets YAML, OS and its own errors out
        failure = Refused(
            f"the cluster's credentials cannot be loaded: {type(error).__name__}",
            hint=_credential_hint(settings),
        )
    else:
        return loaded
    raise failure


def _credential_hint(settings: KubernetesSettings) -> str:
    if settings.kubeconfig is None:
        return "Set kubernetes.kubeconfig, or run in a pod with a service account."
    wanted = f" and has the context {settings.context}" if settings.context else ""
    return f"Check that kubernetes.kubeconfig ({settings.kubeconfig}) is readable{wanted}."


def _refusal(status: int, headers: Mapping[str, str], request: str) -> RunbookError | None:
    if 200 <= status < 300:
        return None
    if status == _UNAUTHENTICATED:
        return Refused(
            f"the cluster does not accept our credentials: {request} gave 401",
            hint="Renew the token or certificate behind kubernetes.kubeconfig.",
        )
    if status == _FORBIDDEN:
        return Refused(
            f"our account may not do this in the cluster: {request} gave 403",
            hint="Grant it in a Role of that namespace and bind it to the engine's account.",
        )
    if status in (_CONFLICT, _TOO_MANY) or status >= _SERVER_ERROR:
        return Transient(
            f"the cluster gave no usable answer to {request}: {status}",
            retry_after=_seconds(headers.get("Retry-After", "")),
        )
    return Refused(f"the cluster rejects {request}: {status}")


def _seconds(text: str) -> float | None:
    return float(text) if text.isdigit() else None
