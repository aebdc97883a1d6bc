"""A small disk for one case, where the account may mount one, and what it takes to fill it."""

from __future__ import annotations

import ctypes
import os
import tempfile
from pathlib import Path

SIZE = "size=48m"
BALLAST = "ballast"
BLOCK = b"\0" * 65536
CLONE_NEWNS = 0x20000
"""linux/sched.h."""
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
"""linux/mount.h, as are those above them."""
MNT_DETACH = 2
PR_SET_PDEATHSIG = 1
"""linux/prctl.h."""

_libc = ctypes.CDLL(None, use_errno=True)


def mount(folder: Path) -> bool:
    """Mount a small tmpfs at `folder`; tell whether this account may."""
    place = os.fsencode(folder)
    return bool(_libc.mount(b"tmpfs", place, b"tmpfs", 0, SIZE.encode()) == 0)


def unmount(folder: Path) -> None:
    """Take it away, with all that is on it."""
    if is_mounted(folder):
        _call(_libc.umount2(os.fsencode(folder), MNT_DETACH))


def may_mount() -> bool:
    """Tell whether this account may mount at all."""
    with tempfile.TemporaryDirectory() as name:
        allowed = mount(Path(name))
        unmount(Path(name))
    return allowed


def is_mounted(folder: Path) -> bool:
    """Tell whether `folder` is a disk of its own."""
    return folder.is_dir() and os.path.ismount(folder)


def fill(folder: Path) -> None:
    """Leave not one free block."""
    handle = os.open(folder / BALLAST, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        for size in (len(BLOCK), 4096, 1):
            while _write(handle, BLOCK[:size]):
                pass
    finally:
        os.close(handle)


def empty(folder: Path) -> None:
    """Give the room back."""
    (folder / BALLAST).unlink(missing_ok=True)


def protect(folder: str) -> None:
    """Make `folder` read-only for this process and its children alone."""
    place = os.fsencode(folder)
    _call(_libc.unshare(CLONE_NEWNS))
    _call(_libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None))
    _call(_libc.mount(place, place, None, MS_BIND, None))
    _call(_libc.mount(None, place, None, MS_BIND | MS_REMOUNT | MS_RDONLY, None))


def end_with_parent(number: int) -> None:
    """Have this process get a signal when the one that started it ends."""
    _call(_libc.prctl(PR_SET_PDEATHSIG, number))


def _write(handle: int, block: bytes) -> bool:
    try:
        return os.write(handle, block) == len(block)
    except OSError:
        return False


def _call(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
