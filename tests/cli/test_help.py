from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer

import cli.commands
from cli.exits import MEANING, Exit
from cli.main import COMMANDS, app
from tests.cli.conftest import ROOT, Runbook

HEAVY = ("prefect", "sqlalchemy", "kubernetes", "httpx", "pydantic", "yaml", "rich", "adapters")


def real(name: str) -> Any:
    command = typer.main.get_command(import_module(f"cli.commands.{name}").app)
    command.name = name
    return command


def leaves(command: Any) -> Iterator[Any]:
    yield command
    for child in getattr(command, "commands", {}).values():
        yield from leaves(child)


def test_help_lists_every_command(runbook: Runbook) -> None:
    ended = runbook("--help")

    assert ended.code == 0
    listed = [line.split()[0] for line in ended.out.splitlines() if line.startswith("  ")]
    assert [name for name in listed if name in COMMANDS] == list(COMMANDS)


def test_help_shows_whole_lines_and_every_exit_code(runbook: Runbook) -> None:
    out = runbook("--help").out

    for line in COMMANDS.values():
        assert line in out
    for code in Exit:
        assert f"{code.value:>3}  {MEANING[code]}" in out


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys\nsys.argv = ['runbook', '--help']\nfrom cli.main import main\n"
        "try:\n    main()\nfinally:\n    print('\\nloaded:', *sys.modules, file=sys.stderr)"
    )
    ended = subprocess.run(  # noqa: S603 - this project's own program
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )

    loaded = ended.stderr.rpartition("loaded: ")[2].split()
    assert "cli.main" in loaded
    assert [name for name in loaded if name.split(".")[0] in HEAVY] == []
    assert [name for name in loaded if name.startswith("cli.commands.")] == []


def test_the_table_has_every_module_of_commands() -> None:
    folder = Path(cli.commands.__path__[0])
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}

    assert modules == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_what_the_command_says_of_itself(name: str) -> None:
    assert real(name).help.splitlines()[0] == COMMANDS[name]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_every_option_has_help(name: str) -> None:
    for command in leaves(real(name)):
        assert command.help
        for parameter in command.params:
            assert parameter.help, f"{command.name}: {parameter.name}"
            assert parameter.help.endswith("."), f"{command.name}: {parameter.name}"


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_can_be_asked_for_its_help(runbook: Runbook, name: str) -> None:
    ended = runbook(name, "--help")

    assert ended.code == 0
    assert f"Usage: runbook {name}" in ended.out


def test_tracebacks_and_completion_are_off() -> None:
    group: Any = typer.main.get_command(app)

    assert app.pretty_exceptions_enable is False
    assert {parameter.name for parameter in group.params} == {"settings"}


def test_an_unknown_command_is_a_usage_error(runbook: Runbook) -> None:
    ended = runbook("approves")

    assert ended.code == Exit.USAGE
    assert "Did you mean 'approve'" in ended.err
