"""Takes a report into the database: one report, one transaction; a repeated one changes nothing.

State, not steps: each table of a report replaces the older one, whatever came between, so a lost report heals by itself.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa

from collectors.facts import Outcome, compact, digest, parse_utc, table_of, utc_text
from hub import identity, rooms
from hub.reports import Report, Section
from hub.tables import ENTRY, FACT, FACTS, change, collection, hub_counter, managed_device, presence, stream
from hub.tables import digest as digest_table
from hub.tables import report as report_table
from hub.waiting import insert_for, wait
from rules.engine import FACTS_EXPIRE_AFTER
from rules.tables import Ownership

CLOCK_TOLERANCE = timedelta(seconds=60)
"""A PC's clock that is wrong by more is corrected by what it said and what the hub's says."""

CHANGES_LIMIT = 400
"""More changes of one table in one report than this are one line of history: a system that was installed anew."""


class Answer(msgspec.Struct, frozen=True):
    """What a hub may answer, and nothing else: no command flows back."""

    accepted: bool
    device_id: str
    resend: list[str]


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
    found = identity.find(connection, report, address)
    zone = ZoneInfo(connection.scalar(sa.text("SELECT time_zone FROM school")) or "Asia/Ho_Chi_Minh")
    taking = _Taking(connection, found.device_id, lambda at: at.astimezone(zone).date().isoformat(), true_time)
    if not _count_report(taking, report, received_at):
        return Answer(accepted=True, device_id=found.device_id, resend=[])

    is_managed = not found.is_new and _seen_again(taking, report)
    if not is_managed:
        _first_seen(taking, report)
    new_day = _attend(taking, report)
    have = _collections(taking)
    resend = []
    changed = set()
    for section in report.sections:
        older = have.get(section.table)
        at = true_time(section.at)
        if older is not None and utc_text(at) < older["attempted_at"]:
            continue  # a late report: what the hub has is newer
        if section.rows is None and section.outcome is Outcome.ROWS and not _is_same(older, section):
            resend.append(section.table)
            continue
        if _take_section(taking, section, at, older):
            changed.add(section.table)
    if new_day:
        _expire(taking, true_time(report.sent_at))
        changed = {"*"}
    if {"device", "network_interface", "*"} & changed:
        rooms.settle(connection, found.device_id)
    wait(connection, [found.device_id], changed)
    _count_unknown(connection, report.counted)
    return Answer(accepted=True, device_id=found.device_id, resend=sorted(resend))


def _count_report(taking: _Taking, report: Report, received_at: datetime) -> bool:
    """Note that a report came; False where it came before."""
    insert = _insert_ignoring(taking.connection, report_table).values(
        stream=report.stream, sequence=report.sequence, device_id=taking.device_id, received_at=utc_text(received_at)
    )
    return taking.connection.execute(insert).rowcount == 1


def _insert_ignoring(connection: sa.Connection, table: sa.Table) -> Any:
    """Return an INSERT that leaves a row alone which is there already."""
    return insert_for(connection)(table).on_conflict_do_nothing()


def _seen_again(taking: _Taking, report: Report) -> bool:
    sent_at = utc_text(taking.true_time(report.sent_at))
    done = taking.connection.execute(
        managed_device.update()
        .where(managed_device.c.device_id == taking.device_id)
        .values(
            last_seen_at=sa.case(
                (managed_device.c.last_seen_at < sent_at, sent_at), else_=managed_device.c.last_seen_at
            )
        )
    )
    return done.rowcount == 1


def _first_seen(taking: _Taking, report: Report) -> None:
    sent_at = utc_text(taking.true_time(report.sent_at))
    taking.connection.execute(
        managed_device.insert().values(
            device_id=taking.device_id,
            ownership=Ownership.SCHOOL.value,
            weak=identity.is_weak(taking.connection, taking.device_id),
            first_seen_at=sent_at,
            last_seen_at=sent_at,
        )
    )


def _attend(taking: _Taking, report: Report) -> bool:
    """Note the local dates on which the device was seen; True where one of them is new."""
    moments = {report.sent_at, *(section.at for section in report.sections)}
    days = {taking.local_day(taking.true_time(at)) for at in moments}
    insert = _insert_ignoring(taking.connection, presence)
    new = [
        day
        for day in sorted(days)
        if taking.connection.execute(insert.values(device_id=taking.device_id, day=day)).rowcount == 1
    ]
    return bool(new)


def _collections(taking: _Taking) -> dict[str, Mapping[str, Any]]:
    query = (
        sa.select(collection, digest_table.c.digest)
        .outerjoin(
            digest_table,
            (digest_table.c.device_id == collection.c.device_id) & (digest_table.c.table == collection.c.table),
        )
        .where(collection.c.device_id == taking.device_id)
    )
    return {row["table"]: row for row in taking.connection.execute(query).mappings()}


def _is_same(older: Mapping[str, Any] | None, section: Section) -> bool:
    return older is not None and older["collected_at"] is not None and older["digest"] == section.digest


def _take_section(taking: _Taking, section: Section, at: datetime, older: Mapping[str, Any] | None) -> bool:
    """Take one table of a report; True where a rule could see a difference."""
    row: dict[str, Any] = {
        "outcome": section.outcome.value,
        "message": section.message,
        "attempted_at": utc_text(at),
    }
    came = older is None or older["outcome"] != row["outcome"]
    if section.outcome is Outcome.ROWS:
        row |= {"collected_at": utc_text(at), "expires_at": utc_text(at + FACTS_EXPIRE_AFTER)}
        if section.rows is not None:
            mark = section.digest or digest(table_of(FACTS[section.table]), section.rows)
            known = older is not None and older["collected_at"] is not None
            same = known and older is not None and older["digest"] == mark
            if not same or table_of(FACTS[section.table]).volatile:
                _store(taking, section, at, history=known and not same)
            if not same:
                _keep_digest(taking, section.table, mark)
            came = True
    elif section.outcome is Outcome.NOT_HERE:
        row |= {"collected_at": None, "expires_at": utc_text(at + FACTS_EXPIRE_AFTER)}
        came = came or (older is not None and older["expires_at"] <= utc_text(at))
        if older is not None and older["collected_at"] is not None:
            _store(taking, Section(section.table, Outcome.ROWS, at, rows=[]), at, history=True)
            _keep_digest(taking, section.table, None)
    elif older is None:
        row |= {"collected_at": None, "expires_at": utc_text(at)}
    if older is None:
        taking.connection.execute(
            collection.insert().values({"device_id": taking.device_id, "table": section.table, **row})
        )
    else:
        came = came or older["expires_at"] <= utc_text(at)
        taking.connection.execute(
            collection.update()
            .where(collection.c.device_id == taking.device_id, collection.c.table == section.table)
            .values(row)
        )
    return came


def _keep_digest(taking: _Taking, table: str, mark: str | None) -> None:
    here = (digest_table.c.device_id == taking.device_id) & (digest_table.c.table == table)
    taking.connection.execute(digest_table.delete().where(here))
    if mark is not None:
        taking.connection.execute(digest_table.insert().values(device_id=taking.device_id, table=table, digest=mark))


def _store(taking: _Taking, section: Section, at: datetime, *, history: bool) -> None:
    """Put a table's rows in the place of the older ones, and note what came, went and changed."""
    rows = list(section.rows or ())
    if section.table in ENTRY:
        _store_shared(taking, section.table, rows, at, history=history)
        return
    table = FACT[section.table]
    here = table.c.device_id == taking.device_id
    if history:
        before = [dict(row) for row in taking.connection.execute(sa.select(table).where(here)).mappings()]
        for row in before:
            del row["device_id"]
        _note_changes(taking, section.table, before, rows, at)
    taking.connection.execute(table.delete().where(here))
    if rows:
        taking.connection.execute(table.insert(), [{"device_id": taking.device_id, **row} for row in rows])


