"""`make bench`: run every benchmark, one after the other, and write what they say to RESULTS.md."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

BENCHMARKS = ("ledger", "gateway", "resume")
PAGE = Path(__file__).with_name("RESULTS.md")


def main() -> int:
    """Return 0 if every benchmark came to its end."""
    parts = [_heading()]
    for name in BENCHMARKS:
        sys.stdout.write(f"benchmarks.{name}\n")
        told = subprocess.run(  # noqa: S603 - our own modules
            [sys.executable, "-m", f"benchmarks.{name}"], check=True, stdout=subprocess.PIPE
        ).stdout.decode()
        sys.stdout.write(told)
        parts.append(f"## {name}\n\n```text\n{told.rstrip()}\n```\n")
    PAGE.write_text("\n".join(parts), encoding="utf-8")
    return 0


def _heading() -> str:
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    return (
        "# Measured\n\n"
        f"Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, load before "
        f"the start {load}. Each line is from one run on one machine; the ratios are side by side, "
        "and say more than the numbers.\n"
    )


if __name__ == "__main__":
    sys.exit(main())
