"""A runbook played offline: the engine's own moves, in a made-up world, as a case file says.

It may import `flows` where that knows no Prefect, `adapters` and `engine`. The world is the
sandbox, started as a program of its own and steered over its control server.
"""
