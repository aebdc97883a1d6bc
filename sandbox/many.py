"""Worlds one after the other in one program, for whoever needs many: `python -m sandbox --many`.

Each line on standard input names a new directory and is answered by `ready <world.json>`, or by
`failed <why>` on one line. After `database ` and a directory the world has a database too, a real
PostgreSQL; its roles are of one such world at a time. An empty line ends the oldest world, and the
end of input all of them.
"""

from __future__ import annotations

from collections import deque
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from sandbox.postgresql import open_database_server
from sandbox.world import World

if TYPE_CHECKING:
    from sandbox.world import Options

DATABASE = "database "


def serve_worlds(asked: TextIO, answers: TextIO, options: Options) -> None:
    """Make and end worlds as `asked` says, until it ends."""
    worlds: deque[World] = deque()
    with ExitStack() as stack:
        for line in asked:
            if not line.strip():
                worlds.popleft().close()
                continue
            folder = Path(line.strip().removeprefix(DATABASE))
            try:
                if line.startswith(DATABASE) and options.database is None:
                    # started for the first that asks, and kept for all after it
                    options = replace(options, database=stack.enter_context(open_database_server()))
                chosen = options if line.startswith(DATABASE) else replace(options, database=None)
                world = World.create(folder, options=chosen)
            except (OSError, RuntimeError) as error:
                answers.write(f"failed {' '.join(str(error).split())}\n")
            else:
                worlds.append(world)
                stack.callback(world.close)  # closing twice is harmless
                answers.write(f"ready {world.layout.world_json}\n")
            answers.flush()
