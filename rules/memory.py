"""Rules over tables in memory: the checks of a single PC, and the examples that are the rules' own tests.

The same tables as on the hub, made from the same classes, in a database of the standard library's sqlite3. The fact
classes are handed in (``collectors.host.tables()``): rules know the base of facts only.
"""

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Protocol

from collectors.facts import Field, Outcome, table_of, utc_text
from rules.engine import (
    FACTS_EXPIRE_AFTER,
    SQL_TIME_LIMIT_SECONDS,
    Coverage,
    Judgement,
    Query,
    QueryError,
    judge,
    parameters,
)
from rules.load import Plan, Rulebook
from rules.school import TABLES as SCHOOL_TABLES
from rules.tables import TABLES, VIEWS

THIS_PC = "this"
"""The device_id of the one PC that ``judge_one`` knows."""

_COLUMN_TYPES: Mapping[type, str] = {int: "BIGINT", float: "DOUBLE PRECISION", bool: "BOOLEAN"}
_STEPS_BETWEEN_LOOKS = 20_000
_LONGEST_VALUE_BYTES = 10_000_000


class Collected(Protocol):
    """How a run of a collector ended: ``collectors.run.Section`` is one."""

    @property
    def table(self) -> str:
        """The table's name."""

    @property
    def outcome(self) -> Outcome:
        """How the run ended."""

    @property
    def attempted_at(self) -> datetime:
        """When it ran."""

    @property
    def rows(self) -> list[dict[str, Any]] | None:
        """The rows as JSON has them; None unless the outcome is rows."""

    @property
    def message(self) -> str | None:
        """Why it did not end in rows."""


_OF_A_FACT = (
    Field("device_id", str, nullable=False, about="The device", volatile=False, key=True),
    Field("collected_at", datetime, nullable=True, about="When it was collected", volatile=True, key=False),
)


def tables_of(rulebook: Rulebook, facts: Mapping[str, type]) -> dict[str, tuple[Field, ...]]:
    """Return the columns of every table that a rule may read, by the table's name; views are not among them."""
    seen = {name: (*_OF_A_FACT, *table_of(cls).fields) for name, cls in facts.items()}
    own = {name: table_of(cls).fields for name, cls in {**TABLES, **SCHOOL_TABLES}.items()}
    return {**seen, **own, **{name: reference.fields for name, reference in rulebook.data.items()}}


def create_statements(columns: Mapping[str, Sequence[Field]]) -> Iterator[str]:
    """Yield the statements that make tables, an index by device, and the views; they run on SQLite and PostgreSQL."""
    for name, fields in columns.items():
        inner = ", ".join(
            f'"{one.name}" {_COLUMN_TYPES.get(one.type, "TEXT")}{"" if one.nullable else " NOT NULL"}' for one in fields
        )
        yield f'CREATE TABLE "{name}" ({inner})'
        keys = [one.name for one in fields if one.key]
        if "device_id" in keys:
            by = ", ".join(f'"{one}"' for one in sorted(keys, key=lambda one: one != "device_id"))
            yield f'CREATE INDEX "{name}_by_device" ON "{name}" ({by})'
    for name, select in VIEWS.items():
        yield f'CREATE VIEW "{name}" AS {select}'


def stored(value: Any) -> Any:
    """Return a value of a row as both databases keep it: times, dates and words are text, a list is JSON text."""
    if isinstance(value, datetime):
        return utc_text(value)
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False)
    return value.isoformat() if hasattr(value, "isoformat") else value


def open_memory(rulebook: Rulebook, facts: Mapping[str, type]) -> sqlite3.Connection:
    """Return a database in memory with every table, the views, and the reference tables filled."""
    connection = sqlite3.connect(":memory:")
    columns = tables_of(rulebook, facts)
    for statement in create_statements(columns):
        connection.execute(statement)
    for name, reference in rulebook.data.items():
        insert(connection, name, columns[name], reference.rows)
    return connection


