"""Takes a report into the database: one report, one transaction; a repeated one changes nothing.

State, not steps: each table of a report replaces the older one, whatever came between, so a lost report heals itself.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa

from collectors.facts import Outcome, Table, compact, digest, parse_utc, table_of, utc_text
from hub import identity, rooms
from hub.reports import Report, Section
from hub.tables import ENTRY, FACT, FACTS, change, collection, managed_device, presence, stream
from hub.tables import report as report_table
from hub.waiting import EVERYTHING, wait
from rules.engine import FACTS_EXPIRE_AFTER
from rules.tables import Ownership

CLOCK_TOLERANCE = timedelta(seconds=60)
"""A PC's clock that is wrong by more is corrected by what it said and what the hub's says."""

CHANGES_LIMIT = 400
"""More changes of one table in one report than this are one line of history: a system that was installed anew."""


# The statements of every report are written out once: building them anew costs more than the database does.
_TIME_ZONE = sa.text("SELECT time_zone FROM school")
_PROBES = sa.text(
    "SELECT DISTINCT p.purpose, p.target FROM probe_target AS p "
    "JOIN managed_device AS m ON m.device_id = :device_id AND m.ownership = 'school' AND m.retired_at IS NULL "
    "WHERE p.campus IS NULL OR p.campus = m.campus ORDER BY p.purpose, p.target"
)
_COUNT_REPORT = sa.text(
    "INSERT INTO report (stream, sequence, device_id, received_at) "
    "VALUES (:stream, :sequence, :device_id, :received_at) ON CONFLICT DO NOTHING"
)
_SEE_AGAIN = sa.text(
    "UPDATE managed_device SET last_seen_at = CASE WHEN last_seen_at < :at THEN :at ELSE last_seen_at END "
    "WHERE device_id = :device_id RETURNING first_seen_at"
)
_ATTEND = sa.text("INSERT INTO presence (device_id, day) VALUES (:device_id, :day) ON CONFLICT DO NOTHING")
_COLLECTIONS = sa.text(
    "SELECT c.*, d.digest FROM collection AS c "
    'LEFT JOIN digest AS d ON d.device_id = c.device_id AND d."table" = c."table" WHERE c.device_id = :device_id'
)
_COLLECTED = sa.text(
    'INSERT INTO collection (device_id, "table", outcome, message, attempted_at, collected_at, expires_at) '
    "VALUES (:device_id, :table, :outcome, :message, :attempted_at, :collected_at, :expires_at) "
    'ON CONFLICT (device_id, "table") DO UPDATE SET outcome = excluded.outcome, message = excluded.message, '
    "attempted_at = excluded.attempted_at, collected_at = excluded.collected_at, expires_at = excluded.expires_at"
)
_KEEP_DIGEST = sa.text(
    'INSERT INTO digest (device_id, "table", digest) VALUES (:device_id, :table, :digest) '
    'ON CONFLICT (device_id, "table") DO UPDATE SET digest = excluded.digest'
)
_DROP_DIGEST = sa.text('DELETE FROM digest WHERE device_id = :device_id AND "table" = :table')
_COUNT_UNKNOWN = sa.text(
    "INSERT INTO hub_counter (name, value) VALUES (:name, :by) "
    "ON CONFLICT (name) DO UPDATE SET value = hub_counter.value + excluded.value"
)


class Probe(msgspec.Struct, frozen=True):
    """What an agent is asked to reach, and what for."""

    purpose: str
    target: str


class Answer(msgspec.Struct, frozen=True):
    """What a hub may answer, and nothing else: no command flows back."""

    accepted: bool
    device_id: str
    resend: list[str]
    probes: list[Probe]


@dataclass(frozen=True, slots=True)
class _Taking:
    """One report being taken."""

    connection: sa.Connection
    device_id: str
    local_day: Callable[[datetime], str]
    true_time: Callable[[datetime], datetime]


def ingest(
    connection: sa.Connection,
    report: Report,
    received_at: datetime,
    *,
    metrics_host: str | None = None,
    sent_date: datetime | None = None,
) -> Answer:
    """Take a report and return the answer to it.

    ``sent_date`` is the agent's clock at the time of sending (the HTTP header Date), which tells how wrong it is. What
    still lies in the future after that is taken as now: a clock that runs ahead must not keep facts fresh.
    """
    offset = received_at - sent_date if sent_date else timedelta(0)
    if abs(offset) <= CLOCK_TOLERANCE:
        offset = timedelta(0)

    def true_time(said: datetime) -> datetime:
        return min(said + offset, received_at)

    address = f"{metrics_host}:{report.metrics_port}" if metrics_host and report.metrics_port else None
    found = identity.find(connection, report, address, true_time(report.sent_at))
    zone = ZoneInfo(connection.scalar(_TIME_ZONE) or "Asia/Ho_Chi_Minh")
    taking = _Taking(connection, found.device_id, lambda at: at.astimezone(zone).date().isoformat(), true_time)
    if not _count_report(taking, found.stream, report.sequence, received_at):
        return Answer(True, found.device_id, [], _probes(taking))

    first_seen = None if found.is_new else _seen_again(taking, report)
    if first_seen is None:
        first_seen = _first_seen(taking, report, received_at)
    new_day = _attend(taking, report, first_seen)
    changed, resend = _take_sections(taking, report)
    if new_day:
        _expire(taking, true_time(report.sent_at))
        changed = {EVERYTHING}
    if {"device", "network_interface", EVERYTHING} & changed:
        rooms.settle(connection, found.device_id)
    wait(connection, [found.device_id], changed)
    _count_unknown(connection, report.counted)
    return Answer(True, found.device_id, sorted(resend), _probes(taking))


def _probes(taking: _Taking) -> list[Probe]:
    """Return what the school's profile asks this device to reach. A guest's laptop is asked for nothing."""
    rows = taking.connection.execute(_PROBES, {"device_id": taking.device_id})
    return [Probe(purpose, target) for purpose, target in rows]


def _take_sections(taking: _Taking, report: Report) -> tuple[set[str], list[str]]:
    """Take a report's tables; return those in which a rule could see a difference, and those to send whole again."""
    rows = taking.connection.execute(_COLLECTIONS, {"device_id": taking.device_id}).mappings()
    have = {row["table"]: dict(row) for row in rows}
    changed, resend, collected = set(), [], []
    for section in report.sections:
        older = have.get(section.table)
        at = taking.true_time(section.at)
        if older is not None and utc_text(at) < older["attempted_at"]:
            continue  # a late report: what the hub has is newer
        if section.rows is None and section.outcome is Outcome.ROWS and not _is_same(older, section):
            resend.append(section.table)
            continue
        row, differs = _take_section(taking, section, at, older)
        collected.append(row)
        if differs:
            changed.add(section.table)
    if collected:
        taking.connection.execute(_COLLECTED, collected)
    return changed, resend