def _store_shared(taking: _Taking, name: str, rows: Sequence[dict[str, Any]], at: datetime, *, history: bool) -> None:
    """Link a device with its rows in the catalogue, which holds each distinct row once."""
    links, entries = FACT[name], ENTRY[name]
    fields = [field.name for field in table_of(FACTS[name]).fields]
    wanted = {_row_digest(row, fields): row for row in rows}
    here = links.c.device_id == taking.device_id
    joined = sa.select(entries).join(links, links.c.entry_id == entries.c.entry_id).where(here)
    before = {bytes(row["digest"]): dict(row) for row in taking.connection.execute(joined).mappings()}
    came, went = wanted.keys() - before.keys(), before.keys() - wanted.keys()
    if went:
        gone = [before[mark]["entry_id"] for mark in went]
        taking.connection.execute(links.delete().where(here & links.c.entry_id.in_(gone)))
    if came:
        ids = _entry_ids(taking.connection, entries, {mark: wanted[mark] for mark in came})
        taking.connection.execute(
            links.insert(), [{"device_id": taking.device_id, "entry_id": entry_id} for entry_id in sorted(ids)]
        )
    if history and (came or went):
        older = [{field: before[mark][field] for field in fields} for mark in went]
        _note_changes(taking, name, older, [wanted[mark] for mark in came], at)


def _row_digest(row: Mapping[str, Any], fields: Sequence[str]) -> bytes:
    return hashlib.blake2b(msgspec.json.encode([row[field] for field in fields]), digest_size=12).digest()


def _entry_ids(connection: sa.Connection, entries: sa.Table, wanted: Mapping[bytes, Mapping[str, Any]]) -> list[int]:
    find = sa.select(entries.c.entry_id, entries.c.digest).where(entries.c.digest.in_(list(wanted)))
    found = {bytes(row.digest): row.entry_id for row in connection.execute(find)}
    new = [{"digest": mark, **row} for mark, row in wanted.items() if mark not in found]
    if new:
        connection.execute(_insert_ignoring(connection, entries), new)
        found = {bytes(row.digest): row.entry_id for row in connection.execute(find)}
    return list(found.values())


def _note_changes(
    taking: _Taking, name: str, before: Sequence[dict[str, Any]], after: Sequence[dict[str, Any]], at: datetime
) -> None:
    declared = table_of(FACTS[name])
    steady = [field.name for field in declared.fields if not field.volatile and not field.key]
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
            for field in steady:
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
        sa.select(collection.c.table, collection.c.collected_at, collection.c.expires_at).where(
            collection.c.device_id == taking.device_id, collection.c.collected_at.is_not(None)
        )
    ).all():
        collected_day = taking.local_day(parse_utc(row.collected_at))
        since = sum(day > collected_day for day in days)
        if since > table_of(FACTS[row.table]).valid_operation_days:
            ended = min(row.expires_at, utc_text(at))
            taking.connection.execute(
                collection.update()
                .where(collection.c.device_id == taking.device_id, collection.c.table == row.table)
                .values(expires_at=ended)
            )


def _count_unknown(connection: sa.Connection, counted: Mapping[str, int]) -> None:
    for name, by in counted.items():
        if by:
            connection.execute(_insert_ignoring(connection, hub_counter).values(name=name, value=0))
            connection.execute(
                hub_counter.update().where(hub_counter.c.name == name).values(value=hub_counter.c.value + by)
            )


def last_heard(connection: sa.Connection) -> str | None:
    """Return when any report last came."""
    return connection.scalar(sa.select(sa.func.max(report_table.c.received_at)))


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
