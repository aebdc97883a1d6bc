"""Refusals as Vaultwarden words them: HTTP 400 with a `message`, nearly whatever is wrong."""

from __future__ import annotations

from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, Response

from sandbox.routes import Call, Refused


def refusal(message: str, status: int = 400) -> Refused:
    """Return the refusal with this message (Vaultwarden 1.37.2, error.rs `_api_error`)."""
    body = {
        "message": message,
        "error": "",
        "error_description": "",
        "validationErrors": {"": [message]},
        "errorModel": {"message": message, "object": "error"},
        "exceptionMessage": None,
        "exceptionStackTrace": None,
        "innerExceptionMessage": None,
        "object": "error",
    }
    return Refused(JSONResponse(body, status_code=status))


def unauthorized() -> Refused:
    """Return the refusal of a request guard: no session, or not this role."""
    description = "The request requires user authentication."
    error = {"code": 401, "reason": "Unauthorized", "description": description}
    return Refused(JSONResponse({"error": error}, status_code=401))


def not_found(_: Call) -> Response:
    """Return the page for a route that the server does not have."""
    return HTMLResponse("<!doctype html><title>404</title><p>Not found</p>", status_code=404)


def body_object(call: Call) -> dict[str, Any]:
    """Return the JSON object of the body, or refuse."""
    try:
        body = call.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise refusal("Data missing", 422)
    return body
