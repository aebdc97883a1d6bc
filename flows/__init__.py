"""How Prefect runs it: flows built from runbooks, gates by suspension, runs by folding the ledger.

Only this room and the gateway know Prefect. A flow keeps nothing of its own: every decision is
`engine.progress.next_move` over the ledger, so it does not matter which process picks a run up.
"""
