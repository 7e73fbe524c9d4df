"""The hub's database: opening it, one writer, and queries that can only read and only for a while."""

import asyncio
import contextlib
import os
import queue
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hub import tables
from rules.engine import SQL_TIME_LIMIT_SECONDS, QueryError
from rules.load import Reference
from rules.words import sentence

Row = dict[str, Any]
Job = Callable[[sa.Connection], Any]

BATCH = 64
"""So many jobs at most share one transaction: a commit costs more than most of what is committed."""

ROW_LIMIT = 200_000
"""More rows than this no query of a rule or a person may give."""


class DatabaseRefused(Exception):  # noqa: N818 - what happened to the database
    """A database that can't be used: one sentence."""


@dataclass(slots=True, eq=False, weakref_slot=True)
class Database:
    """An open database. ``commits`` counts what was written, so that a reader knows when to look again."""

    engine: sa.Engine
    writer: "Writer"
    commits: int = 0
    claim: int | None = None

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite; else PostgreSQL."""
        return self.engine.dialect.name == "sqlite"

    @property
    def device_table(self) -> str:
        """The qualified name of the view ``device``, as the rules' engine needs it."""
        return "main.device" if self.is_sqlite else "public.device"

    def write(self, job: Job) -> Any:
        """Run a job in a transaction and return what it gives, once that is on disk. Raises what the job raises."""
        return self.writer.submit(job).result()

    async def write_soon(self, job: Job) -> Any:
        """Do the same without holding the event loop."""
        return await asyncio.wrap_future(self.writer.submit(job))

    @contextlib.contextmanager
    def reading(self) -> Iterator[Callable[[str, Mapping[str, Any]], list[Row]]]:
        """Give a function that runs one SELECT and returns its rows; all of them see the same state of the data."""
        with self.engine.connect() as connection, _read_only(connection):
            yield lambda sql, named: select(connection, sql, named)

    def close(self) -> None:
        """Finish what was submitted and let go of the database."""
        self.writer.stop()
        self.engine.dispose()
        if self.claim is not None:
            os.close(self.claim)


