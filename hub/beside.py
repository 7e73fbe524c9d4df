"""The hub's database for a command beside a hub that may be running: to read, or to hand something in."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from hub.database import Database, DatabaseRefused, open_database, open_reader, set_setting
from hub.hub import FILE_NAME, LOCK_NAME, Hub, open_hub
from hub.judge import judge_all
from rules.load import load
from rules.words import sentence


def is_running(data: Path) -> bool:
    """Tell whether a hub works on this folder now."""
    import fcntl

    try:
        held = os.open(data / LOCK_NAME, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(held)
    return False


@contextlib.contextmanager
def reading_hub(data: Path, database: str | None = None) -> Iterator[Hub]:
    """Give a hub to read from, whether or not one is running. Raises DatabaseRefused, or Refused for rules."""
    path = data / FILE_NAME
    if database is None and not path.exists():
        raise DatabaseRefused(
            sentence(
                "there is no hub's database in {folder}: start one with 'baove up', or give another --data", folder=data
            )
        )
    opened = open_reader(database or f"sqlite:///{path}")
    try:
        yield Hub(opened, load(), made_up=is_made_up(opened))
    finally:
        opened.close()


@contextlib.contextmanager
def changing_hub(data: Path, database: str | None = None) -> Iterator[Hub]:
    """Give a hub to hand something in to.

    A running hub judges that within seconds; without one it is judged at the end. Raises DatabaseRefused, or Refused
    for rules.
    """
    running = database is None and is_running(data)
    if running:
        rulebook = load()
        hub = Hub(open_database(f"sqlite:///{data / FILE_NAME}", rulebook.data), rulebook)
    else:
        hub = open_hub(data, database)
    try:
        yield hub
        if not running:
            judge_all(hub)
    finally:
        hub.close()


def is_made_up(database: Database) -> bool:
    """Tell whether a database holds the demonstration's school."""
    with database.reading() as query:
        return bool(query("SELECT 1 AS one FROM hub_setting WHERE name = 'made_up' AND value = '1'", {}))


def keep_apart(hub: Hub) -> None:
    """Refuse to mix a made-up school with a real one; mark a database that begins as such. Raises DatabaseRefused."""
    with hub.database.reading() as query:
        empty = not query("SELECT 1 AS one FROM managed_device UNION ALL SELECT 1 FROM school LIMIT 1", {})
    made_up = is_made_up(hub.database)
    if made_up and not hub.made_up:
        raise DatabaseRefused(sentence("this folder holds the made-up school of 'baove demo': give another --data"))
    if hub.made_up and not made_up and not empty:
        raise DatabaseRefused(
            sentence("this folder holds a real school, which the demonstration must not touch: give another --data")
        )
    if hub.made_up and not made_up:
        hub.database.write(lambda connection: set_setting(connection, "made_up", "1"))
