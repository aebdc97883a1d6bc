"""The banking gateway of the platform: it holds two pairs of each kind, and picks one for each bank.

The newer comes first; where a bank does not know it, the other one is tried. So a bank that
switches by appointment is followed in that moment, and nothing has to be told.
"""

from __future__ import annotations

import json
import secrets
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.responses import JSONResponse, Response

from sandbox.banks import first_certificate, sha256_of

if TYPE_CHECKING:
    from sandbox.cluster.control import Cluster
    from sandbox.routes import Call, Routes

NAMESPACE, WORKLOAD = "pulse-banking", "banking-gateway"
SLOTS = {"qwac": ("QWAC_A", "QWAC_B"), "qseal": ("QSEAL_A", "QSEAL_B")}
_SECONDS = 10


class Banking:
    """What the gateway says of its certificates, as each ready pod has them."""

    def __init__(self, cluster: Cluster, banks_url: str) -> None:
        self._cluster = cluster
        self._banks_url = banks_url

    def add_to(self, routes: Routes) -> None:
        """Serve two questions: what is loaded, and with which one a bank is served now."""
        routes.add("GET", "/certificates/{kind}", self._loaded)
        routes.add("GET", "/banks/{bank}/{kind}", self._bank)

    def _pairs(self, kind: str) -> list[list[str]]:
        """Return the pairs of each ready pod, the newer first."""
        pods = self._cluster.pod_env(NAMESPACE, WORKLOAD)
        return [
            sorted(
                (pod[name] for name in SLOTS.get(kind, ()) if "BEGIN CERT" in pod.get(name, "")),
                key=lambda pem: first_certificate(pem).not_valid_before_utc,
                reverse=True,
            )
            for pod in pods
        ]

    def _loaded(self, _: Call, kind: str) -> Response:
        """Name the certificates that every ready pod holds."""
        each = [{sha256_of(pem) for pem in pairs} for pairs in self._pairs(kind)]
        loaded = sorted(set.intersection(*each)) if each else []
        return JSONResponse({"loaded": loaded}, status_code=200 if loaded else 503)

    def _bank(self, _: Call, bank: str, kind: str) -> Response:
        used = {self._served_with(bank, pairs) for pairs in self._pairs(kind)}
        if len(used) != 1 or "" in used:
            return JSONResponse({"error": "the bank does not serve every pod"}, status_code=502)
        return JSONResponse({"bank": bank, "certificate": used.pop()})

    def _served_with(self, bank: str, pairs: list[str]) -> str:
        """Return the SHA-256 of the certificate with which the bank answers; empty for none."""
        return next((sha256_of(pem) for pem in pairs if self._answers(bank, pem)), "")

    def _answers(self, bank: str, pem: str) -> bool:
        key = serialization.load_pem_private_key(pem.encode(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        text = secrets.token_hex(16)
        signed = key.sign(text.encode(), ec.ECDSA(hashes.SHA256())).hex()
        shown = pem[pem.index("-----BEGIN CERTIFICATE") :]
        body = json.dumps({"certificate": shown, "text": text, "signature": signed})
        request = urllib.request.Request(  # noqa: S310 - the double's own http address
            f"{self._banks_url}/{bank}/accounts", body.encode(), method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS):  # noqa: S310 - as above
                return True
        except urllib.error.HTTPError as error:
            error.close()
        except OSError:
            pass
        return False
