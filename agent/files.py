"""Files that are whole or not there, whatever kills the process."""

import contextlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

UNFINISHED = ".unfinished"
"""The ending of a file that is being written; one that was left behind is deleted at the next start."""


def write(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file at once, readable by its owner only. Raises OSError, and then the older file is untouched."""
    unfinished = path.with_name(path.name + UNFINISHED)
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise
    _keep_name(path.parent)


def _keep_name(folder: Path) -> None:
    """Make the new name survive a power cut. Windows has no such call, and needs none on NTFS."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_json(path: Path) -> Any:
    """Return what a JSON file holds; None where absent, damaged or not to be read: the agent starts anew."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def make_folder(path: Path) -> None:
    """Make a folder for its owner only, with its parents. Raises OSError."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def sweep(folder: Path) -> None:
    """Delete what a killed process left unfinished."""
    for left in folder.glob(f"*{UNFINISHED}"):
        with contextlib.suppress(OSError):
            left.unlink()