def _count_report(taking: _Taking, stream_name: str, sequence: int, received_at: datetime) -> bool:
    """Note that a report came; False where it came before."""
    row = {
        "stream": stream_name,
        "sequence": sequence,
        "device_id": taking.device_id,
        "received_at": utc_text(received_at),
    }
    return taking.connection.execute(_COUNT_REPORT, row).rowcount == 1


def _seen_again(taking: _Taking, report: Report) -> datetime | None:
    """Note that a device was seen; return when it was for the first time, None where it never was."""
    named = {"at": utc_text(taking.true_time(report.sent_at)), "device_id": taking.device_id}
    first_seen = taking.connection.execute(_SEE_AGAIN, named).scalar()
    return parse_utc(first_seen) if first_seen else None


def _first_seen(taking: _Taking, report: Report, received_at: datetime) -> datetime:
    """Make the device of a first report; return when it was seen. A clock that was reset watched nothing for years."""
    at = max(taking.true_time(report.sent_at), received_at - FACTS_EXPIRE_AFTER)
    sent_at = utc_text(at)
    taking.connection.execute(
        managed_device.insert().values(
            device_id=taking.device_id,
            ownership=Ownership.SCHOOL.value,
            weak=identity.is_weak(taking.connection, taking.device_id),
            first_seen_at=sent_at,
            last_seen_at=sent_at,
        )
    )
    return at


