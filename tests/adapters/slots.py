"""Two slots that take turns to hold a QWAC, with what is in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import yaml

from tests import certs
from tests.stores import Stores, stores

OLD_SLOT, NEW_SLOT = "s-0", "s-1"


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
