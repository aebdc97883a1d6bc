"""Refusals as the Kubernetes API words them: a `Status` object with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

from sandbox.cluster.permissions import USER
from sandbox.routes import Refused

if TYPE_CHECKING:
    from sandbox.cluster.resources import Target


def status(code: int, reason: str, message: str, **details: object) -> Refused:
    """Return a refusal with this code, reason and message."""
    body: dict[str, Any] = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": code,
    }
    if details:
        body["details"] = details
    return Refused(JSONResponse(body, status_code=code))


def unauthorized() -> Refused:
    """Return the refusal of an unknown token."""
    return status(401, "Unauthorized", "Unauthorized")


def forbidden(verb: str, target: Target) -> Refused:
    """Return the refusal of RBAC."""
    what = f"{target.plural}.{target.group}" if target.group else target.plural
    name = f' "{target.name}"' if target.name else ""
    where = f'in the namespace "{target.namespace}"' if target.namespace else "at the cluster scope"
    message = (
        f'{what}{name} is forbidden: User "{USER}" cannot {verb} resource "{target.plural}" '
        f'in API group "{target.group}" {where}'
    )
    details = {"name": target.name, "group": target.group, "kind": target.plural}
    return status(403, "Forbidden", message, **{k: v for k, v in details.items() if v})


def not_found(target: Target) -> Refused:
    """Return the refusal for an object that is not there."""
    what = f"{target.plural}.{target.group}" if target.group else target.plural
    details = {"name": target.name, "group": target.group, "kind": target.plural}
    message = f'{what} "{target.name}" not found'
    return status(404, "NotFound", message, **{k: v for k, v in details.items() if v})


def no_such_page() -> Refused:
    """Return the refusal for a path that the API does not have."""
    return status(404, "NotFound", "the server could not find the requested resource")
