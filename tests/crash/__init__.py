"""The crash matrix: a run is killed at every boundary it has, and nothing may be lost or doubled.

Production code has no hook for this. `tripwire` goes into the process of one flow run and counts
what that does outwards; the harness plays the worker and the people, kills the process at one
boundary, holds the world that is left to the invariants, and lets the run go on. Boundaries are
found by a dry pass, so a new step is covered from the day it is written.
"""
