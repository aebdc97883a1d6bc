"""The warm worker: an approved step starts in under a second instead of five.

A stock Prefect `ProcessWorker` in a loop of our own (`loop`). The command that it starts for a run
is a tiny launcher, and the launcher asks a zygote, which has everything imported, to fork a process
that then runs `prefect.engine` as it would have run cold. Cancellation, crash reports, concurrency
limits and events are Prefect's own. Where no zygote answers, the launcher starts the engine cold.

Linux only. The code of engine and adapters is the one the worker was started with; runbooks,
catalogue and settings are read anew at every start of a run.
"""
