"""Every place of a theatre that is searched, and what of it must be asked for in time."""

# ruff: noqa: S603, S607 - fixed programs, looked up as everywhere, arguments made here

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from demo.processes import environment
from demo.stage import ROOT
from tests.leaks.hints import told_digests, told_lengths
from tests.leaks.marker import Marker
from tests.leaks.scanner import Find, Scanner, files_below
from tests.leaks.theatre import Theatre

COLLECTIONS = (
    "flows",
    "flow_runs",
    "task_runs",
    "deployments",
    "artifacts",
    "artifacts/latest",
    "variables",
    "block_documents",
    "work_pools",
    "logs",
)
"""What the API can be asked for as a whole."""
RUNBOOK = "import sys; from cli.main import main; sys.exit(main())"


def ask_prefect(theatre: Theatre) -> None:
    """Keep all that Prefect's API tells: it may unfold what lies folded in the database."""
    api = theatre.api
    answers: dict[str, list[Any]] = {name: api.all(name) for name in COLLECTIONS}
    runs = [run["id"] for run in answers["flow_runs"]]
    answers["states"] = [api.get(f"/flow_run_states/?flow_run_id={run}") for run in runs]
    answers["inputs"] = [api.post(f"/flow_runs/{run}/input/filter", {"prefix": ""}) for run in runs]
    answers["events"] = list(api.events())
    theatre.lines, theatre.tasks = answers["logs"], answers["task_runs"]
    for name, answer in answers.items():
        theatre.texts[f"API, {name}"] = "\n".join(_words(answer))


def ask_runbook(theatre: Theatre) -> None:
    """Keep what `runbook` prints: of the ledger, and with every detail where systems fail it."""
    for command in ("audit show", "audit show --json", "audit export", "status"):
        _run(theatre, command, {0})
    theatre.world.faults.add("vaultwarden", "status", path="/identity/*", status=400, times=None)
    theatre.world.faults.add("anthropic", "half_body", times=None)
    for command in ("doctor", "recover anthropic-api-key"):
        _run(theatre, command, {1, 4})
    theatre.world.faults.clear()


def _run(theatre: Theatre, command: str, codes: set[int]) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", RUNBOOK, *command.split()],
        env=environment({**theatre.stage.variables, "RUNBOOK_DEBUG": "1"}),
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    said = (ended.stdout + ended.stderr).decode()
    assert ended.returncode in codes, said
    theatre.texts[f"runbook {command}"] = said


def search(theatre: Theatre, scanner: Scanner) -> list[Find]:
    """Return each marker in all that is left; only secrets' own files are not looked at."""
    layout = theatre.world.layout
    finds = scanner.in_folder(theatre.folder, besides=[layout.keys, layout.credentials])
    finds += scanner.in_bytes(_git_objects(layout.remote), "objects of the remote")
    for name, text in theatre.texts.items():
        finds += scanner.in_bytes(text.encode(errors="backslashreplace"), name)
    finds += scanner.in_bytes("\n".join(theatre.world.log.problems).encode(), "problems of doubles")
    return finds


def search_credentials(theatre: Theatre, markers: Iterable[Marker]) -> list[Find]:
    """Return each secret that lies in a file for another one."""
    layout, finds = theatre.world.layout, list[Find]()
    scanner = Scanner(markers)
    for file in [*files_below(layout.keys), *files_below(layout.credentials)]:
        own = file.read_text().splitlines()[-1]
        known = {form for form in markers if form.value == own}
        names = {marker.name for marker in known}
        finds += [find for find in scanner.in_file(file) if find.marker not in names]
    return finds


def search_hints(theatre: Theatre, markers: Iterable[Marker]) -> list[Find]:
    """Return each place in the ledger, in what runs wrote and in what was said that tells of one.

    Not in what Prefect's server wrote: it tells of the size of each of its own messages.
    """
    known, stage = tuple(markers), theatre.folder / "stage"
    files = [*stage.glob("ledger.db*"), stage / "logs" / "worker.log"]
    told = {str(path.relative_to(stage)): path.read_bytes() for path in files}
    told |= {name: text.encode(errors="replace") for name, text in theatre.texts.items()}
    return [
        find
        for name, text in told.items()
        for look in (told_lengths, told_digests)
        for find in look(text, name, known)
    ]


def _words(answer: Any) -> Iterator[str]:
    """Yield every text in an answer as it is, without the escapes of JSON."""
    if isinstance(answer, dict):
        for name, value in answer.items():
            yield from (name, *_words(value))
    elif isinstance(answer, list):
        for value in answer:
            yield from _words(value)
    else:
        yield str(answer)


def _git_objects(remote: Path) -> bytes:
    """Return every object, reachable or not, packed or not."""
    return subprocess.run(
        ["git", "-C", str(remote), "cat-file", "--batch", "--batch-all-objects", "--unordered"],
        capture_output=True,
        check=True,
    ).stdout
