"""Worlds one after the other in one program, for whoever needs many: `python -m sandbox --many`.

Each line on standard input names a new directory and is answered by `ready <world.json>`, or by
`failed <why>` on one line. An empty line ends the oldest world, and the end of input all of them.
"""

from __future__ import annotations

from collections import deque
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from sandbox.world import World

if TYPE_CHECKING:
    from sandbox.world import Options


def serve_worlds(asked: TextIO, answers: TextIO, options: Options) -> None:
    """Make and end worlds as `asked` says, until it ends."""
    worlds: deque[World] = deque()
    with ExitStack() as stack:
        for line in asked:
            if not line.strip():
                worlds.popleft().close()
                continue
            try:
                world = World.create(Path(line.strip()), options=options)
            except (OSError, RuntimeError) as error:
                answers.write(f"failed {' '.join(str(error).split())}\n")
            else:
                worlds.append(world)
                stack.callback(world.close)  # closing twice is harmless
                answers.write(f"ready {world.layout.world_json}\n")
            answers.flush()
