"""The watched folder: PCs without an agent, or without a network to the hub, have their files put there.

What is taken is moved to ``done``; what is not, to ``refused``, with a sentence beside it. A file counts as whole once
nobody has written to it for a while, and a folder of collect.cmd once its last file is there.
"""

import logging
import time
from collections.abc import Iterator
from pathlib import Path

from hub import dumps
from hub.handed_in import Unusable, take
from hub.hub import Hub
from rules.words import translator

DONE, REFUSED = "done", "refused"
QUIET_SECONDS = 30.0
UNFINISHED_SECONDS = 86400.0
"""A folder that is not whole after so long will never be."""

AT_ONCE = 100
"""So much is taken in one go; the rest a minute later."""

log = logging.getLogger(__name__)


def watch(hub: Hub) -> int:
    """Take what lies in the inbox and return how much was moved. Without an inbox there is nothing to do."""
    if hub.inbox is None:
        return 0
    moved = 0
    for path in _waiting(hub.inbox):
        why = None
        try:
            take(hub, path)
        except Unusable as error:
            why = str(error.args[0])
            vietnamese = translator("vi")(error.args[0])
        where = hub.inbox / (DONE if why is None else REFUSED)
        where.mkdir(exist_ok=True)
        target = _free(where / path.name)
        path.rename(target)
        if why is not None:
            target.with_name(f"{target.name}.txt").write_text(f"{vietnamese}\n{why}\n", encoding="utf-8")
            log.warning("%s was refused: %s", path.name, why)
        moved += 1
        if moved == AT_ONCE:
            break
    return moved


def _waiting(inbox: Path) -> Iterator[Path]:
    inbox.mkdir(parents=True, exist_ok=True)
    now = time.time()
    for path in sorted(inbox.iterdir()):
        if path.name in {DONE, REFUSED} or path.name.startswith("."):
            continue
        quiet = now - path.lstat().st_mtime
        whole = (
            not path.is_dir() or path.is_symlink() or (path / dumps.MANIFEST).is_file() or quiet > UNFINISHED_SECONDS
        )
        if whole and quiet > QUIET_SECONDS:
            yield path


def _free(path: Path) -> Path:
    """Return a path at which nothing lies yet."""
    number, found = 1, path
    while found.exists() or found.is_symlink():
        number += 1
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return found
