"""The devices as the lists show them: one light row for each, whatever the page."""

from collections.abc import Iterable, Mapping
from typing import Any

from hub.judge import VERDICT_NOW
from hub.pages.calendar import SILENT_AFTER_SCHOOL_DAYS, calendar_of
from hub.pages.page import RANK, Page, Row
from hub.vietnamese import sort_key
from rules.words import sentence

STATES = {
    "today": sentence("reported today"),
    "earlier": sentence("has not reported today"),
    "silent": sentence("silent"),
    "retired": sentence("retired"),
    "other": sentence("not the school's"),
}
"""Each state of a device in words."""

_DEVICES = """
SELECT m.device_id, m.hostname, m.campus, m.room, m.room_source, m.ownership, m.weak, m.first_seen_at, m.last_seen_at,
       m.retired_at, d.kind, d.vendor, d.model, d.serial, o.name AS system, o.version AS system_version,
       (SELECT MIN(r.asset_code) FROM record AS r WHERE r.device_id = m.device_id) AS asset_code,
       room.name AS room_name, campus.name AS campus_name
FROM managed_device AS m
LEFT JOIN device AS d ON d.device_id = m.device_id
LEFT JOIN operating_system AS o ON o.device_id = m.device_id
LEFT JOIN room ON room.room = m.room
LEFT JOIN campus ON campus.campus = m.campus
"""

_VERDICTS = f"SELECT v.device_id, {VERDICT_NOW} AS verdict, COUNT(*) AS checks FROM verdict AS v"


def devices(page: Page, where: str = "", **named: Any) -> list[Row]:
    """Return devices, each with ``name``, ``state``, ``missed`` school days, ``counts`` of verdicts, the ``worst``."""
    calendar = calendar_of(page)
    rows = page.query(_DEVICES + where, {**page.named, **named})
    counts = counts_of(page, rows[0]["device_id"] if len(rows) == 1 else None)
    for row in rows:
        last_day = page.formats.local(row["last_seen_at"]).date().isoformat()
        row["missed"] = calendar.missed(last_day)
        row["name"] = name_of(row)
        row["state"] = state_of(row, today=last_day >= page.today)
        row["counts"] = counts.get(row["device_id"], {})
        row["worst"] = worst(row["counts"])
    return rows


def name_of(row: Mapping[str, Any]) -> str:
    """Return what a device is called: its host name, else its asset code, else the hub's own name for it."""
    return str(row.get("hostname") or row.get("asset_code") or row.get("device_id") or row.get("subject") or "")


def state_of(row: Row, *, today: bool) -> str:
    """Return a device's state, one of STATES."""
    if row["retired_at"]:
        return "retired"
    if row["ownership"] != "school":
        return "other"
    if today:
        return "today"
    return "silent" if row["missed"] >= SILENT_AFTER_SCHOOL_DAYS else "earlier"


def counts_of(page: Page, device_id: str | None = None) -> dict[str, dict[str, int]]:
    """Return how many checks of each device came to which verdict now; what ran out of time is unknown."""
    where = " WHERE v.device_id = :device_id" if device_id else ""
    found: dict[str, dict[str, int]] = {}
    for row in page.query(f"{_VERDICTS}{where} GROUP BY 1, 2", {**page.named, "device_id": device_id}):
        found.setdefault(row["device_id"], {})[row["verdict"]] = row["checks"]
    return found


def worst(counts: Iterable[str]) -> str:
    """Return the worst of some verdicts; of none, unknown."""
    return min(counts, key=lambda word: RANK.get(word, RANK["unknown"]), default="unknown")


def in_order(rows: list[Row], name: str = "name") -> list[Row]:
    """Return rows in the order of a text column; what is empty comes last."""
    return sorted(rows, key=lambda row: (not row[name], sort_key(str(row[name] or ""))))
