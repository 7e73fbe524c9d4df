"""The two databases on which every rule must say the same."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from rules.engine import SQL_TIME_LIMIT_SECONDS, Query, QueryError
from rules.examples import Database, Rows
from rules.load import Rulebook
from rules.memory import create_statements, stored, tables_of


@contextmanager
def on_postgresql(url: str, rulebook: Rulebook, facts: Mapping[str, type]) -> Iterator[Database]:
    """Give the database that a URL names, with every table; what an example puts there is rolled back."""
    columns = tables_of(rulebook, facts)
    with psycopg.connect(url.replace("+psycopg", ""), row_factory=dict_row) as connection:
        for statement in create_statements(columns):
            connection.execute(statement.encode())
        for name, reference in rulebook.data.items():
            _insert(connection, name, [one.name for one in columns[name]], reference.rows)
        connection.commit()

        @contextmanager
        def database(rows: Rows) -> Iterator[tuple[Query, str]]:
            for name, mine in rows.items():
                _insert(connection, name, [one.name for one in columns[name]], mine)
            connection.execute("SET TRANSACTION READ ONLY")
            connection.execute(sql.SQL("SET LOCAL statement_timeout = {}").format(int(SQL_TIME_LIMIT_SECONDS * 1000)))
            try:
                yield lambda text, named: _query(connection, text, named), "public.device"
            finally:
                connection.rollback()

        yield database


def _query(connection: psycopg.Connection[dict[str, Any]], text: str, named: Mapping[str, Any]) -> list[dict[str, Any]]:
    marked = re.sub(r"(?<![:\w]):([a-z_]\w*)", r"%(\1)s", text.replace("%", "%%"))
    try:
        rows = connection.execute(marked.encode(), named).fetchall()
    except psycopg.Error as error:
        raise QueryError(str(error)) from error
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    assert not isinstance(value, Decimal), "a rule gives whole numbers and floats: JSON has no decimals"
    return value


def _insert(connection: psycopg.Connection[Any], name: str, names: list[str], rows: Any) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    marks = sql.SQL(", ").join(sql.Placeholder() * len(names))
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(sql.Identifier(name), columns, marks)
    with connection.cursor() as cursor:
        cursor.executemany(statement, [[stored(row.get(one)) for one in names] for row in rows])
