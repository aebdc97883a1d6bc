from __future__ import annotations

import stat
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from cli.exits import Exit
from engine.sealing import Seal
from tests.cli.conftest import Runbook

VALUE = "sk-ant-very-secret"


def key_in(path: Path) -> Seal:
    return Seal(SecretStr(path.read_text().splitlines()[-1]))


def test_what_is_sealed_only_the_engine_opens(runbook: Runbook, tmp_path: Path) -> None:
    recipient = runbook("keygen", "--output", tmp_path / "key").out.strip()
    ended = runbook("seal", "--recipient", recipient, stdin=VALUE.encode())

    assert ended.code == 0
    assert ended.out.startswith("-----BEGIN AGE ENCRYPTED FILE-----\n")
    assert key_in(tmp_path / "key").open(ended.out).get_secret_value() == VALUE
    assert VALUE not in ended.out + ended.err


@pytest.mark.parametrize(
    ("piped", "kept"),
    [(b"a\n", "a"), (b"a", "a"), (b" a ", " a "), ("ä€".encode(), "ä€"), (b"a\r\n", "a\r")],
)
def test_exactly_one_line_break_at_the_end_is_taken_off(
    runbook: Runbook, tmp_path: Path, piped: bytes, kept: str
) -> None:
    recipient = runbook("keygen", "--output", tmp_path / "key").out.strip()
    armour = runbook("seal", "--recipient", recipient, stdin=piped).out

    assert key_in(tmp_path / "key").open(armour).get_secret_value() == kept


@pytest.mark.parametrize("held", [b"a\nb\n", b"a\nb", b"a\n", b" a\tb\n\n", b"a\r\nb\r\n"])
def test_with_a_file_nothing_is_taken_off(runbook: Runbook, tmp_path: Path, held: bytes) -> None:
    recipient = runbook("keygen", "--output", tmp_path / "key").out.strip()
    (tmp_path / "id_ed25519").write_bytes(held)

    for file, stdin in (("id_ed25519", b""), ("-", held)):
        ended = runbook("seal", "--recipient", recipient, "--file", file, stdin=stdin)
        assert key_in(tmp_path / "key").open(ended.out).get_secret_value().encode() == held


@pytest.mark.parametrize("piped", [b"a\nb\n", b"a\nb", b"a\n\n"])
def test_several_lines_are_taken_only_where_it_is_said_how_they_end(
    runbook: Runbook, tmp_path: Path, piped: bytes
) -> None:
    recipient = runbook("keygen", "--output", tmp_path / "key").out.strip()
    ended = runbook("seal", "--recipient", recipient, stdin=piped)

    assert ended.code == Exit.REFUSED
    assert "the value has several lines" in ended.err
    assert "--file" in ended.err
    assert ended.out == ""


@pytest.mark.parametrize(
    ("held", "message"),
    [
        (None, "key-of-nobody cannot be read: No such file or directory"),
        (b"", "the value is empty"),
        (b"\xff\xfe", "the value is not UTF-8 text"),
        (b"a\n" * 20_000, "the value is longer than"),
    ],
)
def test_a_file_that_holds_no_value_is_refused(
    runbook: Runbook, tmp_path: Path, held: bytes | None, message: str
) -> None:
    recipient = runbook("keygen", "--output", tmp_path / "key").out.strip()
    if held is not None:
        (tmp_path / "key-of-nobody").write_bytes(held)
    ended = runbook("seal", "--recipient", recipient, "--file", "key-of-nobody")

    assert ended.code == Exit.REFUSED
    assert message in ended.err
    assert ended.out == ""


def test_the_recipient_is_read_from_a_file_or_from_the_settings(
    runbook: Runbook, tmp_path: Path
) -> None:
    recipient = runbook("keygen", "--output", tmp_path / "key").out
    (tmp_path / "key.pub").write_text(recipient)
    (tmp_path / "runbook.yaml").write_text(yaml.safe_dump({"engine": {"age_key_file": "key"}}))

    for arguments in (["seal", "--recipient", "key.pub"], ["seal"]):
        armour = runbook(*arguments, stdin=VALUE.encode()).out
        assert key_in(tmp_path / "key").open(armour).get_secret_value() == VALUE


@pytest.mark.parametrize(
    ("stdin", "message"),
    [
        (b"", "the value is empty"),
        (b"\n", "the value is empty"),
        (b"\xff\xfe", "the value is not UTF-8 text"),
        (b"a" * 40_000, "the value is longer than"),
    ],
)
def test_what_cannot_be_a_value_is_refused_unseen(
    runbook: Runbook, tmp_path: Path, stdin: bytes, message: str
) -> None:
    recipient = runbook("keygen", "--output", tmp_path / "key").out.strip()
    ended = runbook("seal", "--recipient", recipient, stdin=stdin)

    assert ended.code == Exit.REFUSED
    assert message in ended.err
    assert ended.out == ""


@pytest.mark.parametrize("given", ["age1nonsense", "no-such-file"])
def test_a_recipient_that_is_none_is_refused(runbook: Runbook, given: str) -> None:
    ended = runbook("seal", "--recipient", given, stdin=VALUE.encode())

    assert ended.code == Exit.REFUSED
    assert VALUE not in ended.out + ended.err


def test_a_key_is_made_for_its_owner_alone_and_never_overwritten(
    runbook: Runbook, tmp_path: Path
) -> None:
    first = runbook("keygen", "--output", tmp_path / "key")
    content = (tmp_path / "key").read_text()
    second = runbook("keygen", "--output", tmp_path / "key")

    assert first.code == 0
    assert key_in(tmp_path / "key").recipient == first.out.strip()
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o400
    assert "AGE-SECRET-KEY" not in first.out
    assert second.code == Exit.REFUSED
    assert "is there already" in second.err
    assert (tmp_path / "key").read_text() == content


def test_a_name_is_for_an_anchor_key_alone(runbook: Runbook, tmp_path: Path) -> None:
    ended = runbook("keygen", "--output", tmp_path / "key", "--name", "ours")
    made = runbook("keygen", "--anchor", "--output", tmp_path / "anchor", "--name", "ours")

    assert ended.code == Exit.USAGE
    assert "only an anchor key has a name" in ended.err
    assert not (tmp_path / "key").exists()
    assert made.out.startswith("ours+")


def test_a_key_that_cannot_be_written_says_why(runbook: Runbook, tmp_path: Path) -> None:
    ended = runbook("keygen", "--output", tmp_path / "nowhere" / "key")

    assert ended.code == Exit.REFUSED
    assert "No such file or directory" in ended.err
