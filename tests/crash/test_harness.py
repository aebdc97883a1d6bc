"""The parts of the crash harness that need no run to be tried."""

from __future__ import annotations

import random
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from demo.stage import ROOT
from sandbox.faults import Fault
from tests.crash import disk
from tests.crash.boundary import Boundary, normal
from tests.crash.cases import Case, Verdict
from tests.crash.choice import choose
from tests.crash.fleet import Fleet
from tests.crash.leaks import holds, spellings
from tests.crash.matrix import Matrix
from tests.crash.order import Kind, newest_first, without_alike
from tests.crash.page import write_pages
from tests.crash.record import Record, read_record, write_record

ENTRY = Boundary("entry", "sops", "before step.started")
PUSH = Boundary("program", "publish.run", "during git push", 2)


def test_a_boundary_comes_back_from_its_line() -> None:
    assert [Boundary.parse(each.line()) for each in (ENTRY, PUSH)] == [ENTRY, PUSH]


def test_names_that_differ_from_run_to_run_are_left_out_of_a_boundary() -> None:
    run = "PUT /runs/1f0c0000-0000-4000-8000-000000000001"

    assert normal(run) == "PUT /runs/<id>"
    assert normal("DELETE /v2/api-key/EXO0123456789abcdef01234567") == "DELETE /v2/api-key/<key>"


def test_a_record_comes_back_as_it_was_kept_but_for_the_values(tmp_path: Path) -> None:
    fault = Fault(double="app", kind="drop")
    verdict = Verdict(Case("try", at=PUSH, faults=(fault,)), edges=((ENTRY, PUSH),), values=("x",))
    verdict.hold("I1", claim=False, otherwise="a pod holds nothing")
    record = Record(tables={"forward": [verdict]})
    record.planned["forward try"] = 7

    write_record(record, tmp_path / "record")
    verdict.values, verdict.edges = (), ()  # nothing is chosen by the edges of a kill

    assert read_record(tmp_path / "record") == record


def test_what_an_earlier_part_has_played_is_taken_over_once() -> None:
    old, new = Verdict(Case("try", at=ENTRY)), Verdict(Case("try", at=PUSH))
    record = Record(tables={"forward": [new]})

    record.add(Record(tables={"forward": [old, Verdict(Case("try", at=PUSH))]}))

    assert [each.case.at for each in record.tables["forward"]] == [PUSH, ENTRY]


def test_each_runbook_has_a_page_and_the_list_tells_what_the_pages_say(tmp_path: Path) -> None:
    played = [Verdict(Case("rotate-api-key", at=PUSH), kills=1), Verdict(Case("add-secret"))]
    played[0].hold("I1", claim=False, otherwise="a pod holds nothing")
    for verdict in played:
        record = Record(tables={"forward": [verdict]}, day="2026-11-26")
        record.plan("forward", [verdict.case, Case(verdict.case.runbook, at=ENTRY)])
        record.alike["forward add-secret"] = 17
        fleet = Fleet(ProcessPoolExecutor(1))  # starts nothing before it has a case
        write_pages(Matrix(fleet, [verdict.case.runbook], 7, record=record), tmp_path / "pages")

    told = (tmp_path / "pages.md").read_text()
    numbers = "1 of 2, the boundaries that differ | 1 | 1 | 1 | 0 | none | 2026-11-26"
    assert f"| [rotate-api-key](pages/rotate-api-key.md) | {numbers} |" in told
    assert "| [add-secret](pages/add-secret.md) | 1 of 2, " in told
    assert "| offboard-staff | not played as a whole |" in told
    pages = [(tmp_path / "pages" / f"{n}.md").read_text() for n in ("rotate-api-key", "add-secret")]
    assert "a pod holds nothing" in pages[0]
    assert [text.count("have their like | 17 |") for text in pages] == [0, 1]


def test_a_part_begins_with_what_no_runbook_has_had_yet() -> None:
    again = Boundary("entry", "write", "before step.started")
    uses = {"one": {"sops": "sops.set"}, "two": {"write": "sops.set", "publish": "git.publish"}}
    known, new = Case("two", at=again), Case("two", at=PUSH)

    for seed in range(9):  # whatever order is drawn
        rng = random.Random(seed)  # noqa: S311 - repeatable on purpose
        assert newest_first([known, new], [Case("one", at=ENTRY)], uses, rng) == [new, known]


