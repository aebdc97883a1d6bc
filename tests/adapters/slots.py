"""Two slots that take turns to hold a QWAC, with what is in them."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import yaml
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from tests import certs
from tests.stores import Stores, stores

OLD_SLOT, NEW_SLOT = "s-0", "s-1"
BLANK = ("", "to-be-filled", "CHANGE ME", "see the wiki -----", "x7" * 40)
"""What a slot holds before its first certificate."""


@contextmanager
def two_slots(folder: Path) -> Iterator[Stores]:
    """Make two slots, `s-0` and `s-1`, of one certificate, and end what serves them."""
    with stores(folder, 2) as made:
        catalogue = folder / "secrets.yaml"
        secrets = yaml.safe_load(catalogue.read_text())["secrets"]
        for name, other in ((OLD_SLOT, NEW_SLOT), (NEW_SLOT, OLD_SLOT)):
            secrets[name]["certificate"] = {
                "kind": "qwac",
                "beside": dict(secrets[other]["sops"]),
                "loaded": "https://app.example/certificates",
                "accepted": "https://app.example/{item}",
            }
            secrets[name]["flux"] = {"kustomization": "bank"}
            secrets[name]["kubernetes"] = {
                "namespace": "bank",
                "secret": "qwac",
                "key": name,
                "workload": "deployment/bank",
            }
        qwac = {"title": "The QWAC", "slots": [OLD_SLOT, NEW_SLOT], "kind": "qwac"}
        named = {"qwac": {**qwac, "runbook": "renew-it"}}
        catalogue.write_text(yaml.safe_dump({"secrets": secrets, "certificates": named}))
        yield made


def fill(pair: Stores, old: datetime, new: datetime) -> dict[str, str]:
    """Put a certificate with its key into each slot; return their SHA-256."""
    made = {
        slot: certs.make(ends, certs.statements())
        for slot, ends in ((OLD_SLOT, old), (NEW_SLOT, new))
    }
    for slot, each in made.items():
        pair.put(slot, f"{each.private.decode()}{each.pem.decode()}")
    return {slot: each.sha256 for slot, each in made.items()}


def unreadable(made: certs.Made) -> dict[str, str]:
    """Return texts that hold a certificate with its key, and cannot be read as a whole."""
    leaf, key = made.pem.decode(), made.private.decode()
    issuer = made.issuer.public_bytes(Encoding.DER)
    odd = issuer.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020157"))
    trusted = leaf.replace(" CERTIFICATE", " TRUSTED CERTIFICATE")
    plain = made.chain.decode().removesuffix(leaf)
    return {
        "an odd authority in the chain": f"{key}{leaf}{_pem(odd)}",
        "a trusted certificate": f"{key}{trusted}",
        "a trusted certificate beside its issuer": f"{key}{trusted}{plain}",
        "a torn one": f"{key}{leaf[:-60]}",
        "a torn one beside its issuer": f"{key}{plain}{leaf[:-60]}",
        "without its first line": leaf.partition("\n")[2],
        "line feeds spelled out": f"{key}{leaf}".replace("\n", "\\n"),
        "PKCS#7": key + pkcs7.serialize_certificates([made.certificate], Encoding.PEM).decode(),
        "base64 alone": base64.b64encode(odd).decode(),
        "a key alone": key,
    }


def _pem(der: bytes) -> str:
    body = base64.encodebytes(der).decode()
    return f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"
