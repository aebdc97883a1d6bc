"""What a runbook means, with no way to touch the world.

Values and functions of values: no file, no socket, no Prefect, no clock and no
randomness of its own, except that sealing draws an ephemeral key as age demands.
Everything here can be tested without a double.
"""
