"""Judges devices whose facts changed and verdicts whose time ran out. A rule is asked once for all of them."""

import threading
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from collectors.facts import Outcome, parse_utc, utc_text
from hub.database import Row
from hub.hub import Hub
from hub.tables import verdict
from hub.waiting import EVERYTHING, judged, wait
from rules import engine
from rules.engine import Check, Coverage, Judgement, Waiver

AT_ONCE = 2000
"""So many devices are judged in one go; the rest wait for the next. A rule costs less for all than for some of them."""

AHEAD = timedelta(seconds=90)
"""A verdict is judged again so long before it ends, so that one that still holds does not flicker."""

_one_at_a_time = threading.Lock()
"""Of two that judge at once, the one that asked first could write last, and what it wrote would be what was before."""

Marks = list[tuple[str, str, int]]
"""Rows of the list of who waits: device, table, mark."""

VERDICT_NOW = "CASE WHEN v.until <= :now THEN 'unknown' ELSE v.verdict END"
"""What a row ``v`` of the table ``verdict`` says at ``:now``: its time may have run out since."""

_JUDGED = "ownership = 'school' AND retired_at IS NULL"


def judge(hub: Hub) -> int:
    """Judge up to AT_ONCE devices whose facts changed; return how many did. All are done when this gives 0."""
    with hub.database.reading() as query:
        waiting, marks = _changed(hub, query)
    if waiting:
        judge_devices(hub, waiting, marks)
    return len(waiting)


def judge_ended(hub: Hub) -> int:
    """Judge anew, once, whatever verdict's time has run out; return of how many devices."""
    with hub.database.reading() as query:
        ended = _ended(hub, query, utc_text(hub.clock() + AHEAD))
    devices = sorted(ended)
    for start in range(0, len(devices), AT_ONCE):
        judge_devices(hub, {device_id: ended[device_id] for device_id in devices[start : start + AT_ONCE]})
    return len(devices)


def judge_all(hub: Hub) -> int:
    """Judge all that waits, after marking every device whose verdicts are of other rules than today's."""
    mark_outdated(hub)
    total = judge_ended(hub)
    while done := judge(hub):
        total += done
    return total


def mark_outdated(hub: Hub) -> None:
    """Let every device wait that a rule in force has not judged, or that an older version of it did."""
    plan = hub.plan()
    versions = {
        check.id: engine.version(check, plan.limits_of(hub.rulebook, check.id))
        for check in hub.rulebook.checks.values()
    }
    with hub.database.reading() as query:
        devices = {row["device_id"] for row in query(f"SELECT device_id FROM managed_device WHERE {_JUDGED}", {})}
        held = {
            (row["device_id"], row["rule"], row["version"])
            for row in query("SELECT device_id, rule, version FROM verdict", {})
        }
    outdated = {
        device_id
        for device_id in devices
        if any((device_id, rule, version) not in held for rule, version in versions.items())
    }
    gone = {(device_id, rule) for device_id, rule, _ in held if rule not in versions or device_id not in devices}

    def write(connection: sa.Connection) -> None:
        for device_id, rule in gone:
            connection.execute(verdict.delete().where(verdict.c.device_id == device_id, verdict.c.rule == rule))
        wait(connection, outdated)

    if outdated or gone:
        hub.database.write(write)


def _changed(hub: Hub, query: Any) -> tuple[dict[str, set[str]], Marks]:
    """Return the rules to ask for each device whose facts changed (those that read a table that did), and the marks."""
    readers: dict[str, set[str]] = {EVERYTHING: set(hub.rulebook.checks)}
    for check in hub.rulebook.checks.values():
        for table in (*check.decides, *check.uses):
            readers.setdefault(table, set()).add(check.id)
    rows = query(
        'SELECT device_id, "table", mark FROM to_judge WHERE device_id IN '
        "(SELECT DISTINCT device_id FROM to_judge ORDER BY device_id LIMIT :most)",
        {"most": AT_ONCE},
    )
    waiting: dict[str, set[str]] = {}
    for row in rows:
        waiting.setdefault(row["device_id"], set()).update(readers.get(row["table"], ()))
    return waiting, [(row["device_id"], row["table"], row["mark"]) for row in rows]


def _ended(hub: Hub, query: Any, before: str) -> dict[str, set[str]]:
    rows = query(
        f"SELECT v.device_id, v.rule FROM verdict AS v JOIN managed_device AS m ON m.device_id = v.device_id "
        f"WHERE v.until <= :before AND {_JUDGED}",
        {"before": before},
    )
    ended: dict[str, set[str]] = {}
    for row in rows:
        if row["rule"] in hub.rulebook.checks:
            ended.setdefault(row["device_id"], set()).add(row["rule"])
    return ended


def judge_devices(hub: Hub, waiting: Mapping[str, set[str]], marks: Marks | None = None) -> None:
    """Ask rules about devices and write what they say. What was marked so, and not anew since, waits no longer."""
    with _one_at_a_time:
        _judge_devices(hub, waiting, marks or [])