def _attend(taking: _Taking, report: Report, first_seen: datetime) -> bool:
    """Note the local dates on which the device was seen; True where one of them is new.

    A report may have waited before the first came, but no longer than facts count: what is said to be older is told by
    a clock that was reset, and would make the hub believe that it watched the PC ever since.
    """
    moments = {report.sent_at, *(section.at for section in report.sections)}
    earliest = first_seen - FACTS_EXPIRE_AFTER
    days = {taking.local_day(at) for at in map(taking.true_time, moments) if at >= earliest}
    came = [
        taking.connection.execute(_ATTEND, {"device_id": taking.device_id, "day": day}).rowcount for day in sorted(days)
    ]
    return any(came)


def _is_same(older: Mapping[str, Any] | None, section: Section) -> bool:
    return older is not None and older["collected_at"] is not None and older["digest"] == section.digest


def _take_section(
    taking: _Taking, section: Section, at: datetime, older: Mapping[str, Any] | None
) -> tuple[dict[str, Any], bool]:
    """Take one table of a report; return its row of the table collection, and whether a rule could see a difference."""
    moment = utc_text(at)
    row = {
        "device_id": taking.device_id,
        "table": section.table,
        "outcome": section.outcome.value,
        "message": section.message,
        "attempted_at": moment,
        "collected_at": older["collected_at"] if older is not None else None,
        "expires_at": older["expires_at"] if older is not None else moment,
    }
    differs = older is None or older["outcome"] != row["outcome"] or older["expires_at"] <= moment
    if section.outcome is Outcome.ROWS:
        row |= {"collected_at": moment, "expires_at": utc_text(at + FACTS_EXPIRE_AFTER)}
        if section.rows is not None:
            differs |= _take_rows(taking, section, section.rows, at, older)
    elif section.outcome is Outcome.NOT_HERE:
        row |= {"collected_at": None, "expires_at": utc_text(at + FACTS_EXPIRE_AFTER)}
        if older is not None and older["collected_at"] is not None:
            _store(taking, section.table, [], at, history=True)
            taking.connection.execute(_DROP_DIGEST, {"device_id": taking.device_id, "table": section.table})
    return row, differs


def _take_rows(
    taking: _Taking, section: Section, rows: Sequence[dict[str, Any]], at: datetime, older: Mapping[str, Any] | None
) -> bool:
    """Store a table's rows where they may differ from what is stored; return whether they may."""
    declared = table_of(FACTS[section.table])
    mark = section.digest or digest(declared, rows)
    known = older is not None and older["collected_at"] is not None
    same = known and older is not None and older["digest"] == mark
    if same and not declared.volatile:
        return False
    _store(taking, section.table, rows, at, history=known and not same)
    if not same:
        taking.connection.execute(_KEEP_DIGEST, {"device_id": taking.device_id, "table": section.table, "digest": mark})
    return True


def _store(taking: _Taking, name: str, rows: Sequence[dict[str, Any]], at: datetime, *, history: bool) -> None:
    """Put a table's rows in the place of the older ones, and note what came, went and changed."""
    if name in ENTRY:
        _store_shared(taking, name, rows, at, history=history)
        return
    statements = _statements(name)
    here = {"device": taking.device_id}
    declared = table_of(FACTS[name])
    if history or declared.keeps:
        before = [dict(row) for row in taking.connection.execute(statements.read, here).mappings()]
        rows = _with_kept(declared, before, rows)
        if history:
            _note_changes(taking, name, before, rows, at)
    taking.connection.execute(statements.delete, here)
    if rows:
        taking.connection.execute(statements.insert, [{"device_id": taking.device_id, **row} for row in rows])


