"""`python -m demo.server start …`: Prefect's own server, without a gateway before it."""

from __future__ import annotations

import runpy
import sys

from gateway.garbage import collect_aside


def main() -> None:
    """Be `prefect server`, with garbage collected as behind the gateway."""
    collect_aside()
    sys.argv = ["prefect", "server", *sys.argv[1:]]
    runpy.run_module("prefect", run_name="__main__")


if __name__ == "__main__":
    main()
