"""Certificates read from all four places, and private keys and malformed ones beside them."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.certificates import Look, read_certificates
from adapters.certificates.sources import fetch
from adapters.drift import compare_stores
from adapters.shared.x509 import parse
from engine.catalogue import Catalogue
from engine.certificates import Seen, findings
from engine.drift import State
from engine.errors import Refused, Transient
from engine.findings import Invalid
from engine.loading import load
from tests import certs
from tests.adapters.infra import FILE
from tests.stores import Stores, stores

ENDS = datetime(2027, 1, 25, 12, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Stores]:
    with stores(tmp_path, 1) as made:
        yield made


def look(pair: Stores, **entry: Any) -> Look:
    pair.write_certificates({"qwac": {"title": "QWAC", **entry}})
    [found] = read_certificates(pair.platform)
    assert "PRIVATE KEY" not in repr(found)
    return found


def seen(found: Look) -> Seen:
    assert found.seen is not None, found.unknown
    return found.seen


def test_a_file_is_read_from_the_folder_of_the_catalogue(pair: Stores) -> None:
    made = certs.make(ENDS, certs.statements())
    (pair.folder / "qwac.pem").write_bytes(made.chain)
    found = seen(look(pair, file="qwac.pem", kind="qwac"))

    assert (found.ends, found.sha256) == (ENDS, made.sha256)
    assert (found.subject, found.issuer) == ("PLANA Ltd", "Test QTSP")
    assert found.organisation == certs.ORGANISATION
    assert found.serial == f"{made.certificate.serial_number:x}"
    assert found.stated.types == ("qwac",)
    assert found.stated.psd2 is not None
    assert found.stated.psd2.roles == ("PSP_AI", "PSP_PI")
    assert found.stated.psd2.authority_id == "BG-BNB"


def test_a_certificate_in_sops_is_read_past_its_private_key_and_is_no_drift(pair: Stores) -> None:
    made = certs.make(ENDS, certs.statements(certs.SEAL))
    both = (made.private + made.pem).decode()
    pair.commit({**pair.tree(), "certificates": {"qseal": both}})
    found = look(pair, sops={"file": FILE, "path": "certificates.qseal"}, kind="qseal")

    assert seen(found).sha256 == made.sha256
    assert [row.state for row in compare_stores(pair.platform)] == [State.EQUAL]


def test_an_endpoint_shows_what_it_presents(pair: Stores) -> None:
    made = certs.make(ENDS, certs.statements())
    with endpoint(pair.folder, made) as address:
        found = seen(look(pair, tls=address))

    assert found.sha256 == made.sha256


def test_an_endpoint_that_wants_a_certificate_of_its_clients_is_told_with_what_to_do(
    pair: Stores,
) -> None:
    made = certs.make(ENDS, certs.statements())
    with endpoint(pair.folder, made, wants_one=True) as address:
        pair.write_certificates({"qwac": {"title": "QWAC", "tls": address}})
        entry = pair.platform.catalogue.certificates["qwac"]
        with pytest.raises(Transient) as caught:
            fetch(pair.platform, entry)

    assert "the handshake ended with" in caught.value.message
    assert caught.value.hint.startswith("If it wants a certificate of whoever asks, name another")


def test_der_is_read_as_well(pair: Stores) -> None:
    made = certs.make(ENDS)
    (pair.folder / "qwac.der").write_bytes(made.der)

    assert seen(look(pair, file="qwac.der")).sha256 == made.sha256


def test_what_is_not_there_is_unknown_and_says_where(pair: Stores) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    pair.write_certificates(
        {
            "a": {"title": "A", "file": "gone.pem"},
            "b": {"title": "B", "sops": {"file": FILE, "path": "certificates.gone"}},
            "c": {"title": "C", "sops": {"file": FILE, "path": "sops.mac"}},
            "d": {"title": "D", "tls": f"127.0.0.1:{free}"},
            "e": {"title": "E", "kubernetes": {"namespace": "banking", "secret": "tls"}},
        }
    )
    told = {each.name: each.unknown for each in read_certificates(pair.platform)}

    assert "gone.pem cannot be read: No such file" in told["a"]
    assert "main has nothing at" in told["b"]
    assert "the path must name a value" in told["c"]
    assert "showed no certificate: ConnectionRefusedError" in told["d"]
    assert told["e"]


def test_a_private_key_alone_is_refused_without_a_word_of_it() -> None:
    made = certs.make(ENDS)

    with pytest.raises(Refused, match="holds no certificate that can be read") as caught:
        parse(made.private, "the file")

    assert caught.value.__context__ is None


def test_malformed_statements_are_told_and_the_end_all_the_same() -> None:
    found = parse(certs.make(ENDS, certs.statements()[:-2]).pem, "the file")

    assert found.ends == ENDS
    assert "says" in found.malformed


def test_a_version_that_no_certificate_has_is_refused() -> None:
    version = bytes.fromhex("a003020102")
    raw = certs.make(ENDS).der

    assert version in raw
    with pytest.raises(Refused, match="holds no certificate"):
        parse(raw.replace(version, version[:-1] + b"\x57"), "the file")


WHOLE = certs.make(ENDS, certs.statements())


@settings(deadline=None)
@given(st.data())
@pytest.mark.filterwarnings("ignore")  # the library warns of what later versions will refuse
def test_a_certificate_with_bytes_changed_is_read_or_refused(data: st.DataObject) -> None:
    raw = bytearray(WHOLE.der)
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))

    with suppress(Refused):
        assert isinstance(parse(bytes(raw), "the file"), Seen)


ENTRY = {"title": "QWAC", "kind": "qwac", "file": "x.pem", "organisation": certs.ORGANISATION}
CASES = {
    "as it should be": (certs.make(ENDS, certs.statements()), []),
    "the other kind": (
        certs.make(ENDS, certs.statements(certs.SEAL)), ["it is qseal, not qwac"],
    ),
    "an ordinary one": (
        certs.make(ENDS),
        ["it is no qualified certificate, not qwac", "it has no PSD2 statement"],
    ),
    "another organisation": (
        certs.make(ENDS, certs.statements(), organisation="PSDDE-BAFIN-1"),
        [
            "its organizationIdentifier names the authority DE-BAFIN, and its PSD2 statement BG-BNB",
            "its organizationIdentifier is PSDDE-BAFIN-1, not PSDBG-BNB-C433487",
        ],
    ),
    "not yet valid": (
        certs.make(ENDS, certs.statements(), begins=NOW + timedelta(days=1)),
        ["it is not valid before 2026-11-27T12:00:00Z"],
    ),
    "malformed": (
        certs.make(ENDS, b"\x30\x03"),
        ["it is malformed: the extension says 3 bytes and has 0"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_with_a_certificate_is_said(case: str) -> None:
    made, expected = CASES[case]
    entry = Catalogue.model_validate({"certificates": {"qwac": ENTRY}}).certificates["qwac"]

    assert [*findings(entry, parse(made.pem, "x"), NOW)] == expected


@pytest.mark.parametrize(
    "places", [{}, {"file": "a.pem", "tls": "example.com:443"}, {"tls": "https://example.com"}]
)
def test_an_entry_names_exactly_one_place(places: dict[str, str]) -> None:
    text = yaml.safe_dump({"certificates": {"qwac": {"title": "QWAC", **places}}})

    with pytest.raises(Invalid):
        load(text, "secrets.yaml", Catalogue)


@contextmanager
def endpoint(folder: Path, made: certs.Made, *, wants_one: bool = False) -> Iterator[str]:
    """Present a certificate on loopback to whoever shakes hands."""
    file = folder / "endpoint.pem"
    file.write_bytes(made.private + made.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    if wants_one:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.load_verify_locations(cadata=made.chain.decode())
        context.verify_mode = ssl.CERT_REQUIRED
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                line, _ = listener.accept()
                with context.wrap_socket(line, server_side=True):
                    pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        thread.join(60)
        assert not thread.is_alive()
