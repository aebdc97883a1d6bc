"""The breakages fit the code as it is; `make mutants` tries whether they are caught."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.mutants.__main__ import CannotBreak, broken
from tests.mutants.breakages import BREAKAGES, Breakage


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda each: each.sentence)
def test_a_breakage_changes_its_file_and_names_a_test(root: Path, breakage: Breakage) -> None:
    assert broken(root, breakage) != (root / breakage.file).read_text()
    assert (root / breakage.test).is_file()


def test_a_breakage_whose_text_is_gone_is_refused(root: Path) -> None:
    stale = replace(BREAKAGES[0], old="text that the code does not have")

    with pytest.raises(CannotBreak, match="0 times, not once"):
        broken(root, stale)


def test_a_breakage_whose_text_is_there_twice_is_refused(root: Path) -> None:
    vague = replace(BREAKAGES[0], old="return")

    with pytest.raises(CannotBreak, match="times, not once"):
        broken(root, vague)
