"""One agent a data folder: a lock that ends with its process, however that ends."""

import os
import sys
from pathlib import Path

NAME = "lock"


def take(data: Path) -> int | None:
    """Take the lock and return its descriptor, which holds it while open; None where another process has it."""
    descriptor = os.open(data / NAME, os.O_RDWR | os.O_CREAT, 0o600)
    if _locked(descriptor):
        return descriptor
    os.close(descriptor)
    return None


def is_held(data: Path) -> bool:
    """Return whether an agent runs on a data folder."""
    try:
        descriptor = os.open(data / NAME, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not _locked(descriptor)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
