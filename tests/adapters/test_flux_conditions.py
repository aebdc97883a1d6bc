"""What revisions and conditions of Flux mean, judged on plain values."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.flux.conditions import LONGEST_MESSAGE, ready_of, scrub
from adapters.flux.revision import commit_of, contains, is_same

OURS, LATER, FOREIGN = "a" * 40, "b" * 40, "c" * 40


def follows(later: str, earlier: str) -> bool:
    return (later, earlier) == (LATER, OURS)


@pytest.mark.parametrize(
    ("revision", "commit"),
    [
        (f"main@sha1:{OURS}", OURS),
        (f"refs/heads/main@sha1:{OURS}", OURS),
        (f"main/{OURS}", OURS),
        (f"sha1:{OURS}", OURS),
        (OURS, OURS),
        (f"main@sha256:{OURS}{'d' * 24}", f"{OURS}{'d' * 24}"),
        ("main@sha1:abc", ""),
        (f"main@sha1:{OURS}x", ""),
        ("", ""),
    ],
)
def test_commit_is_read_from_every_spelling(revision: str, commit: str) -> None:
    assert commit_of(revision) == commit


def test_same_and_later_commits_contain_ours_and_foreign_ones_do_not() -> None:
    assert contains(f"main@sha1:{OURS}", OURS, is_same)
    assert contains(f"main@sha1:{LATER}", OURS, follows)
    assert not contains(f"main@sha1:{LATER}", OURS, is_same)
    assert not contains(f"main@sha1:{FOREIGN}", OURS, follows)
    assert not contains("", OURS, follows)


def flux_object(status: str = "True", reason: str = "Succeeded", **changes: Any) -> dict[str, Any]:
    condition = {"type": "Ready", "status": status, "reason": reason, "message": "m"}
    condition |= changes.pop("condition", {})
    inner = {"observedGeneration": 2, "conditions": [condition], **changes}
    return {"metadata": {"generation": 2}, "status": inner}


@pytest.mark.parametrize(
    ("document", "holds", "has_failed"),
    [
        (flux_object(), True, False),
        (flux_object(observedGeneration=1), False, False),
        (flux_object(condition={"observedGeneration": 1}), False, False),
        (flux_object("Unknown", "Progressing"), False, False),
        (flux_object("False", "HealthCheckFailed"), False, True),
        (flux_object("False", "DependencyNotReady"), False, False),
        (flux_object("False", "BuildFailed", observedGeneration=1), False, False),
        ({"metadata": {"generation": 1}}, False, False),
    ],
)
def test_ready_is_read_for_the_present_generation_only(
    document: Any, *, holds: bool, has_failed: bool
) -> None:
    ready = ready_of(document)

    assert ready.holds is holds
    assert ready.has_failed is has_failed


def test_busy_is_unknown_for_the_present_generation_only() -> None:
    assert ready_of(flux_object("Unknown", "Progressing")).is_busy
    assert not ready_of(flux_object("Unknown", "Progressing", observedGeneration=1)).is_busy
    assert not ready_of(flux_object("False", "BuildFailed")).is_busy


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("kustomize build\n  failed", "kustomize build failed"),
        ('Invalid value: "hunter2 and more": bad', "Invalid value: …: bad"),
        ("invalid value: hunter2", "invalid value: …"),
        ("token sk-ant-api03-abcdefghij0123456789 rejected", "token … rejected"),
        ("fetch https://bot:hunter2@git.example/x", "fetch https://…@git.example/x"),
        (f"applied {OURS}", f"applied {OURS}"),
        (
            "Deployment/ai-bos-agent/ai-agents not ready",
            "Deployment/ai-bos-agent/ai-agents not ready",
        ),
    ],
)
def test_messages_lose_what_may_be_a_secret(message: str, shown: str) -> None:
    assert scrub(message) == shown


def test_messages_are_cut() -> None:
    assert len(scrub("word " * 100)) == LONGEST_MESSAGE
