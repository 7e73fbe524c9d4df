"""Reports that the hub has not acknowledged yet: one gzip file each, in the order in which they were made."""

import contextlib
import errno
from dataclasses import dataclass
from pathlib import Path

from agent import files

REPORTS_LIMIT = 500
BYTES_LIMIT = 20 << 20
"""Three weeks of hourly reports of a PC on which little changes; the oldest go when it is full."""

ENDING = ".json.gz"


@dataclass(frozen=True, slots=True)
class Spooled:
    """One report on disk; its number orders it among those that wait."""

    number: int
    path: Path


def waiting(folder: Path) -> list[Spooled]:
    """Return the reports that wait, the oldest first."""
    found = [
        Spooled(int(path.name.removesuffix(ENDING)), path)
        for path in folder.glob(f"*{ENDING}")
        if path.name.removesuffix(ENDING).isdecimal()
    ]
    return sorted(found, key=lambda one: one.number)


def size_bytes(folder: Path) -> int:
    """Return how much the waiting reports take."""
    return sum(_size(one) for one in waiting(folder))


def add(
    folder: Path, body: bytes, reports_limit: int = REPORTS_LIMIT, bytes_limit: int = BYTES_LIMIT
) -> tuple[Spooled, list[int]]:
    """
    Keep a report, and return it with the numbers of those that had to go for it.

    Raises OSError where the disk takes it not even without the others.
    """
    before = waiting(folder)
    number = before[-1].number + 1 if before else 1
    used = sum(_size(one) for one in before)
    dropped = []
    while before and (len(before) >= reports_limit or used + len(body) > bytes_limit):
        used -= _size(before[0])
        dropped.append(_drop(before.pop(0)))
    path = folder / f"{number:08d}{ENDING}"
    while True:
        try:
            files.write(path, [body])
        except OSError as why:
            if why.errno not in {errno.ENOSPC, errno.EDQUOT} or not before:
                raise
            dropped.append(_drop(before.pop(0)))
        else:
            return Spooled(number, path), dropped


def remove(spooled: Spooled) -> None:
    """Delete a report that was acknowledged, or that will never be."""
    spooled.path.unlink(missing_ok=True)


def clear(folder: Path) -> None:
    """Delete all that wait: another machine made them."""
    for one in waiting(folder):
        remove(one)


def _drop(spooled: Spooled) -> int:
    remove(spooled)
    return spooled.number


def _size(spooled: Spooled) -> int:
    with contextlib.suppress(FileNotFoundError):
        return spooled.path.stat().st_size
    return 0
