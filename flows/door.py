"""What somebody outside a flow may ask of Prefect: start a run, answer its gate, wake it again."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas import OrchestrationResult
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import DeploymentResponse, SetStateStatus
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL, get_current_settings, temporary_settings
from prefect.states import AwaitingRetry
from prefect.utilities.urls import url_for
from pydantic import SecretStr

from engine.errors import Refused, Transient
from engine.sealing import require_sealed
from flows.form import REQUESTED_BY
from flows.refusals import refusal_in
from flows.trust import trust

SUSPEND_LAG = 75
"""Looks, a fifth of a second apart, at a run that is still on its way to its gate."""

_UNFIT = 409
"""What Prefect answers where parameters are not as the deployment's schema has them."""


@dataclass(frozen=True)
class Waiting:
    """A run that stands at a gate."""

    run: str
    title: str
    key: str
    schema: Mapping[str, Any]
    """JSON Schema of the form."""
    words: str
    """What the form says, in Markdown."""


_TOKEN: ContextVar[SecretStr | None] = ContextVar("token", default=None)


@contextmanager
def at_server(api_url: str, token: SecretStr | None = None) -> Iterator[None]:
    """Talk to the Prefect server at this address for a while, whatever the environment says.

    `token` is what the gateway knows somebody by.
    """
    before = _TOKEN.set(token)
    try:
        with temporary_settings({PREFECT_API_URL: api_url}):
            yield
    finally:
        _TOKEN.reset(before)


def present(token: SecretStr) -> None:
    """Send this token with all that is asked from here on."""
    _TOKEN.set(token)


def start(runbook: str, parameters: Mapping[str, Any], key: str | None = None) -> str:
    """Start a run of a deployed runbook and return its id; raise `Refused` if that cannot be.

    Under a `key` that was used before, the run of then is returned. Who starts it is said only
    where the deployment asks for it; elsewhere the gateway knows.
    """
    with connected() as client:
        deployment = _deployment(client, runbook)
        asks = (deployment.parameter_openapi_schema or {}).get("properties", {})
        given = {n: v for n, v in parameters.items() if n != REQUESTED_BY or n in asks}
        make = client.create_flow_run_from_deployment
        try:
            return str(make(deployment.id, parameters=given, idempotency_key=key).id)
        except PrefectHTTPStatusError as error:
            if error.response.status_code != _UNFIT:
                raise
    raise Refused(
        f"the form of {runbook}, as it was deployed, does not take these inputs",
        hint="A secret that was added since is in no form yet: run `prefect deploy --all`.",
    )


def form_address(runbook: str, filled: Mapping[str, str]) -> str:
    """Return where the UI has the form that starts a run, filled as far as `filled` goes.

    Empty where the runbook is not deployed, or nothing says where the UI is.
    """
    with connected() as client:
        try:
            deployment = _deployment(client, runbook).id
        except Refused:
            return ""
    page = url_for("deployment", obj_id=deployment)
    query = f"?parameters={quote(json.dumps(dict(filled)))}" if filled else ""
    return f"{page}/run{query}" if page else ""


def prefect_state(run: str) -> str:
    """Return Prefect's name for the state of the run, e.g. `Suspended`; empty if it knows none."""
    with connected() as client:
        state = _flow_run(client, run).state
        return state.name or "" if state else ""


def open_gate(run: str) -> Waiting:
    """Return the gate at which the run stands; raise `Refused` if it stands at none."""
    with connected() as client:
        flow_run = _settled(client, run)
        state = flow_run.state
        if state is None or state.type is not StateType.PAUSED:
            name = state.name if state else "not started"
            raise Refused(f"the run stands at no gate: it is {name}")
        keyset = state.state_details.run_input_keyset or {}
        schema = _schema(client, flow_run.id, keyset.get("schema", ""))
        words = _input(client, flow_run.id, keyset.get("description", "")) or ""
        return Waiting(run, flow_run.name, str(state.state_details.pause_key), schema, str(words))


def answer(run: str, fields: Mapping[str, str]) -> None:
    """Send the filled form of the gate at which the run stands; raise `Refused` if it is not taken.

    A value in clear does not get as far as Prefect, whose refusal would quote it.
    """
    require_sealed(fields.get("sealed_value", ""))
    with connected() as client:
        result = client.resume_flow_run(UUID(run), run_input=dict(fields))
        if result.status is not SetStateStatus.ACCEPT:
            reason = getattr(result.details, "reason", "") or "no reason given"
            raise Refused(f"the answer was not taken: {reason}")


