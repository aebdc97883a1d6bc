"""What a warm worker is told, and what it tells Prefect's client."""

from __future__ import annotations

import socket
from collections.abc import MutableMapping
from dataclasses import dataclass
from pathlib import Path

import certifi

POOL = "oncall"
"""The work pool that `prefect.yaml` deploys to."""
POLL = 1.0
"""Seconds between two looks for runs; events call for a look at once."""
SYNC = 30
"""Seconds between two signs of life to the server."""
SWEEP = 5.0
"""Seconds between two looks for cancellations that nobody carries out."""
PATIENCE = 30
"""Seconds without a sign of life after which a worker is given up, where nothing else is said."""
LEAST_PATIENCE = 6
BEATS = 6
"""Signs of life within the patience."""
SELF = 2 / 3
"""Part of its patience after which a worker that cannot show life takes itself for given up. The
rest is what its runs have to be gone before another worker takes them."""

READY = b"ready"
"""What a zygote says when it can be asked."""
UNFIT = 78
"""Exit code of a zygote that must not be started again, because the next would be the same."""

QUICK = {
    "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
    "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "false",
    "PREFECT_LOGGING_TO_API_BATCH_INTERVAL": "1.0",
}
"""Fewer requests for each start. CSRF tokens are for browsers, and a server asks for them only
where it is set to; who set it so has set the client's variable as well, and that one stays."""

PRELOADED = (
    "prefect.engine",
    "prefect.flow_engine",
    "prefect.task_engine",
    "prefect.runner",
    "prefect.bundles",
    "prefect.deployments.steps",
    "prefect.events.clients",
    "prefect.utilities.visualization",
    "adapters.platform",
    "adapters.exposure",
    "flows.catalogue",
    "kubernetes.client",
    "kubernetes.config",
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite",
    "encodings.idna",
    "rich._emoji_codes",
    "pydantic.v1",
)
"""What a run imports, now or later: half a second less for each start. Whatever is not here is
imported when it is needed, as ever."""


@dataclass(frozen=True)
class WorkerSettings:
    """One worker of one pool."""

    pool: str
    name: str
    """Unique among the workers of the pool, and the same after a restart: what this name left
    behind is put in order when the next worker of this name starts."""
    limit: int | None = None
    """Runs at the same time; None for as many as the pool allows."""
    patience: int = PATIENCE
    """Seconds without a sign of life after which other workers may take its runs over."""

    @property
    def beat(self) -> float:
        """Seconds between two signs of life, and between two looks at those of others."""
        return self.patience / BEATS


def default_name() -> str:
    """Return the name of the worker of this host."""
    return f"warm-{socket.gethostname()}"


def make_quick(environ: MutableMapping[str, str], folder: Path) -> None:
    """Add what makes Prefect's client quick, and leave what is set as it is.

    Prefect makes a TLS context for every client, even for an `http:` address, and reading the
    usual file of authorities takes 40 ms, five times a start. For such an address it gets a file
    with one authority, kept in `folder`.
    """
    for name, value in QUICK.items():
        environ.setdefault(name, value)
    told = {"PREFECT_API_SSL_CERT_FILE", "SSL_CERT_FILE", "PREFECT_API_TLS_INSECURE_SKIP_VERIFY"}
    if environ.get("PREFECT_API_URL", "").startswith("http://") and not told & set(environ):
        environ["PREFECT_API_SSL_CERT_FILE"] = str(_one_authority(folder))


def _one_authority(folder: Path) -> Path:
    end = "-----END CERTIFICATE-----\n"
    first = Path(certifi.where()).read_text(encoding="utf-8").split(end)[0] + end
    path = folder / "authority.pem"
    path.write_text(first, encoding="utf-8")
    return path
