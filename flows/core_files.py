"""No core file of a process that holds secrets."""

from __future__ import annotations

import resource

NO_CORE = 1
"""Bytes. Where core files go to a program by a pipe, Linux heeds no other limit, not even 0
(core(5); fs/coredump.c); where they go to a file, no image is as small."""


def forbid_core_files() -> None:
    """Let no crash write this process, and with it every secret it holds, to a disk."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    limit = NO_CORE if hard == resource.RLIM_INFINITY else min(hard, NO_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))