class Writer:
    """The one thread that writes. Jobs that wait share a transaction, each in a savepoint of its own."""

    def __init__(self, engine: sa.Engine, committed: Callable[[], None]) -> None:
        self._engine, self._committed = engine, committed
        self._jobs: queue.SimpleQueue[tuple[Job, Future[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> "Future[Any]":
        """Hand in a job; its future ends when its transaction is committed, or with the error."""
        future: Future[Any] = Future()
        self._jobs.put((job, future))
        return future

    def stop(self) -> None:
        """End once everything handed in is done."""
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (first := self._jobs.get()) is not None:
            batch = [first]
            last = False
            with contextlib.suppress(queue.Empty):
                while len(batch) < BATCH:
                    more = self._jobs.get_nowait()
                    if more is None:
                        last = True
                        break
                    batch.append(more)
            self._run(batch)
            if last:
                return

    def _run(self, batch: Sequence[tuple[Job, "Future[Any]"]]) -> None:
        ended: list[tuple[Future[Any], Any]] = []
        try:
            with self._engine.begin() as connection:
                for job, future in batch:
                    try:
                        with connection.begin_nested():
                            result = job(connection)
                    except Exception as error:  # noqa: BLE001 - it is the submitter's, who gets it from the future
                        future.set_exception(error)
                    else:
                        ended.append((future, result))
        except Exception as error:  # noqa: BLE001 - disk full at commit: nobody's job is done
            for future, _ in ended:
                future.set_exception(error)
            return
        self._committed()
        for future, result in ended:
            future.set_result(result)


def open_database(url: str, references: Mapping[str, Reference], lock: Path | None = None) -> Database:
    """Open a database and bring it up to date. Raises DatabaseRefused.

    ``lock`` is a file that only one hub can hold: two on one SQLite file would judge and prune against each other.
    """
    claim = _claim(lock) if lock else None
    try:
        with _engine(url) as engine, engine.begin() as connection:
            _check_version(connection)
            tables.prepare(connection)
            tables.fill_references(connection, references)
            set_setting(connection, "schema_version", str(tables.SCHEMA_VERSION))
    except BaseException:
        if claim is not None:
            os.close(claim)
        raise

    def committed() -> None:
        database.commits += 1

    database = Database(engine, Writer(engine, committed), claim=claim)
    return database


def open_reader(url: str) -> Database:
    """Open a database that is there for a command that only reads, beside the hub. Raises DatabaseRefused."""
    with _engine(url) as engine, engine.connect().execution_options(reads=True) as connection:
        _check_version(connection)
    return Database(engine, Writer(engine, lambda: None))


@contextlib.contextmanager
def _engine(url: str) -> Iterator[sa.Engine]:
    """Give an engine for a first look at its database; what goes wrong in that is told in a sentence."""
    engine = sa.create_engine(url, connect_args={"timeout": 30} if url.startswith("sqlite") else {})
    if engine.dialect.name == "sqlite":
        _set_up_sqlite(engine)
    try:
        yield engine
    except sa.exc.DBAPIError as error:
        engine.dispose()
        raise DatabaseRefused(
            sentence("the database {url} can't be opened: {why}", url=engine.url.render_as_string(), why=error.orig)
        ) from error
    except BaseException:
        engine.dispose()
        raise


def _claim(lock: Path) -> int:
    import fcntl

    held = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(held)
        raise DatabaseRefused(
            sentence("another hub already works on {folder}: stop it first, or give another --data", folder=lock.parent)
        ) from error
    return held


def _set_up_sqlite(engine: sa.Engine) -> None:
    @sa.event.listens_for(engine, "connect")
    def connected(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = (
            None  # SQLAlchemy begins; sqlite3's own beginning would come too late for a savepoint
        )
        for pragma in (
            "journal_mode = WAL",
            "synchronous = NORMAL",
            "temp_store = MEMORY",
            "cache_size = -32000",
            "journal_size_limit = 67108864",
            "wal_autocheckpoint = 4000",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begun(connection: sa.Connection) -> None:
        reads = connection.get_execution_options().get("reads", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _check_version(connection: sa.Connection) -> None:
    if not sa.inspect(connection).has_table("hub_setting"):
        return
    found = connection.scalar(sa.text("SELECT value FROM hub_setting WHERE name = 'schema_version'"))
    if found is not None and int(found) > tables.SCHEMA_VERSION:
        raise DatabaseRefused(
            sentence(
                "this database was written by a newer baove (its format is {found}, this one knows {known}): "
                "install the newer version, or restore a backup made before it",
                found=found,
                known=tables.SCHEMA_VERSION,
            )
        )


def set_setting(connection: sa.Connection, name: str, value: str) -> None:
    """Remember a word about this database."""
    table = tables.hub_setting
    connection.execute(table.delete().where(table.c.name == name))
    connection.execute(table.insert().values(name=name, value=value))


@contextlib.contextmanager
def _read_only(connection: sa.Connection) -> Iterator[None]:
    connection.execution_options(reads=True)
    raw: Any = connection.connection.driver_connection
    if connection.dialect.name != "sqlite":
        raw.prepare_threshold = 0  # what is prepared is one statement: "…; COMMIT; DELETE …" is none
        connection.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        connection.execute(sa.text(f"SET LOCAL statement_timeout = {int(SQL_TIME_LIMIT_SECONDS * 1000)}"))
        connection.execute(sa.text(_LESS_THAN_SUPERUSER))
        yield
        return
    raw.set_authorizer(_authorize)
    try:
        yield
    finally:
        raw.set_authorizer(None)


_LESS_THAN_SUPERUSER = """
SELECT set_config('role', 'pg_read_all_data', TRUE) FROM pg_roles AS me
WHERE me.rolname = current_user AND me.rolsuper
  AND EXISTS (SELECT 1 FROM pg_roles AS it WHERE it.rolname = 'pg_read_all_data')
"""
"""Whom PostgreSQL lets do everything it lets read the server's files, within a SELECT too."""

_IS_SELECT = re.compile(
    r"(?>\s|\(|--[^\n]*(?:\n|\Z)|/\*(?:(?!/\*).)*?\*/)*+(?:SELECT|WITH|VALUES)\b", re.IGNORECASE | re.DOTALL
)
"""COPY may write files and start programs, and a transaction that only reads does not mind."""

_READS = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
    sqlite3.SQLITE_TRANSACTION,
    sqlite3.SQLITE_SAVEPOINT,
}


def _authorize(action: int, _first: str | None, second: str | None, _database: str | None, _trigger: str | None) -> int:
    """Let a statement read tables and nothing else: no ATTACH, no PRAGMA, no loading of code."""
    if action == sqlite3.SQLITE_FUNCTION and second == "load_extension":
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in _READS else sqlite3.SQLITE_DENY


def select(connection: sa.Connection, sql: str, named: Mapping[str, Any]) -> list[Row]:
    """Run one SELECT within the time limit. Raises QueryError."""
    deadline = time.monotonic() + SQL_TIME_LIMIT_SECONDS
    raw: Any = connection.connection.driver_connection
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        raw.set_progress_handler(lambda: time.monotonic() > deadline, 20_000)
    try:
        if not sqlite and not _IS_SELECT.match(sql):
            raise QueryError(sentence("only a SELECT is run here"))
        result = connection.execute(sa.text(sql), named)
        if not result.returns_rows:
            raise QueryError(sentence("only a SELECT is run here"))
        names = tuple(result.keys())
        # Rows as the driver gives them: SQLAlchemy's own objects around them cost as much as SQLite does.
        rows = [dict(zip(names, row, strict=True)) for row in result.cursor.fetchmany(ROW_LIMIT + 1)]
        result.close()
    except sa.exc.DBAPIError as error:
        raise QueryError(_why(error)) from error
    except sa.exc.StatementError as error:
        raise QueryError(str(error.orig or error).splitlines()[0]) from error
    finally:
        if sqlite:
            raw.set_progress_handler(None, 0)
    if len(rows) > ROW_LIMIT:
        raise QueryError(sentence("the answer has more than {limit} rows", limit=ROW_LIMIT))
    return rows


def _why(error: sa.exc.DBAPIError) -> str:
    text = str(error.orig).strip().splitlines()[0]
    if text == "interrupted" or "statement timeout" in text:
        return sentence("it took longer than {seconds:g} s", seconds=SQL_TIME_LIMIT_SECONDS)
    if text == "not authorized" or "prohibited" in text:
        return sentence("it may only read the tables")
    return text
