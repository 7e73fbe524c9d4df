"""A small school that tests of pages read: five PCs, each with something to see."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from collectors.facts import utc_text
from hub import devices, rooms, targets
from hub.hub import Hub
from hub.judge import judge_all
from hub.tables import FACTS, OWN, conflict, target_day
from rules.tables import Ownership
from tests.hub.reports import machine, report, send

HOSTILE = "<script>alert(1)</script>"
GIB = 1 << 30

PROFILE: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "school": [
        {"code": "T-1", "name": "Trường Tiểu học Thử", "year": "2025-2026", "plan": "2025-2026",
         "time_zone": "Asia/Ho_Chi_Minh", "weekdays": json.dumps(["mon", "tue", "wed", "thu", "fri"])},
    ],
    "campus": [{"campus": "TT", "name": "Cơ sở Toàn Thắng"}, {"campus": "TG", "name": "Cơ sở Tiên Thắng"}],
    "room": [
        {"room": "TT-PM1", "campus": "TT", "kind": "computer_lab", "name": "Phòng máy tính 1", "computers_expected": 3},
        {"room": "TT-VP", "campus": "TT", "kind": "office", "name": "Văn phòng", "computers_expected": 1},
        {"room": "TG-P201", "campus": "TG", "kind": "classroom", "name": "Phòng học lớp 2A", "computers_expected": 0},
    ],
    "class_group": [{"class_group": "5A", "grade": 5, "students": 4, "campus": "TT"}],
    "lesson": [{"room": "TT-PM1", "weekday": "mon", "period": 1, "class_group": "5A", "subject": "informatics"}],
    "hostname_pattern": [{"pattern": "TT-PM1-*", "room": "TT-PM1"}],
    "staff_count": [{"role": "teacher", "people": 4, "with_computer": 4}],
    "record": [
        {"asset_code": "MT-01", "kind": "desktop", "serial": "TESTA0001", "room": "TT-PM1", "condition": "good"},
        {"asset_code": "=HYPERLINK(1)", "kind": "laptop", "room": "TT-VP"},
    ],
}  # fmt: skip

SYSTEM = {
    "family": "linux", "name": "Debian GNU/Linux", "distribution": "debian", "version": "12", "architecture": "x86_64",
    "is_server": False,
}  # fmt: skip


def fill(hub: Hub) -> dict[str, str]:
    """Fill a hub at its clock's time (08:00 on Monday 2 March 2026); return the device's id by a short name."""
    now = hub.clock()
    hub.database.write(_profile)
    found = {
        "lab": _pc(hub, now - timedelta(days=3), 1, "TT-PM1-01", memory=(8, 8), enabled=True),
        "teacher": _pc(hub, now - timedelta(hours=1), 2, "MÁY-CÔ-ĐÀO", enabled=False, kind="laptop"),
        "hostile": _pc(hub, now - timedelta(hours=1), 3, HOSTILE, enabled=True, missing="antivirus"),
        "silent": _pc(hub, now - timedelta(days=20), 4, "TT-PM1-04", enabled=True),
        "gone": _pc(hub, now - timedelta(days=5), 5, "MÁY-CŨ", enabled=True),
    }
    _pc(hub, now - timedelta(minutes=30), 1, "TT-PM1-01", memory=(8, 4), enabled=True, sequence=2)
    hub.database.write(lambda on: devices.retire(on, found["gone"], now - timedelta(days=4)))
    _pc(hub, now - timedelta(minutes=20), 5, "MÁY-CŨ", enabled=True, sequence=2)
    found["visitor"] = _pc(hub, now - timedelta(hours=2), 6, "MAY-RIENG", enabled=False)
    hub.database.write(lambda on: devices.set_ownership(on, found["visitor"], Ownership.OTHER))
    hub.database.write(rooms.settle)
    hub.database.write(
        lambda on: on.execute(
            conflict.insert().values(
                kind="clone", device_id=found["lab"], other_device_id=found["teacher"], since=utc_text(now),
                detail=json.dumps([["system_serial", "TESTA0001"]]),
            )
        )
    )  # fmt: skip
    judge_all(hub)
    targets.write_down(hub)
    hub.database.write(_history)
    return found


def _profile(connection: Any) -> None:
    for name, rows in PROFILE.items():
        for row in rows:
            connection.execute(OWN[name].insert().values(dict(row)))
    first = date(2026, 1, 5)
    days = [first + timedelta(days=number) for number in range(140)]
    taught = [{"day": day.isoformat()} for day in days if day.isoweekday() <= 5]
    connection.execute(OWN["school_day"].insert(), taught)


def _history(connection: Any) -> None:
    """Write down what host-firewall came to in February: one day is not known."""
    for day, value in (("2026-02-24", 0.5), ("2026-02-25", None), ("2026-02-26", 0.75), ("2026-02-27", 0.8)):
        row = {"target": "host-firewall", "day": day, "value": value, "verdict": "fail", "population": 4, "unknown": 1}
        connection.execute(target_day.insert().values(row))


def _pc(
    hub: Hub,
    at: datetime,
    number: int,
    hostname: str,
    *,
    enabled: bool,
    kind: str = "desktop",
    memory: tuple[int, ...] = (8,),
    missing: str | None = None,
    sequence: int = 1,
) -> str:
    """Let a PC report, and return its device's id."""
    device = {
        "hostname": hostname,
        "kind": kind,
        "vendor": "HP",
        "model": "HP ProDesk 400",
        "serial": f"TESTA000{number}",
    }
    tables: dict[str, list[dict[str, Any]]] = {
        "device": [device],
        "operating_system": [SYSTEM],
        "firewall": [{"profile": "default", "enabled": enabled, "product": "nftables"}],
        "memory_module": [{"slot": f"DIMM{slot}", "size_bytes": size * GIB} for slot, size in enumerate(memory)],
        "malware": [],
    }
    document = report(
        at,
        stream=f"run-{number}",
        sequence=sequence,
        identifiers=machine(
            uuid=f"3f2a000{number}-1111-4222-8333-0123456789ab", serial=f"TESTA000{number}",
            disks=(f"TESTDISK{number}",), macs=(f"02:00:00:00:00:0{number}",),
        ),
        tables={name: [_whole(name, row) for row in rows] for name, rows in tables.items()},
        missing=[{"table": missing, "why": "failed", "message": "<b>no answer</b>"}] if missing else (),
    )  # fmt: skip
    return str(send(hub, document, at).device_id)


def _whole(name: str, row: Mapping[str, Any]) -> dict[str, Any]:
    return {field: row.get(field) for field in FACTS[name].__dataclass_fields__}  # type: ignore[attr-defined]
