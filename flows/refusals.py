"""What it means when the gateway before the Prefect server says no."""

from __future__ import annotations

import httpx

from engine.errors import Refused


def refusal_in(response: httpx.Response) -> Refused | None:
    """Return what a gateway before the server says: who asks is not known, or may not."""
    try:
        detail = str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        detail = "no reason given"
    match response.status_code:
        case httpx.codes.UNAUTHORIZED:
            return Refused(f"the gateway does not know you: {detail}", hint="Run `runbook login`.")
        case httpx.codes.FORBIDDEN:
            return Refused(f"the gateway refused: {detail}")
        case httpx.codes.TOO_MANY_REQUESTS:
            return Refused(f"the gateway slows you down: {detail}")
        case _:
            return None
