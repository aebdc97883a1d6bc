"""The scanner finds a marker however it is written and wherever it lies, and nothing else."""

# ruff: noqa: S603 - this interpreter, arguments made here

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import os
import secrets
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.leaks.hints import told_digests, told_lengths
from tests.leaks.marker import ALPHABET, FOREIGN, TELLING, Marker, draw, key_lines
from tests.leaks.planting import IN_BYTES
from tests.leaks.scanner import Scanner
from tests.leaks.spelling import DIGESTS, digests

VALUE = "".join(f"{char}{secrets.choice(ALPHABET)}" for char in 5 * (TELLING + FOREIGN))
"""It has no part without a character that is written in different ways."""
NOISE = os.urandom(50_000)


def _file(path: Path, planted: bytes) -> Path:
    path.write_bytes(NOISE + planted + NOISE[:77])
    return path


def _row(path: Path, planted: bytes) -> Path:
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("CREATE TABLE log (text)")
        base.execute("INSERT INTO log VALUES (?)", (NOISE[:3000] + planted + NOISE[:9000],))
    return path


def _deleted_row(path: Path, planted: bytes) -> Path:
    _row(path, NOISE[:10])
    with closing(sqlite3.connect(path)) as base:
        base.execute("PRAGMA secure_delete=OFF")
        with base:
            base.execute("INSERT INTO log VALUES (?)", (planted,))
        with base:
            base.execute("DELETE FROM log")
    return path


def _log_of_database(path: Path, planted: bytes) -> Path:
    with closing(sqlite3.connect(path)) as base:
        base.execute("PRAGMA journal_mode=WAL")
        with base:
            base.execute("CREATE TABLE log (text)")
            base.execute("INSERT INTO log VALUES (?)", (planted,))
        kept = path.with_name("kept-wal")
        kept.write_bytes(path.with_name(f"{path.name}-wal").read_bytes())
    path.unlink()
    return kept


def _archive(path: Path, planted: bytes) -> Path:
    path.write_bytes(gzip.compress(NOISE + planted))
    return path


SINKS: dict[str, Callable[[Path, bytes], Path]] = {
    "file": _file,
    "row": _row,
    "deleted row": _deleted_row,
    "write-ahead log": _log_of_database,
    "archive": _archive,
}


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return Scanner([Marker("other", draw()), Marker("wanted", VALUE)])


@pytest.mark.parametrize("sink", SINKS)
@pytest.mark.parametrize("encoding", IN_BYTES)
def test_a_planted_leak_is_found(
    scanner: Scanner, tmp_path: Path, sink: str, encoding: str
) -> None:
    SINKS[sink](tmp_path / "sink", IN_BYTES[encoding](VALUE))

    finds = scanner.in_folder(tmp_path)

    assert {find.marker for find in finds} == {"wanted"}
    assert VALUE not in str(finds)


@pytest.mark.parametrize("start", range(9))
def test_a_marker_is_found_at_every_distance_from_a_stride(scanner: Scanner, start: int) -> None:
    assert scanner.in_bytes(b"." * start + VALUE.encode(), "here")


def test_noise_and_other_secrets_are_not_taken_for_a_marker(
    scanner: Scanner, tmp_path: Path
) -> None:
    (tmp_path / "noise").write_bytes(NOISE)
    (tmp_path / "another").write_bytes(gzip.compress(draw("sk-").encode()))

    assert scanner.in_folder(tmp_path) == []


def test_a_marker_in_the_name_of_a_file_is_found(scanner: Scanner, tmp_path: Path) -> None:
    (tmp_path / VALUE.encode().hex()).touch()

    assert scanner.in_folder(tmp_path)


@pytest.mark.parametrize("algorithm", DIGESTS)
def test_an_unkeyed_digest_of_a_marker_is_found(scanner: Scanner, algorithm: str) -> None:
    forms = [form for form, name in digests(VALUE).items() if name.startswith(algorithm)]

    found = [scanner.in_bytes(b"fp:" + form, "here") for form in forms]

    assert len(forms) >= 10
    assert all(found)


def test_a_told_length_is_found_only_when_it_is_exact_and_of_a_secret() -> None:
    markers = [Marker("wanted", VALUE)]
    size = len(VALUE)

    told = [f"the value has {size} characters", f"password: len={size}", f"key_size {size} bytes"]
    harmless = [f"the value has {size + 1} characters", f"{size} bytes received", f"token {size}"]

    assert all(list(told_lengths(text.encode(), "here", markers)) for text in told)
    assert not [f for text in harmless for f in told_lengths(text.encode(), "here", markers)]


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256"])
def test_the_beginning_of_a_digest_is_found_and_a_keyed_one_is_not(algorithm: str) -> None:
    markers = [Marker("wanted", VALUE)]
    plain = hashlib.new(algorithm, VALUE.encode()).hexdigest()
    keyed = hmac.new(b"a key", VALUE.encode(), algorithm).hexdigest()

    assert list(told_digests(f"fingerprint {plain[:12]}".encode(), "here", markers))
    assert not list(told_digests(f"fingerprint {keyed}".encode(), "here", markers))


def test_a_short_value_is_no_marker() -> None:
    with pytest.raises(ValueError, match="shorter"):
        Marker("short", "x" * 15)


def _searched(folder: Path, values: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "tests.leaks.scanner", str(folder)]
    return subprocess.run(command, input=values.encode(), capture_output=True, check=False)


def test_people_can_search_a_folder_too(tmp_path: Path) -> None:
    _file(tmp_path / "dump", IN_BYTES["hex"](VALUE))

    ended = _searched(tmp_path, f"short\n{VALUE}\n")

    assert ended.returncode == 1
    assert b"dump: line 2 (raw, hex)" in ended.stdout
    assert b"1 shorter than 16 characters were not looked for" in ended.stderr
    assert VALUE.encode() not in ended.stdout + ended.stderr


@pytest.mark.parametrize("values", ["", "short\n"])
def test_a_search_for_nothing_does_not_pass_for_a_clean_one(tmp_path: Path, values: str) -> None:
    _file(tmp_path / "dump", b"")

    assert _searched(tmp_path, values).returncode == 2


@pytest.mark.parametrize(
    "key",
    [ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)],
    ids=["ec", "rsa"],
)
def test_of_a_private_key_the_secret_is_searched_for_and_nothing_public(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
) -> None:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    shown = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    at_every_offset = [base64.b64encode(b"x" * shift + shown).decode() for shift in range(3)]

    lines = key_lines(pem)

    assert len(lines) > 1
    assert all(line in pem for line in lines)
    pieces = {line[place : place + 12] for line in lines[1:] for place in range(len(line) - 11)}
    assert not [piece for piece in pieces for text in at_every_offset if piece in text]