def _with_kept(
    declared: Table, before: Sequence[dict[str, Any]], rows: Sequence[dict[str, Any]]
) -> Sequence[dict[str, Any]]:
    """Return rows in which null stands for what was known before, in the fields that the table keeps."""
    if not declared.keeps:
        return rows
    older = _by_key(declared.key, before)
    return [
        row | {name: older[key][name] for name in declared.keeps if row[name] is None and key in older}
        for key, row in _by_key(declared.key, rows).items()
    ]


@dataclass(frozen=True, slots=True)
class _Statements:
    """How one fact table's rows of a device are read, deleted and written; a shared table's read are its entries."""

    read: sa.Executable
    delete: sa.Executable
    insert: sa.Executable


@cache
def _statements(name: str) -> _Statements:
    table = FACT[name]
    here = table.c.device_id == sa.bindparam("device")
    if name in ENTRY:
        entries = ENTRY[name]
        held = sa.select(entries.c.entry_id, entries.c.digest)
        read = held.join(table, table.c.entry_id == entries.c.entry_id).where(here)
        delete = table.delete().where(here, table.c.entry_id == sa.bindparam("entry"))
    else:
        read = sa.select(*(column for column in table.c if column.name != "device_id")).where(here)
        delete = table.delete().where(here)
    return _Statements(read, delete, table.insert())


def _store_shared(taking: _Taking, name: str, rows: Sequence[dict[str, Any]], at: datetime, *, history: bool) -> None:
    """Link a device with its rows in the catalogue, which holds each distinct row once."""
    statements = _statements(name)
    fields = [field.name for field in table_of(FACTS[name]).fields]
    wanted = {_row_digest(row, fields): row for row in rows}
    found = taking.connection.execute(statements.read, {"device": taking.device_id})
    before = {bytes(mark): entry_id for entry_id, mark in found}
    came, went = wanted.keys() - before.keys(), before.keys() - wanted.keys()
    if went:
        gone = [{"device": taking.device_id, "entry": before[mark]} for mark in went]
        taking.connection.execute(statements.delete, gone)
    if came:
        ids = _entry_ids(taking.connection, ENTRY[name], {mark: wanted[mark] for mark in came})
        links = [{"device_id": taking.device_id, "entry_id": entry_id} for entry_id in sorted(ids)]
        taking.connection.execute(statements.insert, links)
    if history and (came or went):
        older = _entries(taking.connection, ENTRY[name], fields, [before[mark] for mark in went])
        _note_changes(taking, name, older, [wanted[mark] for mark in came], at)


def _row_digest(row: Mapping[str, Any], fields: Sequence[str]) -> bytes:
    return hashlib.blake2b(msgspec.json.encode([row[field] for field in fields]), digest_size=12).digest()


def _entries(
    connection: sa.Connection, entries: sa.Table, fields: Sequence[str], ids: Sequence[int]
) -> list[dict[str, Any]]:
    query = sa.select(*(entries.c[name] for name in fields)).where(entries.c.entry_id.in_(ids))
    return [dict(row) for row in connection.execute(query).mappings()]


def _entry_ids(connection: sa.Connection, entries: sa.Table, wanted: Mapping[bytes, Mapping[str, Any]]) -> list[int]:
    """Return the catalogue's ids of rows, adding those that it lacks. The one writer adds, so nobody else does."""
    find = sa.select(entries.c.entry_id, entries.c.digest).where(
        entries.c.digest.in_(sa.bindparam("digests", expanding=True))
    )
    found = {bytes(row.digest): row.entry_id for row in connection.execute(find, {"digests": list(wanted)})}
    new = [{"digest": mark, **row} for mark, row in wanted.items() if mark not in found]
    if new:
        connection.execute(entries.insert(), new)
        added = connection.execute(find, {"digests": [row["digest"] for row in new]})
        found |= {bytes(row.digest): row.entry_id for row in added}
    return list(found.values())


