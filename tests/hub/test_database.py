"""One writer, readers that can't write, a refusal in a sentence, and no acknowledged report lost."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.database import DatabaseRefused
from hub.hub import FILE_NAME, Hub, open_hub
from hub.waiting import wait
from rules.engine import QueryError
from tests.hub.conftest import Query
from tests.tools import tool

TOP = Path(__file__).parents[2]


def test_two_hubs_on_one_database_are_one_too_many(tmp_path: Path) -> None:
    """The second says so, and can start when the first has ended."""
    first = open_hub(tmp_path)
    with pytest.raises(DatabaseRefused, match="another hub already works on"):
        open_hub(tmp_path)
    first.close()

    open_hub(tmp_path).close()


def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    """An older program must not write what a newer one reads otherwise."""
    open_hub(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("UPDATE hub_setting SET value = '999' WHERE name = 'schema_version'")

    with pytest.raises(DatabaseRefused, match="written by a newer baove"):
        open_hub(tmp_path)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """The sentence names the file and what is wrong with it."""
    (tmp_path / FILE_NAME).write_text("These are my notes. " * 100)

    with pytest.raises(DatabaseRefused, match=r"hub\.sqlite can't be opened"):
        open_hub(tmp_path)


def test_an_older_database_gets_the_columns_that_it_lacks(tmp_path: Path) -> None:
    """Fact tables grow by themselves: new nullable columns only, and nothing is lost."""
    open_hub(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        for view in ("school_computer", "device"):
            connection.execute(f"DROP VIEW {view}")
        connection.execute("ALTER TABLE fact_device DROP COLUMN asset_tag")
        connection.execute("INSERT INTO fact_device (device_id, hostname, kind) VALUES ('d1', 'TT-01', 'desktop')")

    opened = open_hub(tmp_path)
    with opened.database.reading() as query:
        rows = query("SELECT device_id, hostname, asset_tag FROM device", {})
    opened.close()

    assert [{"device_id": "d1", "hostname": "TT-01", "asset_tag": None}] == rows


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM verdict", "UPDATE managed_device SET room = 'x'", "DROP TABLE verdict", "CREATE TABLE x (y TEXT)",
        "WITH x AS (SELECT 1) DELETE FROM verdict", "SELECT 1; DELETE FROM verdict", "COMMIT",
    ],
)  # fmt: skip
def test_a_reader_can_not_write(any_hub: Hub, ask: Query, sql: str) -> None:
    """Whatever a rule or a person asks, nothing changes, in either database."""
    assert any_hub.database.commits == 0
    before = ask("SELECT COUNT(*) AS n FROM verdict")
    with pytest.raises(QueryError):
        ask(sql)

    assert before == ask("SELECT COUNT(*) AS n FROM verdict")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1; COMMIT; INSERT INTO hub_counter (name, value) VALUES ('x', 1)",
        "COPY (SELECT 1) TO PROGRAM 'true'", "COPY (SELECT 1) TO '/tmp/x'", "/* SELECT */ COPY (SELECT 1) TO '/tmp/x'",
        "SELECT pg_read_file('/etc/hostname') AS x", "SELECT pg_ls_dir('/') AS x", "SHOW data_directory",
        "/* /* */ SELECT */ COPY (SELECT 1) TO '/tmp/x'", "/**/" * 5000,
        "SELECT lo_import('/etc/hostname') AS x", "SET ROLE baove", "EXPLAIN SELECT 1 AS x",
        "SELECT pg_reload_conf() AS x",
    ],
)  # fmt: skip
def test_a_reader_on_postgresql_reaches_nothing_beyond_the_tables(postgresql: str, tmp_path: Path, sql: str) -> None:
    """One statement, a SELECT, and without the rights of a superuser: no file, no program, no second thought."""
    opened = open_hub(tmp_path, postgresql)
    try:
        with opened.database.reading() as query, pytest.raises(QueryError):
            query(sql, {})
        with opened.database.reading() as query:
            assert query("SELECT * FROM hub_counter", {}) == []
            assert query("-- a comment\nWITH x AS (SELECT 1 AS n) SELECT n FROM x", {}) == [{"n": 1}]
    finally:
        opened.close()


@pytest.mark.parametrize("sql", ["ATTACH '/etc/passwd' AS x", "PRAGMA user_version = 3", "SELECT load_extension('x')"])
def test_a_reader_reaches_nothing_beyond_the_tables(hub: Hub, ask: Query, sql: str) -> None:
    """No other file, no setting of the database, no code."""
    assert hub.database.is_sqlite
    with pytest.raises(QueryError):
        ask(sql)


def test_a_query_that_takes_too_long_is_ended(hub: Hub, ask: Query, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule with a slip in its join must not stop the hub."""
    monkeypatch.setattr("hub.database.SQL_TIME_LIMIT_SECONDS", 0.2)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) AS n FROM n"

    with pytest.raises(QueryError, match="longer than"):
        ask(endless)

    assert hub.database.is_sqlite


