"""The look at the Prefect server before a worker begins: is it there, and is there such a pool."""

from __future__ import annotations

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import WorkPool
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

from engine.errors import Refused, RunbookError, Transient

TYPE = "process"
"""Prefect's type of the pools whose runs are processes of the worker's host."""


async def require_pool(name: str) -> None:
    """Return where the server has a process pool of this name.

    Raises `Transient` where the server does not answer, and `Refused` for anything else.
    """
    found = await _pool(name)
    if isinstance(found, RunbookError):  # outside `except`, so that no request hangs on
        raise found
    if found.type != TYPE:
        raise Refused(
            f"the work pool {name} is of type {found.type}, and this worker is for {TYPE}",
            hint=f"Use `prefect worker start --pool {name}`.",
        )


async def _pool(name: str) -> WorkPool | RunbookError:
    try:
        async with get_client() as client:
            return await client.read_work_pool(name)
    except ObjectNotFound:
        return Refused(
            f"there is no work pool {name}",
            hint=f"Make it with `prefect work-pool create {name} --type {TYPE}`.",
        )
    except PrefectHTTPStatusError as error:
        status = error.response.status_code
        told = f"the Prefect server answered {status} when asked for the work pool {name}"
        if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            return Refused(told, hint="Check the token in PREFECT_CLIENT_CUSTOM_HEADERS.")
        return Transient(told, hint="Look at the server's log.")
    except httpx.TransportError as error:
        return Transient(
            f"the Prefect server does not answer: {type(error).__name__}",
            hint="Check PREFECT_API_URL and that the server is up.",
        )
