"""A durable workflow of DBOS with so many steps, each one request; prints its seconds.

`python dbos_steps.py DATABASE_URL ADDRESS STEPS`
"""

import sys
import time
import urllib.request

from dbos import DBOS

DATABASE, ADDRESS, STEPS = sys.argv[1], sys.argv[2], int(sys.argv[3])
DBOS(config={"name": "bench", "system_database_url": DATABASE, "log_level": "ERROR"})


@DBOS.step()
def ask() -> int:
    """Send the request."""
    with urllib.request.urlopen(ADDRESS) as response:  # noqa: S310 - loopback
        return int(response.status)


@DBOS.workflow()
def work(steps: int) -> float:
    """Return the seconds that all the steps took."""
    began = time.perf_counter()
    for _ in range(steps):
        ask()
    return time.perf_counter() - began


DBOS.launch()
work(3)  # the first one pays for imports and connections
sys.stdout.write(f"{work(STEPS)}\n")
DBOS.destroy()
