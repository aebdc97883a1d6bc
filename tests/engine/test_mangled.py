"""Whatever a runbook was mangled into, reading it gives findings with places, never a fault."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.platform import Platform
from adapters.settings import Settings
from engine.checks import read_runbook
from engine.findings import Finding, Invalid
from engine.runbook import Runbook

SHIPPED = [
    yaml.safe_load(path.read_text())
    for path in sorted((Path(__file__).resolve().parents[2] / "runbooks").glob("rotate-*.yaml"))
]
PLATFORM = Platform(Settings())
JUNK: list[Any] = [
    *(None, True, -5, 10**30, 1.5, float("inf"), "", "none", "A B", "é" * 50, "4h"),
    *("${{", "${{ a }}", "${{ steps.current.value }}", "${{ secret }}", "${{ inputs.reason }}"),
    *([], {}, [1], {"a": 1}, {"x": {"y": [{}]}}),
]


def _paths(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    children = (
        data.items()
        if isinstance(data, dict)
        else enumerate(data)
        if isinstance(data, list)
        else ()
    )
    for key, value in children:
        yield from _paths(value, (*path, key))


@st.composite
def mangled(draw: st.DrawFn) -> str:
    data = deepcopy(draw(st.sampled_from(SHIPPED)))
    for _ in range(draw(st.integers(1, 4))):
        *above, last = draw(st.sampled_from(list(_paths(data))))
        place = data
        for part in above:
            place = place[part]
        if draw(st.booleans()):
            del place[last]
        else:
            place[last] = deepcopy(draw(st.sampled_from(JUNK)))
    return yaml.safe_dump(data, allow_unicode=True)


@settings(max_examples=200, deadline=None)
@given(mangled())
def test_a_mangled_runbook_is_read_or_told_what_is_wrong_and_where(text: str) -> None:
    findings: tuple[Finding, ...] = ()
    try:
        runbook: Runbook | None = read_runbook(text, "mangled.yaml", PLATFORM.around)[0]
    except Invalid as invalid:
        runbook, findings = None, invalid.findings

    last = len(text.splitlines())
    assert (runbook is None) == bool(findings)
    assert all(1 <= finding.place.line <= last and finding.message for finding in findings)
