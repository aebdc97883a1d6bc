"""`make bench`: run the benchmarks, one after the other, and write what they say to RESULTS.md.

`make bench ARGS="waiting resume"` runs these alone and leaves what the page has of the others.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

BENCHMARKS = ("ledger", "gateway", "resume", "at_once", "waiting", "recovery", "steps", "growth")
PAGE = Path(__file__).with_name("RESULTS.md")
PLOTS = {"waiting": ("waiting",), "steps": ("steps",), "growth": ("ledger", "catalogue")}
"""The pictures that a benchmark draws."""
HEADING = (
    "# Measured\n\n"
    "Written by `make bench`. Each part is from one run on one machine; the ratios are side by side, "
    "in one run, and say more than the numbers.\n"
)


def main() -> int:
    """Return 0 if every benchmark that was asked for came to its end."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(BENCHMARKS)}")
    names = parser.parse_args().names or BENCHMARKS
    for name in set(names) - set(BENCHMARKS):
        parser.error(f"there is no benchmark {name}")
    for name in names:
        sys.stdout.write(f"benchmarks.{name}\n")
        before = surroundings()
        put(PAGE, name, before, tell(name))
    return 0


def tell(name: str) -> str:
    """Run a benchmark, print what it says as it says it, and return that."""
    call = [sys.executable, "-m", f"benchmarks.{name}"]
    said = []
    with subprocess.Popen(call, stdout=subprocess.PIPE, encoding="utf-8") as running:  # noqa: S603
        assert running.stdout is not None
        for line in running.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            said.append(line)
    if running.returncode != 0:
        raise subprocess.CalledProcessError(running.returncode, call)
    return "".join(said)


def surroundings() -> str:
    """Return when and on what this is measured, and what else the machine does."""
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.system()} "
        f"{platform.machine()}, Python {platform.python_version()}, load before the start {load}."
    )


def put(page: Path, name: str, before: str, told: str) -> None:
    """Put what a benchmark said on the page, in the place of what it said last time."""
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    parts = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    pictures = [f"![{each}]({each}.svg)\n" for each in PLOTS.get(name, ()) if _drawn(page, each)]
    body = [f"\n{before}\n", f"```text\n{told.rstrip()}\n```\n", *pictures]
    parts[name] = "\n".join(body)
    ordered = [f"## {each}\n{parts[each].rstrip()}\n" for each in BENCHMARKS if each in parts]
    page.write_text("\n".join([HEADING, *ordered]).rstrip() + "\n", encoding="utf-8")


def _drawn(page: Path, name: str) -> bool:
    return page.with_name(f"{name}.svg").exists()


if __name__ == "__main__":
    sys.exit(main())
