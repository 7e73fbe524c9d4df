"""Which devices wait to be judged. A row keeps a mark, so that what changed meanwhile is judged once more."""

import time
from collections.abc import Iterable

import sqlalchemy as sa

from hub.tables import managed_device, to_judge

EVERYTHING = "*"

_WAIT = sa.text(
    'INSERT INTO to_judge (device_id, "table", mark) VALUES (:device_id, :table, :mark) '
    'ON CONFLICT (device_id, "table") DO UPDATE SET mark = excluded.mark'
)


def wait(connection: sa.Connection, device_ids: Iterable[str], tables: Iterable[str] = (EVERYTHING,)) -> None:
    """Let devices wait for the rules that read these tables; ``*``: for all rules."""
    mark = time.time_ns()
    chosen = sorted(set(tables))
    rows = [{"device_id": one, "table": table, "mark": mark} for one in sorted(set(device_ids)) for table in chosen]
    if rows:
        connection.execute(_WAIT, rows)


def wait_all(connection: sa.Connection) -> None:
    """Let every device wait for all rules: the school's profile or the rules changed."""
    wait(connection, connection.scalars(sa.select(managed_device.c.device_id)))


def judged(connection: sa.Connection, rows: Iterable[tuple[str, str, int]]) -> None:
    """Take rows (device, table, mark) off the list; what was marked again meanwhile stays."""
    here = (
        (to_judge.c.device_id == sa.bindparam("the_device"))
        & (to_judge.c.table == sa.bindparam("the_table"))
        & (to_judge.c.mark == sa.bindparam("the_mark"))
    )
    done = [{"the_device": device, "the_table": table, "the_mark": mark} for device, table, mark in rows]
    if done:
        connection.execute(to_judge.delete().where(here), done)
