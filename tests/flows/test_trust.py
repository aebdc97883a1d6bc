"""Certificates are judged by what Prefect's settings say, and the authorities are read once."""

from __future__ import annotations

from pathlib import Path

import certifi
from prefect.settings import (
    PREFECT_API_SSL_CERT_FILE,
    PREFECT_API_TLS_INSECURE_SKIP_VERIFY,
    temporary_settings,
)

from flows.trust import trust


def test_the_usual_authorities_are_read_once() -> None:
    first, again = trust()["verify"], trust()["verify"]

    assert first is again
    assert len(first.get_ca_certs()) > 50


def test_the_authorities_of_the_settings_are_the_only_ones(tmp_path: Path) -> None:
    end = "-----END CERTIFICATE-----\n"
    own = tmp_path / "own.pem"
    own.write_text(Path(certifi.where()).read_text().split(end)[0] + end)

    with temporary_settings({PREFECT_API_SSL_CERT_FILE: str(own)}):
        assert len(trust()["verify"].get_ca_certs()) == 1


def test_not_judging_is_left_to_prefect() -> None:
    with temporary_settings({PREFECT_API_TLS_INSECURE_SKIP_VERIFY: True}):
        assert trust() == {}
