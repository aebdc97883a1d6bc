"""The file is a whole sops file at every instant, whatever happens to the program that writes it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.shared import command
from adapters.sops import SopsSettings
from adapters.sops.program import Sops, open_sops
from adapters.sops.replacement import read_value, remove_value, replace_value
from engine.errors import Refused
from tests.adapters import infra as world
from tests.adapters.infra import FILE, NEW, OLD, Infra

PATH = ("ai_agents", "anthropic_api_key")

TORN = 'real set "$@"; code=$?; for f; do [ -f "$f" ] && head -c 100 "$f" > x && cp x "$f"; done; exit $code'
EMPTY = 'for f; do [ -f "$f" ] && : > "$f"; done; exit 0'
OTHER = 'cat > /dev/null; printf \'"other"\' | real set "$@"'
MORE = 'real set "$@"; for f; do [ -f "$f" ] && printf \'"x"\' | real set --value-stdin "$f" \'["redis"]["password"]\'; done; exit 0'
FAIL = "cat > /dev/null; exit 3"


@pytest.fixture
def infra(tmp_path: Path) -> Infra:
    return world.build(tmp_path)


@pytest.fixture
def file(infra: Infra) -> Path:
    return infra.work("whole/" + FILE, infra.read())


def _sops(infra: Infra, on_set: str = "") -> Sops:
    if not on_set:
        return open_sops(infra.sops)
    script = f"""#!/bin/sh
    real() {{ {command.find("sops").path} "$@"; }}
    if [ "$1" = set ]; then shift; {on_set}; else real "$@"; fi
    """
    binary = world.program(infra.root / "bin" / "sops", script)
    return open_sops(SopsSettings(binary=binary, age_key_file=infra.keys["engine"]))


def test_the_value_is_replaced_and_the_file_opens(infra: Infra, file: Path) -> None:
    replace_value(_sops(infra), file, PATH, SecretStr(NEW))

    assert infra.decrypt(file.read_bytes())["ai_agents"]["anthropic_api_key"] == NEW


@pytest.mark.parametrize(
    "on_set",
    [TORN, EMPTY, OTHER, MORE, FAIL],
    ids=["torn", "empty", "other value", "more than asked", "failed"],
)
def test_a_sops_that_goes_wrong_leaves_the_file_as_it_was(
    infra: Infra, file: Path, on_set: str
) -> None:
    before = file.read_bytes()

    with pytest.raises(Refused):
        replace_value(_sops(infra, on_set), file, PATH, SecretStr(NEW))
    assert file.read_bytes() == before
    assert [each for each in file.parent.iterdir() if each.name.startswith(".runbook")] == []


def test_a_kill_in_the_middle_of_writing_leaves_the_file_as_it_was(
    infra: Infra, file: Path
) -> None:
    before = file.read_bytes()
    # sops has truncated what it writes to when the engine dies
    _sops(infra, 'for f; do [ -f "$f" ] && : > "$f"; done; kill -9 $PPID; exit 0')
    code = f"""
from pathlib import Path
from pydantic import SecretStr
from adapters.sops import SopsSettings
from adapters.sops.program import open_sops
from adapters.sops.replacement import replace_value
settings = SopsSettings(binary={str(infra.root / "bin" / "sops")!r},
                        age_key_file={str(infra.keys["engine"])!r})
replace_value(open_sops(settings), Path({str(file)!r}), {PATH!r}, SecretStr("new"))
"""
    ended = subprocess.run(  # noqa: S603 - this Python
        [sys.executable, "-c", code], cwd=Path.cwd(), check=False, capture_output=True
    )

    assert ended.returncode == -9, ended.stderr
    assert file.read_bytes() == before
    assert infra.decrypt(before)["ai_agents"]["anthropic_api_key"] == OLD


def test_a_value_can_be_removed(infra: Infra, file: Path) -> None:
    remove_value(_sops(infra), file, PATH)

    assert "anthropic_api_key" not in infra.decrypt(file.read_bytes())["ai_agents"]


@pytest.mark.parametrize(
    ("place", "text", "kind", "held"),
    [
        ("redis.port", "6380", "int", 6380),
        ("ai_agents.spare", "null", "null", None),
        ("ai_agents.spare", "", "str", ""),
    ],
)
def test_the_type_of_a_value_is_kept(
    infra: Infra, file: Path, *, place: str, text: str, kind: str, held: object
) -> None:
    sops, path = _sops(infra), tuple(place.split("."))

    replace_value(sops, file, path, SecretStr(text), kind)

    assert infra.decrypt(file.read_bytes())[path[0]][path[1]] == held
    found = read_value(sops, file, path)
    assert found is not None
    assert found.get_secret_value() == text
