"""What a rehearsal tells of a case that does not end as expected, and what it never reaches."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from cli.shelf import Shelf
from engine.cases import Cases
from engine.errors import Refused
from rehearsal.files import Result, play_case
from rehearsal.loopback import loopback_only
from rehearsal.worlds import Worlds


def play(author: Shelf, worlds: Worlds, text: str) -> Result:
    from engine.loading import load  # noqa: PLC0415 - the one place of it here

    cases = load(text, "try.yaml", Cases)[0]
    return play_case(author, cases, cases.cases[0], worlds)


WRONG = """\
runbook: rotate-api-key
inputs: {secret: redis-password, reason: A rehearsal.}
cases:
  - case: everything that is expected is wrong
    decisions:
      - {gate: generate, decide: reject, by: petra}
      - {gate: revoke, decide: approve}
    troubles: [{from: verify, double: app, kind: drop}]
    expect:
      end: completed
      gates: [{gate: generate, to: [plana-admins], by: olga}]
      ran: [current, generate]
      failures: [{step: verify}]
      stores: {sops: new}
      world: {anthropic: {created: 7, keyes: []}}
"""


def test_everything_that_differs_is_told_at_once(author: Shelf, worlds: Worlds) -> None:
    result = play(author, worlds, WRONG)

    assert result.differences == (
        "end: expected completed, found rejected",
        "gates: generate: to: expected ('plana-admins',), found ('plana-staff', 'plana-admins')",
        "gates: generate: by: expected olga, found petra",
        "ran: expected current, generate, found current",
        "failures: expected verify, found none",
        "decisions: revoke was never asked, or not so often",
        "troubles: the turn of verify never came",
        "world.anthropic.created: expected 7, found 0",
        "world.anthropic: there is no keyes; there is keys, created, deactivations",
        "stores: sops: expected new, found old",
    )
    assert result.trail[-1] == "- run.ended engine"


def test_a_case_without_a_world_does_not_hold_and_says_why(author: Shelf) -> None:
    words = "failed PostgreSQL is not installed"
    no_sandbox = subprocess.Popen(  # noqa: S603 - this interpreter, and words of ours
        [sys.executable, "-c", f"input(); print({words!r}, flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with no_sandbox:
        result = play(author, Worlds(no_sandbox), WRONG)
        assert no_sandbox.stdin is not None
        no_sandbox.stdin.close()

    assert result.differences == ("the sandbox did not come up: PostgreSQL is not installed",)
    assert not result.holds


UNKNOWN = """\
runbook: rotate-api-key
inputs: {secret: redis-password, reason: A rehearsal.}
cases:
  - case: the sandbox is asked for what it does not know
    troubles: [{double: app, kind: explode}]
    expect: {end: completed}
"""


def test_a_trouble_the_sandbox_does_not_know_is_told_in_its_words(
    author: Shelf, worlds: Worlds
) -> None:
    result = play(author, worlds, UNKNOWN)

    assert result.differences[0].startswith(
        "end: expected completed, found refused (the sandbox knows no such trouble: kind: "
    )


IDLE = """\
runbook: rotate-api-key
inputs: {secret: redis-password, reason: A rehearsal.}
cases:
  - case: what goes wrong strikes nothing, and a pair is expected of what is none
    troubles: [{from: verify, double: app, path: /heath/redis, kind: status, status: 500}]
    expect: {end: completed, identifier: {sops: old}}
"""


def test_an_expectation_that_nothing_can_meet_and_a_trouble_without_effect_are_told(
    author: Shelf, worlds: Worlds
) -> None:
    assert play(author, worlds, IDLE).differences == (
        "troubles: app was never asked for any /heath/redis, so nothing went wrong there",
        "identifier: the secret is no half of a pair",
    )


HALF = """\
runbook: rotate-exoscale-key
inputs: {reason: A rehearsal.}
cases:
  - case: one half of the pair is expected to be what it was
    expect: {end: completed, identifier: {vaultwarden: old}}
"""


def test_the_other_half_of_a_pair_is_looked_at_by_itself(author: Shelf, worlds: Worlds) -> None:
    assert play(author, worlds, HALF).differences == (
        "identifier: vaultwarden: expected old, found new",
    )


UNDECIDED = """\
runbook: rotate-api-key
inputs: {secret: redis-password, reason: A rehearsal.}
cases:
  - case: a step fails and nobody says what follows
    troubles: [{from: sops, knob: break-pushes}]
    expect: {end: waiting}
"""


def test_a_failure_that_the_case_does_not_decide_ends_it(author: Shelf, worlds: Worlds) -> None:
    result = play(author, worlds, UNDECIDED)

    assert "`sops` failed, and the case does not say what is decided" in result.differences[0]


def test_nothing_but_this_machine_is_reached() -> None:
    with loopback_only():
        with pytest.raises(Refused, match=r"does not reach '192\.0\.2\.1'"):
            socket.create_connection(("192.0.2.1", 443), timeout=1)
        with pytest.raises(Refused, match=r"does not reach 'console\.example\.org'"):
            socket.getaddrinfo("console.example.org", 443)
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), timeout=5).close()


LOST = """\
runbook: rotate-api-key
inputs: {secret: redis-password, reason: "${{ world.nowhere }}"}
cases:
  - case: an input names what no world has
    expect: {end: refused, error: "`${{ world.nowhere }}` names nothing in this world"}
"""


def test_a_reference_that_names_nothing_is_told_before_the_run_starts(
    author: Shelf, worlds: Worlds
) -> None:
    assert play(author, worlds, LOST).differences == ()
