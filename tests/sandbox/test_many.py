"""Many worlds in one program, with a database where it is asked for."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.cluster.agenda import Pace
from sandbox.many import serve_worlds
from sandbox.postgresql import find_programs
from sandbox.world import Options
from tests.needs import missing

pytestmark = pytest.mark.xdist_group("database")


def answers(*lines: str) -> list[str]:
    told = io.StringIO()
    serve_worlds(io.StringIO("".join(f"{line}\n" for line in lines)), told, Options(pace=Pace()))
    return told.getvalue().splitlines()


def test_a_world_has_a_database_where_it_is_asked_for_and_only_there(tmp_path: Path) -> None:
    if find_programs() is None:
        missing("PostgreSQL")
    folders = [tmp_path / name for name in ("with", "again", "without")]

    told = answers(f"database {folders[0]}", "", f"database {folders[1]}", "", str(folders[2]))

    assert told == [f"ready {folder}/world.json" for folder in folders]
    places = [json.loads((folder / "world.json").read_text())["postgres"] for folder in folders]
    assert [place and place["user"] for place in places] == ["runbook_rotator"] * 2 + [None]
    assert places[0]["host"] == places[1]["host"]
    assert not Path(places[0]["host"]).exists()


def test_the_database_ends_with_a_program_that_is_told_to_end(tmp_path: Path) -> None:
    if find_programs() is None:
        missing("PostgreSQL")
    program = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--many"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with program:
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdin.write(f"database {tmp_path}/world\n")
        program.stdin.flush()
        assert program.stdout.readline() == f"ready {tmp_path}/world/world.json\n"
        program.send_signal(signal.SIGTERM)
        program.wait()

    place = json.loads((tmp_path / "world" / "world.json").read_text())["postgres"]
    assert not Path(place["host"]).exists()


def test_a_world_that_cannot_be_made_is_told_and_the_next_one_is_made(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").touch()

    told = answers(str(tmp_path / "taken"), str(tmp_path / "free"))

    assert told[0].startswith("failed ")
    assert told[1] == f"ready {tmp_path}/free/world.json"
