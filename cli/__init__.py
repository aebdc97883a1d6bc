"""What an operator types: one module a command, and one table of them in `cli.main`.

A command asks `adapters.platform` what there is, the ledger what was, and `flows.door` what
Prefect does; it decides nothing itself. Until a command is chosen none of that is imported, so
that `runbook --help` is there at once.
"""
