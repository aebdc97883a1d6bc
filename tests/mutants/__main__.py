"""`make mutants`: break the code on purpose, and see that the suite sees it."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.mutants.breakages import BREAKAGES, Breakage

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (
    "engine", "adapters", "flows", "gateway", "cli", "sandbox", "demo", "runbooks", "tests", "docs",
)  # fmt: skip
NO_TEST_RAN = frozenset({2, 3, 4, 5})
"""Exit codes of pytest that say nothing about the code: interrupted, broken, or nothing found."""


class CannotBreak(Exception):
    """A breakage that does not fit the code any more."""


def main() -> int:
    """Return 0 if every breakage was caught each time."""
    wanted = _arguments()
    chosen = [each for each in BREAKAGES if wanted.only in each.sentence]
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        copy = Path(name) / "tree"
        _copy(copy)
        for each in chosen:
            broken(copy, each)  # all are looked at before the first is tried
        for test in dict.fromkeys(each.test for each in chosen):
            if _is_red(copy, test):
                sys.stdout.write(f"{test} is red on the code as it is: mend that first\n")
                return 1
        missed = [each for each in chosen if not _is_caught(copy, each, wanted.runs)]
    sys.stdout.write(f"{len(chosen) - len(missed)} of {len(chosen)} breakages were caught\n")
    return 1 if missed or not chosen else 0


def broken(tree: Path, breakage: Breakage) -> str:
    """Return the file with the breakage in it; raise `CannotBreak` unless its text is there once."""
    text = (tree / breakage.file).read_text()
    times = text.count(breakage.old)
    if times != 1:
        raise CannotBreak(
            f"{breakage.file} has the text of '{breakage.sentence}' {times} times, not once: "
            "bring tests/mutants/breakages.py up to date"
        )
    return text.replace(breakage.old, breakage.new)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--only", default="", help="those whose sentence has this text")
    parser.add_argument("--runs", type=int, default=1, help="how often each is tried")
    return parser.parse_args()


def _copy(tree: Path) -> None:
    for name in ROOMS:
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(ROOT / "pyproject.toml", tree)


def _is_caught(tree: Path, breakage: Breakage, runs: int) -> bool:
    file = tree / breakage.file
    before, after = file.read_text(), broken(tree, breakage)
    file.write_text(after)
    try:
        caught = sum(_is_red(tree, breakage.test) for _ in range(runs))
    finally:
        file.write_text(before)
    word = "caught" if caught == runs else f"NOT CAUGHT in {runs - caught} of {runs} runs"
    sys.stdout.write(f"{word}: {breakage.sentence} ({breakage.test})\n")
    sys.stdout.flush()
    return caught == runs


def _is_red(tree: Path, test: str) -> bool:
    """Tell whether the test file fails in the copy, which remembers nothing of other runs."""
    shutil.rmtree(tree / ".hypothesis", ignore_errors=True)
    plugins = ["-p", "no:cacheprovider", "-p", "tests.mutants.unshrunk"]
    arguments = ["-m", "pytest", "-x", "-q", *plugins, test]
    # the copy comes before the project that is installed, and no compiled file is older than it says
    given = {**_clean(os.environ.items()), "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, *arguments],
        cwd=tree,
        env=given,
        check=False,
        capture_output=True,
        text=True,
    )
    if ended.returncode in NO_TEST_RAN:
        raise CannotBreak(f"{test} did not run:\n{ended.stdout}{ended.stderr}")
    return ended.returncode != 0


def _clean(variables: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name: text for name, text in variables if not name.startswith("PYTEST_")}


if __name__ == "__main__":
    sys.exit(main())
