"""The YAML of a file reads the same with libyaml and without it, place by place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from engine import source
from engine.findings import Invalid
from engine.source import parse

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "runbooks").rglob("*.yaml"))
WORDS = st.text("abéß猫😀 :-#'\"{}[]|>&*!%@\t\n0.~", max_size=60)


@pytest.mark.skipif(source.FAST is yaml.SafeLoader, reason="this PyYAML has no libyaml")
@pytest.mark.parametrize("file", SHIPPED, ids=lambda each: each.name)
def test_every_shipped_file_reads_the_same(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = parse(file.read_bytes(), file.name)
    monkeypatch.setattr(source, "FAST", yaml.SafeLoader)

    assert fast == parse(file.read_bytes(), file.name)


@given(WORDS)
def test_what_can_be_read_without_libyaml_is_the_same_with_it(text: str) -> None:
    fast = _data(f"key: {text}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "FAST", yaml.SafeLoader)
        slow = _data(f"key: {text}")
    if slow is not None:
        assert fast == slow


def test_what_libyaml_refuses_is_told_in_the_words_of_the_other_parser() -> None:
    with pytest.raises(Invalid, match="found character '@' that cannot start any token"):
        parse("key: @", "a.yaml")


def _data(text: str) -> Any:
    """Return what stands there; None where it is refused."""
    try:
        return parse(text, "a.yaml").data
    except Invalid:
        return None
