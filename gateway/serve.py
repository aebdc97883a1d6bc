"""The gateway, put together from the settings and served."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

import uvicorn
from prefect.context import refresh_global_settings_context
from pydantic import SecretStr
from sqlalchemy import make_url

from adapters.gateway import GatewaySettings
from adapters.shared.files import read_secret
from engine.errors import Refused
from gateway.app import Gateway
from gateway.device import Devices
from gateway.doors import Doors
from gateway.garbage import collect_aside
from gateway.inside import Inside
from gateway.oidc import Provider
from gateway.pages import Pages
from gateway.scopes import API
from gateway.signing import read_signer
from gateway.stamping import Stamped
from gateway.store import Store
from gateway.turns import AT_ONCE, InTurns
from gateway.wire import Bounded

if TYPE_CHECKING:
    from starlette.types import ASGIApp

KEEP_ALIVE = 30
"""Seconds; Prefect's clients keep an idle connection for 25, and one that is closed under them
costs a retry."""
GRACE = 10
"""Seconds that open requests and websockets have when it is told to end."""


def serve(settings: GatewaySettings, host: str, port: int) -> None:
    """Serve Prefect behind the gateway until told to end; raise `Refused` for wrong settings."""
    refuse_unset(settings)
    _prepare_environment(settings)
    collect_aside()
    app = guard(settings, prefect_app())
    logging.getLogger("runbook").setLevel(logging.INFO)
    uvicorn.run(
        app,
        host=host,
        port=port,
        http=Bounded,
        proxy_headers=False,  # else anybody on this machine may say what address they come from
        server_header=False,
        lifespan="on",
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
        log_level="warning",
    )


def guard(settings: GatewaySettings, prefect: ASGIApp) -> Gateway:
    """Return the gateway around Prefect's application; raise `Refused` for wrong settings."""
    refuse_unset(settings)
    assert settings.state_file is not None
    assert settings.signing_key_file is not None
    secret = settings.proxy_secret_file
    doors = Doors(
        settings,
        Store(settings.state_file),
        read_secret(secret, "the proxy's secret") if secret else None,
    )
    signer = read_signer(settings.signing_key_file)
    pages = Pages(doors, _provider(settings)).app(*Devices(doors).routes())
    return Gateway(prefect, pages, doors, signer, Inside(prefect))


def prefect_app() -> ASGIApp:
    """Return Prefect's own application, told by the gateway who created a run.

    Without a `settings` argument, because Prefect's services call `create_app` again and must get
    this very application out of its cache.
    """
    from prefect.server.api.server import create_app  # noqa: PLC0415 - after the environment is set
    from prefect.settings import get_current_settings  # noqa: PLC0415 - as above

    server = get_current_settings().server
    _refuse_moved(server.api)
    app = Stamped(create_app())
    return InTurns(app, AT_ONCE) if _has_one_writer(server.database.connection_url) else app


def _has_one_writer(address: SecretStr | None) -> bool:
    """Tell whether Prefect keeps its data in SQLite, as it does where nothing is said."""
    return address is None or make_url(address.get_secret_value()).get_backend_name() == "sqlite"


def refuse_unset(settings: GatewaySettings) -> None:
    """Raise `Refused` for what is missing."""
    needed = ("url", "signing_key_file", "state_file", "roles")
    missing = [f"gateway.{name}" for name in needed if not getattr(settings, name)]
    if missing:
        raise Refused(
            f"the gateway needs {', '.join(missing)}", hint="docs/gateway.md tells what goes there."
        )


def _refuse_moved(api: Any) -> None:
    """Raise `Refused` where Prefect's API has a door of its own, or is not where the table says."""
    if api.auth_string:
        raise Refused(
            "a password of Prefect's own is set, and behind the gateway nobody would send it",
            hint="Unset PREFECT_SERVER_API_AUTH_STRING for the gateway.",
        )
    if api.base_path not in {None, API}:
        raise Refused(
            f"Prefect's API is moved to {api.base_path}, and the gateway knows it at {API}",
            hint="Unset PREFECT_SERVER_API_BASE_PATH for the gateway.",
        )


def _prepare_environment(settings: GatewaySettings) -> None:
    """Set what Prefect's server reads: its UI asks this host, and no other may read.

    Prefect has read its settings when it was first imported, and so reads them again here.
    """
    if not any(name in os.environ for name in _UI_API):
        os.environ[_UI_API[0]] = API
    os.environ["PREFECT_SERVER_CORS_ALLOWED_ORIGINS"] = settings.url
    refresh_global_settings_context()


_UI_API = ("PREFECT_SERVER_UI_API_URL", "PREFECT_UI_API_URL")
"""Where the pages of the UI look for the API: the name of today, and the older one."""


def _provider(settings: GatewaySettings) -> Provider | None:
    if not settings.oidc_issuer:
        return None
    file = settings.oidc_client_secret_file
    return Provider(settings, read_secret(file, "the OpenID client's secret") if file else None)
