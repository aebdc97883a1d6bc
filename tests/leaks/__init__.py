"""Proof that no secret leaks: markers in place of secrets, and a search of all that was left behind.

`scanner` finds markers in bytes, files and folders, whatever they are wrapped in; `spelling` says
how a value may be written; `containers` opens what hides it; `sampler` and `tracing` keep what
would be gone by the time of the search; `sinks` names every place of a stage that is searched.
"""
