"""What the commits say, what they must not hold, and which ones are not believed."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from engine.errors import Refused
from tests.adapters import infra as world
from tests.adapters.infra import FILE, NEW, OLD, Infra

KEY = '["ai_agents"]["anthropic_api_key"]'


@pytest.fixture
def infra(tmp_path: Path) -> Infra:
    return world.build(tmp_path)


def _message(infra: Infra, commit: str) -> str:
    return infra.in_remote("log", "-1", "--format=%B", commit)


def _trailers(infra: Infra, commit: str) -> list[str]:
    return infra.in_remote("log", "-1", "--format=%(trailers)", commit).splitlines()


def test_the_commit_says_who_and_where_but_not_what(infra: Infra) -> None:
    world.store(infra)
    step = infra.steps()["git.publish"]
    asked = world.call(step="publish")

    outputs = step.run(world.params(step), replace(asked, head="sha256:abc")).outputs

    assert _trailers(infra, outputs.commit) == [
        "Runbook-Run: run-1",
        "Runbook-Key: run-1/publish",
        "Runbook-Step: publish",
        f"Runbook-Change: {FILE}#{KEY}",
        "Started-By: petra.ops",
        "Approved-By: ada",
        "Approved-By: bob",
        "Ledger-Head: sha256:abc",
    ]


def test_a_strange_commit_on_the_pending_branch_is_not_published(infra: Infra) -> None:
    world.store(infra)
    infra.commit({"evil": b"x"}, branch="rotate/run-1")

    with pytest.raises(Refused, match="not made by this run"):
        world.publish(infra)


def test_a_change_the_trailers_do_not_name_is_not_published(infra: Infra) -> None:
    world.store(infra)
    text = f"forged\n\nRunbook-Run: run-1\nRunbook-Change: {FILE}#{KEY}\n"
    infra.commit({"evil": b"x"}, branch="rotate/run-1", text=text)

    with pytest.raises(Refused, match="changes evil too"):
        world.publish(infra)


def test_a_pending_branch_that_someone_merged_is_told(infra: Infra) -> None:
    pending = world.store(infra).commit
    infra.in_remote("update-ref", "refs/heads/main", pending)

    with pytest.raises(Refused, match="mark the step done by hand"):
        world.publish(infra)


def test_a_name_cannot_forge_a_trailer(infra: Infra) -> None:
    names = ("ada\nRunbook-Key: stolen", "bob\r\u2028Ledger-Head: x\x1b[0m", "\n\n")
    world.store(infra)
    step = infra.steps()["git.publish"]
    asked = world.call(step="publish", started_by="eve\n\nRunbook-Run: run-2", approved_by=names)

    commit = step.run(world.params(step), asked).outputs.commit

    lines = _message(infra, commit).splitlines()
    assert [line for line in lines if line.startswith("Runbook-Run:")] == ["Runbook-Run: run-1"]
    assert [line for line in lines if line.startswith("Runbook-Key:")] == [
        "Runbook-Key: run-1/publish"
    ]
    assert "Started-By: eve Runbook-Run: run-2" in lines
    assert "Approved-By: bob Ledger-Head: x [0m" in lines
    assert not world.is_done(
        world.probe(step, world.params(step), world.call("run-2", step="publish"))
    )


def test_a_trailer_counts_only_for_its_own_run_and_key(infra: Infra) -> None:
    world.store(infra)
    world.publish(infra)
    step = infra.steps()["git.publish"]

    for other in (world.call("run", step="publish"), world.call(key="run-1/pub")):
        assert not world.is_done(world.probe(step, world.params(step), other))


def test_no_cleartext_is_in_any_git_object(infra: Infra) -> None:
    world.store(infra)
    infra.commit({FILE: infra.edited('["redis"]["password"]', "redis-by-petra")})
    world.rollback(infra, world.publish(infra))

    held = infra.objects()
    assert b"rotate anthropic-api-key" in held
    for value in (OLD, NEW, "redis-by-petra"):
        raw = value.encode()
        forms = (
            raw,
            base64.b64encode(raw),
            quote(value).encode(),
            json.dumps(value)[1:-1].encode(),
        )
        assert not any(form in held for form in forms)


def test_a_run_whose_name_is_no_branch_is_refused(infra: Infra) -> None:
    step = infra.steps()["git.publish"]

    for run in ("a b", "../main", "-x", "a..b", ""):
        with pytest.raises(Refused, match="cannot name a branch"):
            world.probe(step, world.params(step), world.call(run, step="publish"))
