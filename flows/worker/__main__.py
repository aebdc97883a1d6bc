"""`python -m flows.worker --pool oncall`."""

from __future__ import annotations

import sys

from flows.worker.main import main

if __name__ == "__main__":
    sys.exit(main())
