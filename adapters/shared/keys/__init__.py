"""Keys of a provider that lists them: one shape for all, so that each driver is its protocol alone.

A driver opens a connection (`provider.Keys` and what it can do beyond) and says how the provider
answers to a value. The steps are built from that here, once: find, mint, probe, disable, delete.
Rules that no driver may get wrong stand here too: only 401 is dead, a key that is to stay must be
active before another one ends, an orphan is known by its name.
"""