def test_one_job_that_fails_does_not_take_the_others_with_it(any_hub: Hub, ask: Query) -> None:
    """Jobs share a transaction; each has a savepoint of its own."""
    table = sa.text("INSERT INTO hub_counter (name, value) VALUES (:name, 1)")

    def failing(connection: sa.Connection) -> None:
        connection.execute(table, {"name": "bad"})
        raise LookupError("a slip")

    writer = any_hub.database.writer
    futures = [
        writer.submit(lambda connection: connection.execute(table, {"name": "first"}).rowcount),
        writer.submit(failing),
        writer.submit(lambda connection: connection.execute(table, {"name": "last"}).rowcount),
    ]

    assert (1, 1) == (futures[0].result(), futures[2].result())
    assert isinstance(futures[1].exception(), LookupError)
    assert ["first", "last"] == [row["name"] for row in ask("SELECT name FROM hub_counter ORDER BY name")]


WRITER = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from hub.hub import open_hub
from tests.hub.reports import DEVICE, report, send

start = int(sys.argv[2])
hub = open_hub(Path(sys.argv[1]))
print("ready", flush=True)
for number in range(start, start + 100000):
    at = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(seconds=number)
    rows = [{**DEVICE, "hostname": f"TT-{number}"}]
    send(hub, report(at, sequence=number, tables={"device": rows}), at)
    print(number, flush=True)
"""


def test_a_killed_hub_loses_no_acknowledged_report(tmp_path: Path) -> None:
    """Fifty times SIGKILL in the middle of taking reports: whatever was acknowledged is there, whole and once."""
    acknowledged = 0
    rounds = 50
    for number in range(rounds):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(acknowledged + 1)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=TOP,
        ) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
            time.sleep(0.02 + 0.003 * (number % 10))
            writer.send_signal(signal.SIGKILL)
            said = writer.stdout.read().splitlines(keepends=True)
        whole = [int(line) for line in said if line.endswith("\n")]
        acknowledged = max([acknowledged, *whole])
        with sqlite3.connect(tmp_path / FILE_NAME) as connection:
            sequences = [row[0] for row in connection.execute("SELECT sequence FROM report ORDER BY sequence")]
            (hostname,) = connection.execute("SELECT hostname FROM fact_device").fetchone() or (None,)
            (check,) = connection.execute("PRAGMA integrity_check").fetchone()
        assert check == "ok"
        assert set(range(1, acknowledged + 1)) <= set(sequences)
        assert len(sequences) == len(set(sequences))
        assert hostname == (f"TT-{sequences[-1]}" if sequences else None)
        acknowledged = max([acknowledged, *sequences])
    assert acknowledged > rounds


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount the small disk that this test fills")
def test_a_full_disk_takes_no_report_and_loses_none(tmp_path: Path) -> None:
    """What could not be stored is not acknowledged; once there is room again, everything goes on."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run([tool("mount"), "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk], check=True)
    try:
        done = subprocess.run(
            [sys.executable, "-c", FILLER, str(disk)], capture_output=True, text=True, cwd=TOP, timeout=120, check=False
        )
    finally:
        subprocess.run([tool("umount"), disk], check=True)

    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout.split() == ["refused", "kept", "goes-on"]


FILLER = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
import sqlalchemy as sa
from hub.hub import open_hub
from tests.hub.reports import DEVICE, report, send

disk = Path(sys.argv[1])
hub = open_hub(disk)
def take(number):
    at = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(seconds=number)
    rows = [{**DEVICE, "hostname": f"TT-{number}", "model": "x" * 3000}]
    send(hub, report(at, sequence=number, tables={"device": rows}), at)
take(1)
taken = 1
filler = disk / "filler"
with filler.open("wb", buffering=0) as file:
    try:
        while True:
            file.write(b"0" * 4096)
    except OSError:
        pass
try:
    while True:
        take(taken + 1)
        taken += 1
except sa.exc.SQLAlchemyError:
    print("refused")
filler.unlink()
with hub.database.reading() as query:
    assert query("SELECT COUNT(*) AS n FROM report", {})[0]["n"] == taken
    print("kept")
take(taken + 1)
with hub.database.reading() as query:
    assert query("SELECT COUNT(*) AS n FROM report", {})[0]["n"] == taken + 1
    print("goes-on")
hub.close()
"""


def test_all_that_one_reader_asks_is_of_one_moment(any_hub: Hub) -> None:
    """What is written meanwhile is seen by the next: coverage and rows that are judged must belong together."""
    count = "SELECT COUNT(*) AS n FROM to_judge"
    with any_hub.database.reading() as query:
        before = query(count, {})
        any_hub.database.write(lambda connection: wait(connection, ["d1"]))
        assert before == query(count, {})

    with any_hub.database.reading() as query:
        assert [{"n": 1}] == query(count, {})
