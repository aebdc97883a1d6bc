"""The one door to other programs."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from adapters.shared import command
from engine.errors import Refused, Transient
from tests.adapters.infra import program

VALUE = SecretStr('päss/wörd+"quoted" \\ 12345')
PEM = SecretStr("-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\n-----END KEY-----\n")


def _fake(tmp_path: Path, body: str) -> command.Program:
    return command.Program("sops", program(tmp_path / "sops", f"#!/bin/sh\n{body}\n"))


def test_input_and_output_are_bytes_in_pipes(tmp_path: Path) -> None:
    ended = command.run(_fake(tmp_path, "cat; exit 7"), ["set"], stdin=b"\x00\xff" * 100_000)

    assert (ended.exit_code, ended.stdout) == (7, b"\x00\xff" * 100_000)


def test_what_was_printed_is_in_no_text_of_the_result(tmp_path: Path) -> None:
    ended = command.run(_fake(tmp_path, "echo hidden; exit 3"), ["decrypt", "--extract", "x"])

    assert ended.complaint == "sops decrypt ended with 3"
    assert "hidden" not in repr(ended)


def test_a_complaint_is_the_first_line_alone(tmp_path: Path) -> None:
    ended = command.run(_fake(tmp_path, "printf '\\n first\\nsecond\\n' >&2; exit 1"), ["set"])

    assert ended.complaint == "sops set ended with 1: first"


@pytest.mark.parametrize(
    "form",
    [
        VALUE.get_secret_value(),
        base64.b64encode(VALUE.get_secret_value().encode()).decode(),
        base64.urlsafe_b64encode(VALUE.get_secret_value().encode()).decode().rstrip("="),
        quote(VALUE.get_secret_value(), safe=""),
        json.dumps(VALUE.get_secret_value()),
        json.dumps(VALUE.get_secret_value(), ensure_ascii=False),
    ],
)
def test_a_secret_is_scrubbed_in_each_form(tmp_path: Path, form: str) -> None:
    said = tmp_path / "said"
    said.write_text(f"bad value <{form}>")

    ended = command.run(_fake(tmp_path, f"cat {said} >&2; exit 1"), ["set"], secrets=[VALUE])

    assert "***" in ended.complaint
    assert form.strip('"') not in ended.stderr


def test_a_line_of_a_longer_secret_is_scrubbed(tmp_path: Path) -> None:
    ended = command.run(
        _fake(tmp_path, "echo near MIIEvQIBADANBgkqhkiG >&2; exit 1"), ["set"], secrets=[PEM]
    )

    assert ended.complaint == "sops set ended with 1: near ***"


def test_a_secret_in_the_arguments_is_refused_before_anything_runs(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    fake = _fake(tmp_path, f"touch {ran}")

    with pytest.raises(Refused, match="command line") as told:
        command.run(fake, ["set", f"x={VALUE.get_secret_value()}"], secrets=[VALUE])
    assert "12345" not in str(told.value)
    assert not ran.exists()


def test_the_child_sees_only_what_it_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOPS_AGE_KEY", "AGE-SECRET-KEY-1")
    monkeypatch.setenv("GIT_DIR", "/somewhere")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/run/agent")

    printed = command.run(_fake(tmp_path, "env"), ["x"]).stdout.decode()

    names = {line.partition("=")[0] for line in printed.splitlines()}
    assert names - {"PWD", "SHLVL", "_", "OLDPWD"} <= command.INHERITED | set(command.FIXED["sops"])
    assert "SSH_AUTH_SOCK=/run/agent" in printed


def test_other_variables_may_not_be_given(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="SOPS_AGE_KEY"):
        command.run(_fake(tmp_path, "env"), ["x"], environment={"SOPS_AGE_KEY": "x"})


def test_a_program_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    for name in ("never", "alive"):
        os.mkfifo(tmp_path / name)
    alive = os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK)
    # parent and child hold `alive` open and wait for a pipe that nobody writes to
    body = f"exec 9>{tmp_path}/alive; echo up >&9; cat {tmp_path}/never & cat {tmp_path}/never"
    with pytest.raises(Transient, match=r"sops decrypt was not done after 1\.5 s"):
        command.run(_fake(tmp_path, body), ["decrypt"], seconds=1.5)

    os.set_blocking(alive, True)
    with os.fdopen(alive, "rb") as pipe:
        assert pipe.read() == b"up\n"  # it ends only when the last holder is gone


def test_a_program_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="there is no git program at"):
        command.find("git", tmp_path / "git")
    with pytest.raises(Refused, match="cannot be started"):
        command.run(command.Program("sops", tmp_path / "sops"), ["x"])


def test_a_broken_sops_in_path_does_not_hide_the_one_beside_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "sops", "#!/bin/sh\nexit 1\n")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    assert command.find("sops").path.parent != tmp_path


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["-c", "a=b", "--git-dir", "x", "push", "origin"], "sops push"),
        (["--version", "--disable-version-check"], "sops"),
        (["set", "--value-stdin", "file"], "sops set"),
    ],
)
def test_a_call_is_named_by_its_subcommand(tmp_path: Path, arguments: list[str], what: str) -> None:
    assert command.run(_fake(tmp_path, "true"), arguments).what == what