def test_a_kill_falls_on_the_first_boundary_after_a_change_and_on_a_program_amid_it() -> None:
    looks = [Boundary("request", "sops.probe", "after GET /", number) for number in range(1, 60)]
    dry = Verdict(Case("try"), trace=(ENTRY, PUSH, *looks), edges=((PUSH, looks[40]),))

    chosen = choose(dry, random.Random(1), extra=12, among=dry.trace).chosen  # noqa: S311 - repeatable

    assert {ENTRY, PUSH, looks[40]} <= set(chosen)
    assert len(chosen) < len(looks)


def test_a_runbook_leaves_out_what_an_earlier_one_has_the_like_of() -> None:
    check = Boundary("program", "preflight of git.publish 2", "before git push")
    mint = Boundary("request", "mint.run", "after POST /keys")
    first = [Case("first", at=at) for at in (PUSH, check, mint)]
    known: set[Kind] = set()
    rng = random.Random(1)  # noqa: S311 - repeatable
    assert without_alike(first, known, {"publish": "git.publish", "mint": "mint"}, rng, 4) == first

    other = replace(mint, what="after POST /other-keys")
    second = [
        Case("second", at=at, second=7)
        for at in (
            *[replace(PUSH, place="push.run", occurrence=n) for n in range(9)],
            replace(check, place="preflight of git.publish"),
            mint,
            other,
        )
    ]
    uses = {"push": "git.publish", "mint": "mint"}
    kept = without_alike(second, known, uses, rng, 4)

    assert Case("second", at=other, second=7) in kept
    assert len(kept) == 1 + 4
    assert without_alike([replace(kept[0], way="back")], known, uses, rng, 4) == [
        replace(kept[0], way="back")
    ]


def test_a_system_that_is_down_is_another_case_for_each_system() -> None:
    app, vault = (
        [Case("try", faults=(Fault(double=d, kind="drop"),))] for d in ("app", "vaultwarden")
    )
    known: set[Kind] = set()

    for cases in (app, vault):
        assert without_alike(cases, known, {}, random.Random(1), 4) == cases  # noqa: S311 - repeatable


@pytest.mark.parametrize("text", ["c2VjcmV0LXZhbHVl", "secret-value", "7365637265742d76616c7565"])
def test_a_value_is_found_in_each_spelling_it_travels_in(text: str) -> None:
    assert holds(f"log: {text}".encode(), spellings("secret-value"))


def test_a_full_disk_takes_nothing_more(tmp_path: Path) -> None:
    if not disk.mount(tmp_path):
        pytest.skip("this account may not mount; the page then says what was not played")
    try:
        disk.fill(tmp_path)
        with pytest.raises(OSError, match="No space left"):
            (tmp_path / "more").write_bytes(b"x" * 8192)
        disk.empty(tmp_path)
        (tmp_path / "more").write_bytes(b"x" * 8192)
    finally:
        disk.unmount(tmp_path)


def test_a_folder_is_read_only_for_one_process_alone(tmp_path: Path) -> None:
    if not disk.may_mount():
        pytest.skip("this account may not mount; the page then says what was not played")
    ended = _alone(
        "from tests.crash.disk import protect; import sys, pathlib; protect(sys.argv[1]);"
        "pathlib.Path(sys.argv[1], 'file').write_text('x')",
        str(tmp_path),
    )

    assert "Read-only file system" in ended.stderr
    (tmp_path / "file").write_text("x")


def test_the_clock_steps_for_the_engine_and_nobody_else() -> None:
    ended = _alone(
        "from datetime import UTC, datetime; from adapters.ledger import store;"
        "from tests.crash.clock import step_clock; step_clock(-7200);"
        "print(round((datetime.now(UTC) - store.utc_now()).total_seconds() / 3600))"
    )

    assert ended.stdout == "2\n"


def _alone(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