def _judge_devices(hub: Hub, waiting: Mapping[str, set[str]], marks: Marks) -> None:
    now, plan = hub.clock(), hub.plan()
    zone = hub.zone()
    with hub.database.reading() as query:
        coverage = _coverage(query, waiting, {table for one in hub.rulebook.checks.values() for table in one.decides})
        in_charge = {row["device_id"] for row in query(f"SELECT device_id FROM managed_device WHERE {_JUDGED}", {})}
        judgements: list[Judgement] = []
        versions: dict[str, str] = {}
        for check in hub.rulebook.checks.values():
            devices = {
                device_id: coverage.get(device_id, {})
                for device_id, rules in waiting.items()
                if check.id in rules and device_id in in_charge
            }
            if devices:
                limits = plan.limits_of(hub.rulebook, check.id)
                versions[check.id] = engine.version(check, limits)
                named = engine.parameters(limits, now, zone)
                waivers = _waivers(query, check, named["midnight"], named["today"])
                judgements += engine.judge(check, devices, query, named, waivers, hub.database.device_table)
    not_judged = [device_id for device_id in waiting if device_id not in in_charge]
    hub.database.write(lambda connection: _write(connection, judgements, versions, utc_text(now), marks, not_judged))


def _coverage(query: Any, waiting: Iterable[str], tables: Iterable[str]) -> dict[str, dict[str, Coverage]]:
    devices = {f"d{number}": device_id for number, device_id in enumerate(waiting)}
    wanted = {f"t{number}": table for number, table in enumerate(sorted(tables))}
    rows = query(
        'SELECT device_id, "table", outcome, message, expires_at FROM collection '
        f"WHERE device_id IN ({', '.join(':' + name for name in devices)}) "
        f'AND "table" IN ({", ".join(":" + name for name in wanted)})',
        {**devices, **wanted},
    )
    moment = cache(parse_utc)  # a report's tables expire together
    found: dict[str, dict[str, Coverage]] = {}
    for row in rows:
        found.setdefault(row["device_id"], {})[row["table"]] = Coverage(
            Outcome(row["outcome"]), moment(row["expires_at"]), row["message"]
        )
    return found


def _waivers(query: Any, check: Check, midnight: str, today: str) -> dict[str, Waiver]:
    """Return the waivers of a check that hold today, by device: they name its asset code, its hostname or its id."""
    rows: list[Row] = query(
        """
        SELECT m.device_id, w.reason, w.granted_by, w.until
        FROM waiver AS w
        JOIN managed_device AS m ON m.device_id = w.subject OR m.hostname = w.subject
             OR m.device_id IN (SELECT r.device_id FROM record AS r WHERE r.asset_code = w.subject)
        WHERE w.rule = :rule AND w.until >= :today
        """,
        {"rule": check.id, "today": today},
    )
    found = {}
    for row in rows:
        ends = engine.holds_until({"until": row["until"]}, {"midnight": midnight, "today": today})
        if ends is not None:
            found[row["device_id"]] = Waiver(row["reason"], row["granted_by"], ends)
    return found


def _write(
    connection: sa.Connection,
    judgements: Iterable[Judgement],
    versions: Mapping[str, str],
    now: str,
    done: Iterable[tuple[str, str, int]],
    not_judged: Iterable[str],
) -> None:
    chosen = sorted({one.device_id for one in judgements})
    held: dict[tuple[str, str], Mapping[str, Any]] = {}
    for start in range(0, len(chosen), AT_ONCE):
        rows = connection.execute(sa.select(verdict).where(verdict.c.device_id.in_(chosen[start : start + AT_ONCE])))
        held.update({(row["rule"], row["device_id"]): row for row in rows.mappings()})
    new, changed = [], []
    for one in judgements:
        older = held.get((one.rule, one.device_id))
        row = {
            "version": versions[one.rule],
            "verdict": one.verdict.value,
            "reason": one.reason,
            "details": engine.details_text(one.details),
            "since": older["since"] if older is not None and older["verdict"] == one.verdict.value else now,
            "until": utc_text(one.until),
        }
        if older is None:
            new.append({"rule": one.rule, "device_id": one.device_id, **row})
        elif any(older[name] != value for name, value in row.items()):
            changed.append({"the_rule": one.rule, "the_device": one.device_id, **row})
    if new:
        connection.execute(verdict.insert(), new)
    if changed:
        here = (verdict.c.rule == sa.bindparam("the_rule")) & (verdict.c.device_id == sa.bindparam("the_device"))
        names = [name for name in changed[0] if not name.startswith("the_")]
        connection.execute(verdict.update().where(here).values({name: sa.bindparam(name) for name in names}), changed)
    gone = [{"the_device": device_id} for device_id in not_judged]
    if gone:
        connection.execute(verdict.delete().where(verdict.c.device_id == sa.bindparam("the_device")), gone)
    judged(connection, done)