def wake(run: str) -> None:
    """Let a run that ended badly be picked up again, as the UI's Retry does; raise `Refused`."""
    with connected() as client:
        state = _flow_run(client, run).state
        if state is None or state.type not in {
            StateType.FAILED,
            StateType.CRASHED,
            StateType.CANCELLED,
        }:
            raise Refused(
                f"only a run that failed, crashed or was cancelled can be resumed; this "
                f"one is {state.name if state else 'unknown'}"
            )
        result: OrchestrationResult[Any] = client.set_flow_run_state(
            UUID(run), AwaitingRetry(), force=True
        )
        if result.status is not SetStateStatus.ACCEPT:
            raise Refused("Prefect did not take the run up again")


def server_version() -> str:
    """Return the version of the Prefect server; raise `Transient` if it does not answer."""
    with connected() as client:
        return str(client.request("GET", "/admin/version").json())


def _schema(client: SyncPrefectClient, run: UUID, key: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] | None = _input(client, run, key)
    if found is None:
        raise Refused(
            "Prefect has suspended the run and has no form to answer it by",
            hint="Cancel the run and retry it: it asks anew.",
        )
    return found


def _input(client: SyncPrefectClient, run: UUID, key: str) -> Any:
    """Return what lies under one of a run's input keys; None where nothing does."""
    try:
        return client.request(
            "GET", "/flow_runs/{id}/input/{key}", path_params={"id": run, "key": key}
        ).json()
    except PrefectHTTPStatusError as error:
        if error.response.status_code != httpx.codes.NOT_FOUND:
            raise
    return None


def _deployment(client: SyncPrefectClient, runbook: str) -> DeploymentResponse:
    try:
        return client.read_deployment_by_name(f"{runbook}/{runbook}")
    except ObjectNotFound:
        pass
    raise Refused(f"{runbook} is not deployed", hint="Run `prefect deploy --all`.")


def _settled(client: SyncPrefectClient, run: str) -> FlowRun:
    """Return the run once it is not running: the ledger has a gate a moment before Prefect has."""
    for _ in range(SUSPEND_LAG):
        flow_run = _flow_run(client, run)
        if flow_run.state is None or flow_run.state.type is not StateType.RUNNING:
            return flow_run
        time.sleep(0.2)
    return _flow_run(client, run)


def is_known(run: str) -> bool:
    """Tell whether Prefect has this run; one may have been deleted there, or lost."""
    with connected() as client:
        try:
            client.read_flow_run(UUID(run))
        except ObjectNotFound:
            return False
    return True


def _flow_run(client: SyncPrefectClient, run: str) -> FlowRun:
    try:
        return client.read_flow_run(UUID(run))
    except (ObjectNotFound, ValueError):
        pass
    raise Refused(f"Prefect knows no run {run}", hint="See `runbook status`.")


@contextmanager
def connected() -> Iterator[SyncPrefectClient]:
    """Give a client of the server, in the name of whoever is presented.

    Raises `Refused` where a gateway says no or no server is named, `Transient` where none answers.
    """
    address()
    token = _TOKEN.get()
    headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
    try:
        with get_client(httpx_settings={"headers": headers, **trust()}, sync_client=True) as client:
            yield client
    except httpx.TransportError as error:
        refusal = None
        told = f"the Prefect server does not answer: {type(error).__name__}"
    except PrefectHTTPStatusError as error:
        refusal = refusal_in(error.response)
        told = f"the Prefect server answered {error.response.status_code}"
    else:
        return
    if refusal is not None:
        raise refusal
    raise Transient(told, hint="Check PREFECT_API_URL and that the server is up.")


@dataclass(frozen=True)
class Standing:
    """Where Prefect sees a run."""

    name: str
    """Prefect's name of the state, e.g. `Suspended`."""
    message: str
    is_final: bool


def standing(run: str) -> Standing:
    """Return where Prefect sees the run; raise `Refused` if it knows none."""
    with connected() as client:
        state = _flow_run(client, run).state
        if state is None:
            return Standing("", "", is_final=False)
        return Standing(state.name or "", state.message or "", state.is_final())


def address() -> str:
    """Return where the Prefect server is said to be.

    Raises `Refused` where nothing says it: Prefect's client would then start a server of its own,
    which knows no run.
    """
    url = get_current_settings().api.url
    if url is None:
        raise Refused(
            "it is not said where the Prefect server is",
            hint="Set PREFECT_API_URL, for example to http://127.0.0.1:4200/api.",
        )
    return str(url)
