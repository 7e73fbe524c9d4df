"""A school as large as the plan for speed asks: 1,500 PCs with 250 programs each, and the time that all rules take."""

import sqlite3
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from collectors.facts import Outcome, parse_utc, utc_text
from rules.engine import Coverage, judge, measure, parameters
from rules.examples import NOW, ZONE, filled
from rules.load import Rulebook
from rules.memory import insert, newest, open_memory, reading, tables_of

DEVICES = 1500
PROGRAMS = 250
ROOMS = 60


def large_school(
    rulebook: Rulebook, facts: Mapping[str, type], devices: int = DEVICES, programs: int = PROGRAMS
) -> sqlite3.Connection:
    """Return a database in memory with so many PCs, all of them made up."""
    names = [f"d{number}" for number in range(devices)]
    rooms = [f"R{number % ROOMS}" for number in range(devices)]
    given: dict[str, list[dict[str, Any]]] = {
        "device": [{"device_id": name, "hostname": name, "kind": "desktop"} for name in names],
        "managed_device": [
            {"device_id": name, "hostname": name, "ownership": "school", "room": room, "campus": "TT"}
            for name, room in zip(names, rooms, strict=True)
        ],
        "operating_system": [
            {"device_id": name, "family": "windows", "name": "Windows 11", "edition": "Education", "version": "24H2"}
            for name in names
        ],
        "antivirus": [
            {"device_id": name, "name": product, "protection": "enabled", "signatures_at": "2026-02-27T01:00:00Z"}
            for name in names
            for product in ("Microsoft Defender", "Kaspersky")
        ],
        "firewall": [
            {"device_id": name, "profile": profile, "enabled": True}
            for name in names
            for profile in ("domain", "private", "public")
        ],
        "listening_port": [
            {"device_id": name, "protocol": "tcp", "address": "0.0.0.0", "port": port}  # noqa: S104 - a fact
            for name in names
            for port in (135, 445, 3389, *range(49664, 49680))
        ],
        "update_state": [
            {"device_id": name, "last_searched_at": NOW, "last_security_update_at": NOW, "restart_pending": False}
            for name in names
        ],
        "malware": [],
        "software": [
            {"device_id": name, "name": f"program {number}", "version": "1.0"}
            for name in names
            for number in range(programs)
        ],
        "connectivity": [
            {"device_id": name, "target": "https://example.org/", "purpose": "internet", "kind": kind, "ok": True}
            for name in names
            for kind in ("dns", "tcp", "tls", "http")
        ],
        "presence": [
            {"device_id": name, "day": f"2026-{month:02}-{day:02}"}
            for name in names
            for month in (1, 2)
            for day in range(1, 29)
        ],
        "collection": [
            {"device_id": name, "table": table, "outcome": "rows", "expires_at": "2026-03-20T00:00:00Z"}
            for name in names
            for table in ("device", "antivirus", "firewall", "operating_system", "update_state", "listening_port")
        ],
        "accepted_antivirus": [{"name": "Kaspersky"}, {"name": "Microsoft Defender"}],
        "room": [
            {"room": f"R{number}", "campus": "TT", "kind": "computer_lab" if number % 2 else "classroom"}
            for number in range(ROOMS)
        ],
        "class_group": [{"class_group": f"{number}A", "students": 35} for number in range(30)],
        "lesson": [
            {"room": f"R{number}", "class_group": f"{number % 30}A", "period": number, "subject": "informatics"}
            for number in range(ROOMS)
        ],
        "record": [
            {"asset_code": f"MT-{number}", "device_id": name, "kind": "desktop", "room": room, "condition": "good"}
            for number, (name, room) in enumerate(zip(names, rooms, strict=True))
        ],
    }
    connection = open_memory(rulebook, facts)
    columns = tables_of(rulebook, facts)
    for name, rows in filled(rulebook, facts, given, NOW).items():
        insert(connection, name, columns[name], rows)
    return connection


def time_all_rules(
    rulebook: Rulebook, facts: Mapping[str, type], connection: sqlite3.Connection
) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """Judge every PC by every check, then count every target. Returns the seconds of each, and the verdicts' rows."""
    now, plan = parse_utc(NOW), newest(rulebook)
    columns = tables_of(rulebook, facts)
    good = Coverage(Outcome.ROWS, now + timedelta(days=30))
    devices = [row[0] for row in connection.execute("SELECT device_id FROM device")]
    took: dict[str, float] = {}
    verdicts: list[dict[str, Any]] = []
    with reading(connection) as query:
        for check in rulebook.checks.values():
            coverage = {device: dict.fromkeys(check.decides, good) for device in devices}
            started = time.process_time()
            named = parameters(plan.limits_of(rulebook, check.id), now, ZONE)
            verdicts += [
                {"rule": one.rule, "device_id": one.device_id, "verdict": one.verdict.value, "reason": one.reason,
                 "until": utc_text(one.until), "since": NOW, "version": "", "details": "{}"}
                for one in judge(check, coverage, query, named)
            ]  # fmt: skip
            took[check.id] = time.process_time() - started
    insert(connection, "verdict", columns["verdict"], verdicts)
    with reading(connection) as query:
        for target in rulebook.targets.values():
            demand = plan.demands[target.id]
            started = time.process_time()
            measure(target, demand, query, parameters(demand.limits, now, ZONE, demand.levels))
            took[target.id] = time.process_time() - started
    return took, verdicts
