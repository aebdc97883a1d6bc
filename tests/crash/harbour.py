"""One Prefect server for all cases, with every deployment and no worker: the harness is that."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from demo import processes
from demo.database import give_database, keep_database
from demo.stage import CACHE, POOL, ROOT, SERVER_SECONDS
from flows.door import at_server
from flows.pool import make_pool
from flows.worker.settings import make_quick

FACTS = ("app", "anthropic_console")
"""What runbooks refer to as `platform.…`; a deployment's form needs them to be there."""


@dataclass
class Harbour:
    """Where the server is, and the environment that a worker of it would have."""

    folder: Path
    api_url: str
    variables: Mapping[str, str]
    server: processes.Program | None = None

    @property
    def database(self) -> Path:
        """All that Prefect keeps."""
        return self.folder / "prefect" / "prefect.db"

    def start(self) -> None:
        """Start the server, at the address it always has."""
        parts = urlsplit(self.api_url)
        where = ["--host", str(parts.hostname), "--port", str(parts.port)]
        arguments = ["demo.server", "start", *where]
        log = self.folder / "server.log"
        self.server = processes.start("server", arguments, log, self.variables, ROOT)
        processes.wait_for_url(f"{self.api_url}/health", self.server, SERVER_SECONDS)
        keep_database(self.database.parent, CACHE)

    def stop(self) -> None:
        """End the server, if it runs."""
        if self.server is not None:
            self.server.stop()
        self.server = None


@contextmanager
def open_harbour(folder: Path) -> Iterator[Harbour]:
    """Start the server below `folder`, deploy every runbook, and end it afterwards."""
    folder.mkdir(parents=True)
    (folder / "prefect").mkdir()
    give_database(folder / "prefect", CACHE)
    url = f"http://127.0.0.1:{processes.free_port()}"
    variables = _variables(folder, url)
    with ExitStack() as stack:
        harbour = Harbour(folder, variables["PREFECT_API_URL"], variables)
        stack.callback(harbour.stop)
        harbour.start()
        with at_server(variables["PREFECT_API_URL"]):
            make_pool(POOL)
        forms = {"RUNBOOK_SETTINGS": str(_settings_of_forms(folder))}
        deploy = ["prefect", "--no-prompt", "deploy", "--all"]
        processes.run(deploy, folder / "deploy.log", {**variables, **forms}, ROOT)
        yield harbour


def _settings_of_forms(folder: Path) -> Path:
    """Write what it takes to know the forms; each case has settings of its own."""
    named = ("runbooks", "runbooks/secrets.yaml", "runbooks/people.yaml")
    paths = zip(("runbooks", "catalogue", "people"), named, strict=True)
    path = folder / "runbook.yaml"
    settings = {name: str(ROOT / place) for name, place in paths}
    facts = dict.fromkeys(FACTS, "http://127.0.0.1")
    path.write_text(json.dumps({**settings, "platform": facts}))
    return path


def _variables(folder: Path, url: str) -> dict[str, str]:
    variables = {
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_API_URL": f"{url}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
        "PREFECT_LOGGING_TO_API_BATCH_INTERVAL": "0.2",
        "PREFECT_CLI_COLORS": "false",
    }
    make_quick(variables, folder)  # as the worker would whose place the harness takes
    return variables


class Nursery:
    """The forking process of one lane; `close` ends it."""

    def __init__(self, harbour: Harbour, log: Path) -> None:
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.crash.nursery"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                env=processes.environment(harbour.variables),
                cwd=ROOT,
                start_new_session=True,
            )
        self._answer(f"the nursery did not come up, see {log}")

    def fork(self, request: Mapping[str, Any]) -> int:
        """Start the process of a flow run and return its id."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        return int(self._answer("the nursery ended"))

    def close(self) -> None:
        """End it; what it forked is ended by the cases."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _answer(self, otherwise: str) -> bytes:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, otherwise
        return line.strip()


@dataclass
class Victim:
    """The process of one pick-up; the descriptor tells of its end even if its number is reused."""

    process: int
    handle: int | None

    @classmethod
    def of(cls, process: int) -> Victim:
        """Watch a process that was just forked."""
        try:
            return cls(process, os.pidfd_open(process))
        except ProcessLookupError:
            return cls(process, None)

    def is_gone(self, seconds: float = 0.0) -> bool:
        """Wait at most so long, and tell whether it has ended."""
        if self.handle is not None and select.select([self.handle], [], [], seconds)[0]:
            os.close(self.handle)
            self.handle = None
        return self.handle is None

    def send(self, number: int) -> None:
        """Send it a signal, unless it is gone."""
        if not self.is_gone() and self.handle is not None:
            from signal import pidfd_send_signal  # noqa: PLC0415 - Linux alone has it

            pidfd_send_signal(self.handle, number)
