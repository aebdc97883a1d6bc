"""The words of the pages that no case can write."""

from __future__ import annotations

HEAD = """# Crash matrix

Written by `make crash`; do not edit it by hand.

Each case is a whole run in a world of its own (the sandbox: real sops, git and age, doubles of the
rest), executed by the real flow process, `prefect.engine`, against a real Prefect server. The
process is ended with SIGKILL at one boundary. The harness plays the worker and the people: it looks
at the world as it lies there, reports the crash, lets the run be picked up, answers its gates, and
looks again at the end. Every second case is killed once more, a drawn number of boundaries after
the pick-up.

A boundary is a moment between two things the process does outwards: a ledger entry, a call of a
step's function, a program (before it starts, while it runs, after it), a request (before it is
sent, after it is answered), a file it writes or renames, a call of Prefect's API. None is listed by
hand: a dry pass crosses them all, waits at each until the world was looked at, and so tells which
of them differ. Two boundaries with the same world between them leave the same world behind, so the
matrix kills each runbook at the first boundary after every change of the world, at every program in
the middle of a change, before each ledger entry on the way forward, at each kind of act at least
once, and at some more that are drawn. `make crash ARGS=--every` kills at all of them.

Runbooks share their steps. Where several are played together, a case is left out of a later one if
an earlier one has its like: the same way, the same thing that happens, and the same act of the same
step function. Some of those are drawn and played all the same. The main jobs come first and have
the most. The page of each runbook has its numbers in full, and says how many cases were left to
the runbooks before it.
"""

WRITTEN = """Written by `make crash`; do not edit it by hand. [The list](../crash-matrix.md) says what a case, a
boundary and an invariant are.
"""

TABLES = {
    "dry": "without a kill, to find the boundaries",
    "forward": "killed on the way forward",
    "reject": "killed where the run is rejected",
    "back": "killed on the way back",
    "faults": "an outside system fails",
    "meanwhile": "something happens to the world meanwhile",
    "duels": "two processes at one run",
}

NOT_HELD = """
## What is not held

- A process that was put to sleep *between* its last look at the ledger and a request, and wakes
  after another took over, sends that one request. The ledger refuses everything it wants to write
  from then on, so it goes no further; the request itself cannot be called back. What keeps it
  harmless is that every effect is idempotent or refused when it is late: a push without force onto
  a branch that has moved, a Vaultwarden write with a stale revision, a restart or a deactivation
  that carries the same mark.
- A program that was started (`git push`) outlives its killed parent and may still have its effect.
  The harness waits for it before it looks.
- A full disk and a read-only folder are real (a small tmpfs, and a bind mount that the one process
  alone sees), and so take the right to mount; without it they are not played, and the table says
  so. The clock that steps is the engine's, in the flow's process alone.
- While the only pod of a workload is replaced, none is ready. I1 asks after pods that are.
"""

FOOT = """## To play one again

The choice of boundaries and of second kills follows from the seed. [Crashes](crashes.md) says how
to play the whole, a part, or one case again.
"""
