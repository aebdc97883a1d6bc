"""Worlds to rehearse in: the sandbox as a program of its own, and the line to each world of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from engine.errors import Refused

ROOT = Path(__file__).resolve().parent.parent
PASSED_ON = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "TZ")
"""Variables the sandbox gets from here; no setting and no credential is among them."""
SECONDS = 30.0
"""Until a world must have answered."""


@dataclass(frozen=True)
class World:
    """One made-up world: its map of itself, and its control server."""

    facts: Mapping[str, Any]
    """Addresses and paths; no secret."""
    control: httpx.Client

    def trouble(self, request: Mapping[str, Any]) -> str:
        """Let something go wrong and return its name, where it is one that strikes requests.

        Raises `Refused` with the sandbox's words if it knows no such.
        """
        path = "/sandbox/knobs" if "knob" in request else "/sandbox/faults"
        answer = self.control.post(path, json=dict(request))
        if answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
            details = answer.json()["details"]
            wrong = "; ".join(f"{_spelled(each['loc'])}: {each['msg']}" for each in details)
            raise Refused(f"the sandbox knows no such trouble: {wrong}")
        answer.raise_for_status()
        return "" if "knob" in request else str(answer.json()["id"])

    def struck(self) -> set[str]:
        """Name what goes wrong by request and has done so at least once since it was mended."""
        listed = self.control.get("/sandbox/faults").raise_for_status().json()
        return {each["id"] for each in listed if each["hits"]}

    def mend(self, knobs: list[Mapping[str, Any]]) -> None:
        """Put right what goes wrong: every fault, and the knobs that were turned."""
        self.control.delete("/sandbox/faults").raise_for_status()
        for knob in knobs:
            self.control.post("/sandbox/knobs", json={**knob, "on": False}).raise_for_status()

    def state(self) -> Any:
        """Return counts, ids and states of every double, once nothing is on its way any more."""
        self.control.post("/sandbox/settle").raise_for_status()
        return self.control.get("/sandbox/state").raise_for_status().json()

    def holdings(self, place: Mapping[str, Any]) -> dict[str, str]:
        """Return by place the name of the value that it holds (`sandbox.holdings`)."""
        answer = self.control.post("/sandbox/holdings", json=dict(place)).raise_for_status()
        return dict(answer.json())

    def make_value(self, double: str, path: str, body: Mapping[str, Any], take: str) -> str:
        """Ask a double for a value, as a person does in a browser; raise `Refused` if it gives none."""
        if double not in self.facts["urls"]:
            known = ", ".join(self.facts["urls"])
            raise Refused(f"the sandbox has no double {double}", hint=f"There are: {known}.")
        url = f"{self.facts['urls'][double]}{path}"
        answer = httpx.post(url, json=dict(body), headers={"accept": "application/json"})
        if not answer.is_success:
            raise Refused(f"{double} answered POST {path} with {answer.status_code}")
        value = answer.json().get(take)
        if not isinstance(value, str):
            raise Refused(f"the answer of {double} to POST {path} has no text {take}")
        return value


@dataclass(frozen=True)
class Worlds:
    """A running sandbox that makes worlds."""

    program: subprocess.Popen[str]

    @contextmanager
    def make(self, folder: Path, *, database: bool = False) -> Iterator[World]:
        """Yield a new world in a new folder and end it; raise `Refused` if there is none.

        With `database` it has a real PostgreSQL, and is the only such world at that time.
        """
        facts = json.loads(self._ask(f"{'database ' if database else ''}{folder}").read_text())
        with httpx.Client(base_url=facts["urls"]["control"], timeout=SECONDS) as control:
            try:
                yield World(facts, control)
            finally:
                self._say("")

    def _ask(self, line: str) -> Path:
        self._say(line)
        assert self.program.stdout is not None
        word, _, rest = self.program.stdout.readline().strip().partition(" ")
        if word != "ready":
            raise Refused(f"the sandbox did not come up: {rest or 'it ended'}")
        return Path(rest)

    def _say(self, line: str) -> None:
        assert self.program.stdin is not None
        self.program.stdin.write(f"{line}\n")
        self.program.stdin.flush()


@contextmanager
def open_worlds() -> Iterator[Worlds]:
    """Start a sandbox that makes worlds, and end it with all of them."""
    known = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    here = f"{Path(sys.executable).parent}{os.pathsep}{known.get('PATH', os.defpath)}"
    program = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--many"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**known, "PATH": here},
        cwd=ROOT,
        start_new_session=True,  # so that ^C reaches the rehearsal first, which ends its worlds
    )
    try:
        yield Worlds(program)
    finally:
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdin.close()  # the end of input is the end of every world
        program.wait()
        program.stdout.close()


def _spelled(place: list[str | int]) -> str:
    return ".".join(map(str, place)) or "it"