def _note_changes(
    taking: _Taking, name: str, before: Sequence[dict[str, Any]], after: Sequence[dict[str, Any]], at: datetime
) -> None:
    declared = table_of(FACTS[name])
    if not declared.history:
        return
    told = [
        field.name for field in declared.fields if not (field.volatile or field.key or field.type is datetime)
    ]  # a moment says when, not what: signatures get a new one each day
    old, new = _by_key(declared.key, before), _by_key(declared.key, after)
    changes: list[dict[str, Any]] = []

    def add(what: str, key: tuple[Any, ...], field: str | None, was: Any, now: Any) -> None:
        changes.append(
            {
                "device_id": taking.device_id, "table": name, "what": what, "key": _json(list(key[:-1])),
                "field": field, "before": _json(was), "after": _json(now), "at": utc_text(at),
            }
        )  # fmt: skip

    for key in sorted(old.keys() | new.keys(), key=repr):
        if key not in new:
            add("went", key, None, old[key], None)
        elif key not in old:
            add("came", key, None, None, new[key])
        else:
            for field in told:
                if old[key][field] != new[key][field]:
                    add("changed", key, field, old[key][field], new[key][field])
    if len(changes) > CHANGES_LIMIT:
        count = {what: sum(one["what"] == what for one in changes) for what in ("came", "went", "changed")}
        changes.clear()
        add("changed", (None,), None, len(before), {"rows": len(after), **count})
    if changes:
        taking.connection.execute(change.insert(), changes)


def _by_key(key: Sequence[str], rows: Sequence[dict[str, Any]]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Return rows by their key; the last part of it numbers rows that share one."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        values = tuple(row[name] for name in key)
        number = 0
        while (*values, number) in found:
            number += 1
        found[*values, number] = row
    return found


def _json(value: Any) -> str | None:
    return None if value is None else compact().encode(value)


def _expire(taking: _Taking, at: datetime) -> None:
    """On a day on which the device is seen for the first time, end what was not seen anew for too many such days."""
    days = [
        row.day
        for row in taking.connection.execute(
            sa.select(presence.c.day).where(presence.c.device_id == taking.device_id).order_by(presence.c.day.desc())
        )
    ]
    for row in taking.connection.execute(
        sa.select(collection).where(
            collection.c.device_id == taking.device_id,
            collection.c.collected_at.is_not(None) | (collection.c.outcome == Outcome.NOT_HERE.value),
        )
    ).all():
        collected_day = taking.local_day(parse_utc(row.collected_at or row.attempted_at))
        since = sum(day > collected_day for day in days)
        if since > table_of(FACTS[row.table]).valid_operation_days:
            ended = min(row.expires_at, utc_text(at))
            taking.connection.execute(
                collection.update()
                .where(collection.c.device_id == taking.device_id, collection.c.table == row.table)
                .values(expires_at=ended)
            )


def _count_unknown(connection: sa.Connection, counted: Mapping[str, int]) -> None:
    rows = [{"name": name, "by": by} for name, by in sorted(counted.items()) if by]
    if rows:
        connection.execute(_COUNT_UNKNOWN, rows)


def forget(connection: sa.Connection, before: datetime) -> None:
    """Let go of what only guards against repeated reports, and of history that has outlived its use."""
    connection.execute(report_table.delete().where(report_table.c.received_at < utc_text(before)))
    connection.execute(
        stream.delete().where(
            stream.c.last_sent_at < utc_text(before),
            sa.exists().where(
                (managed_device.c.device_id == stream.c.device_id)
                & (managed_device.c.last_seen_at > stream.c.last_sent_at)
            ),
        )
    )
