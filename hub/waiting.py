"""The list of devices that wait to be judged. A row keeps a mark, so that what changed meanwhile is judged once more."""

import time
from collections.abc import Iterable

import sqlalchemy as sa

from hub.tables import managed_device, to_judge

EVERYTHING = "*"


def wait(connection: sa.Connection, device_ids: Iterable[str], tables: Iterable[str] = (EVERYTHING,)) -> None:
    """Let devices wait for the rules that read these tables; ``*``: for all rules."""
    mark = time.time_ns()
    chosen = sorted(set(tables))
    rows = [{"device_id": one, "table": table, "mark": mark} for one in sorted(set(device_ids)) for table in chosen]
    if rows:
        insert = insert_for(connection)(to_judge)
        update = insert.on_conflict_do_update(
            index_elements=[to_judge.c.device_id, to_judge.c.table], set_={"mark": insert.excluded.mark}
        )
        connection.execute(update, rows)


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


def insert_for(connection: sa.Connection):  # type: ignore[no-untyped-def]  # noqa: ANN201 - one of two dialects' own
    """Return the INSERT of this database that can say what to do where the row is there already."""
    from sqlalchemy.dialects import postgresql, sqlite

    return sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
