"""What only shows on a terminal: a real pseudo-terminal, driven prompt by prompt."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pydantic import SecretStr

from engine.sealing import BEGIN, Seal
from tests.cli.conftest import ROOT, Ended, Runbook

VALUE = "sk-ant-typed-by-hand"
SPAWN = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"


def type_in(arguments: list[str], answers: list[tuple[str, str]]) -> Ended:
    """Run `runbook` on a terminal and type each answer when its prompt has appeared."""
    command = [sys.executable, "-c", SPAWN, sys.executable, "-m", "cli", *arguments]
    with subprocess.Popen(  # noqa: S603 - this project's own program
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        seen = b""
        for prompt, text in answers:
            start = len(seen)
            while prompt.encode() not in seen[start:]:
                read = program.stdout.read(1)
                assert read, seen
                seen += read
            program.stdin.write(f"{text}\n".encode())
        seen += program.stdout.read()
        program.wait()
    return Ended(program.returncode, seen.decode().replace("\r\n", "\n"), "")


def test_a_value_is_asked_for_twice_and_not_shown(runbook: Runbook, tmp_path: Path) -> None:
    recipient = runbook("keygen", "--output", tmp_path / "key").out.strip()
    ended = type_in(
        ["seal", "--recipient", recipient], [("(not shown)", VALUE), ("Once more", VALUE)]
    )

    armour = ended.out[ended.out.index(BEGIN) :]
    key = (tmp_path / "key").read_text().splitlines()[-1]
    assert ended.code == 0
    assert Seal(SecretStr(key)).open(armour).get_secret_value() == VALUE
    assert VALUE not in ended.out


def test_two_values_that_differ_are_refused(runbook: Runbook, tmp_path: Path) -> None:
    recipient = runbook("keygen", "--output", tmp_path / "key").out.strip()
    ended = type_in(
        ["seal", "--recipient", recipient], [("(not shown)", VALUE), ("Once more", "other")]
    )

    assert ended.code == 1
    assert "error: the two values differ" in ended.out
    assert BEGIN not in ended.out
    assert VALUE not in ended.out


def test_a_table_on_a_terminal_cuts_no_word_short(tmp_path: Path) -> None:
    name = "a-long-name-" * 12 + "end"
    (tmp_path / "people.yaml").write_text("groups: {}\n")
    (tmp_path / "secrets.yaml").write_text("secrets: {}\n")
    (tmp_path / "platform.yaml").write_text(
        "{runbooks: books, catalogue: secrets.yaml, people: people.yaml}\n"
    )
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "long.yaml").write_text(
        f"runbook: long\ntitle: {name}\nsteps:\n"
        "  - {id: a, uses: manual.confirm, with: {instructions: a, evidence: b}}\n"
    )
    ended = type_in(["--settings", str(tmp_path / "platform.yaml"), "list"], [])

    assert ended.code == 0, ended.out
    assert "…" not in ended.out
    assert sum(line.count("a-long-name") for line in ended.out.splitlines()) > 1