def insert(
    connection: sqlite3.Connection, name: str, fields: Sequence[Field], rows: Iterable[Mapping[str, Any]]
) -> None:
    """Put rows into a table; a field that a row does not tell is null."""
    names = [one.name for one in fields]
    quoted = ", ".join(f'"{one}"' for one in names)
    marks = ", ".join("?" * len(names))
    values = ([stored(row.get(one)) for one in names] for row in rows)
    connection.executemany(f'INSERT INTO "{name}" ({quoted}) VALUES ({marks})', values)


_ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}


@contextmanager
def reading(connection: sqlite3.Connection, seconds: float = SQL_TIME_LIMIT_SECONDS) -> Iterator[Query]:
    """Give a query that can only read, and only for so long. A statement that writes raises QueryError."""

    def authorise(action: int, _first: str | None, second: str | None, *_: str | None) -> int:
        good = action in _ALLOWED and second != "load_extension"
        return sqlite3.SQLITE_OK if good else sqlite3.SQLITE_DENY

    def query(sql: str, named: Mapping[str, Any]) -> list[dict[str, Any]]:
        deadline = time.monotonic() + seconds
        connection.set_progress_handler(lambda: int(time.monotonic() > deadline), _STEPS_BETWEEN_LOOKS)
        try:
            cursor = connection.execute(sql, dict(named))
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor]
        except sqlite3.Error as error:
            late = time.monotonic() > deadline
            raise QueryError(f"took longer than {seconds:g} s" if late else str(error)) from error
        finally:
            connection.set_progress_handler(None, 0)

    connection.commit()
    before = connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE_BYTES)
    connection.set_authorizer(authorise)
    try:
        yield query
    finally:
        connection.set_authorizer(None)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, before)


def judge_one(
    rulebook: Rulebook,
    facts: Mapping[str, type],
    sections: Iterable[Collected],
    now: datetime,
    *,
    zone: tzinfo = UTC,
    plan: Plan | None = None,
    school: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> list[Judgement]:
    """Judge this one PC by every check, over what was just collected: what ``check`` prints.

    ``facts``: the fact classes by table (``collectors.host.tables()``). ``sections``: how each collector's run ended
    (``collectors.run.run``). ``zone``: the PC's own time zone, by which dates are told. ``plan``: whose limits count;
    the newest where none is given. ``school``: rows of school tables where the PC knows some (accepted_antivirus,
    licence_entitlement); without them what only the school knows is unknown. Only today counts as an operation day,
    so that what is measured in operation days may be unknown here and known on the hub.
    """
    plan = plan or newest(rulebook)
    columns = tables_of(rulebook, facts)
    connection = open_memory(rulebook, facts)
    coverage: dict[str, Coverage] = {}
    for section in sections:
        if section.table not in facts:
            continue
        days = table_of(facts[section.table]).valid_operation_days
        expires_at = section.attempted_at + min(timedelta(days=days), FACTS_EXPIRE_AFTER)
        coverage[section.table] = Coverage(section.outcome, expires_at, section.message)
        seen = {"device_id": THIS_PC, "collected_at": utc_text(section.attempted_at)}
        insert(connection, section.table, columns[section.table], [{**row, **seen} for row in section.rows or ()])
    today = now.astimezone(zone).date().isoformat()
    insert(connection, "presence", columns["presence"], [{"device_id": THIS_PC, "day": today}])
    for name, rows in (school or {}).items():
        insert(connection, name, columns[name], rows)
    with reading(connection) as query:
        judged = [
            one
            for check in rulebook.checks.values()
            for one in judge(
                check, {THIS_PC: coverage}, query, parameters(plan.limits_of(rulebook, check.id), now, zone)
            )
        ]
    connection.close()
    return judged


def newest(rulebook: Rulebook) -> Plan:
    """Return the plan of the latest year."""
    return rulebook.plans[max(rulebook.plans)]
