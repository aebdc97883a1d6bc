"""What the pages say of the clock of gates and of renewals is what is deployed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("docs/gateway.md", r"`watch-gates` is one short run\s+every (\d+) s"),
        ("docs/architecture.md", r"`flows/watch.py` .* a schedule of (\d+) s"),
        ("README.md", r"`watch-gates`, which runs every (\d+) s"),
    ],
)
def test_the_clock_of_gates_goes_as_the_pages_say(page: str, words: str) -> None:
    deployed = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    [clock] = [each for each in deployed if each["name"] == "watch-gates"]

    [told] = re.findall(words, (ROOT / page).read_text())
    assert int(told) == clock["schedules"][0]["interval"]


def test_a_page_names_runbooks_that_there_are_for_renewals() -> None:
    text = (ROOT / "docs" / "keeping-watch.md").read_text()

    named = set(re.findall(r"^    runbook: (\S+)$", text, re.MULTILINE))
    assert named
    assert all((ROOT / "runbooks" / f"{each}.yaml").is_file() for each in named)


def test_the_image_that_kustomize_does_not_reach_is_told() -> None:
    folder = ROOT / "deploy" / "kubernetes"
    pool = json.loads((folder / "work-pool.json").read_text())["variables"]["properties"]
    [image] = yaml.safe_load((folder / "kustomization.yaml").read_text())["images"]

    assert pool["image"]["default"] == f"{image['name']}:{image['newTag']}"
    assert "write your image\ninto `work-pool.json` too" in (ROOT / "docs/scaling.md").read_text()
