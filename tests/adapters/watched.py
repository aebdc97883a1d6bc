"""Stores whose certificates end at chosen times, and an inbox for what people are told of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sandbox.inbox import Inbox
from tests import certs
from tests.stores import Stores, stores

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
FAR, NEAR, PAST = (NOW + timedelta(days=days) for days in (300, 29.5, -2))
TOKEN = "T0KEN-of-the-hook-8871"
NEW = "a-new-value-of-the-test"


@contextmanager
def watched(folder: Path, inbox: Inbox) -> Iterator[Stores]:
    """Yield stores whose secrets were made 80 days ago and may be 90 days old."""
    with stores(folder, 3, NOW - timedelta(days=80)) as made:
        (folder / "targets").write_text(inbox.address(TOKEN))
        made.write(notify={"targets_file": str(folder / "targets")})
        yield made


def put(pair: Stores, **ends: datetime) -> dict[str, certs.Made]:
    """Write a certificate for each name, and the catalogue that names them."""
    made = {name: certs.make(end, certs.statements()) for name, end in ends.items()}
    for name, each in made.items():
        (pair.folder / f"{name}.pem").write_bytes(each.pem)
    pair.write_certificates(
        {
            name: {"title": name.upper(), "file": f"{name}.pem", "runbook": "renew-it"}
            for name in ends
        }
    )
    return made
