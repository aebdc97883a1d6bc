"""`python -m cli` is `runbook`."""

from cli.main import main

main()
