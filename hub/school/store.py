"""A profile in the hub's database: taken whole or not at all, and given back."""

import json
from datetime import date
from typing import Any

import sqlalchemy as sa

from collectors.facts import Field, compact, plain, table_of
from hub import rooms, waiting
from hub.school.read import Profile
from hub.tables import OWN
from rules import school

_record = OWN["record"]


def apply(connection: sa.Connection, profile: Profile) -> dict[str, int]:
    """Put a profile in the place of the one that the hub has; say how many rows each table has now.

    Run inside one transaction. A table that the profile does not give stays as it is. Records keep the device that was
    matched to them unless their serial or MAC changed. Every device's room is then worked out anew, and all wait to be
    judged.
    """
    matched = _matched(connection)
    counts = {}
    for name, rows in profile.rows.items():
        table = OWN[name]
        connection.execute(table.delete())
        stored = [_stored(row) for row in rows]
        if table is _record:
            stored = [row | {"device_id": _device_of(row, matched)} for row in stored]
        if stored:
            connection.execute(table.insert(), stored)
        counts[name] = len(rows)
    rooms.settle(connection)
    waiting.wait_all(connection)
    return counts


def _matched(connection: sa.Connection) -> dict[str, Any]:
    known = sa.select(_record).where(_record.c.device_id.is_not(None))
    return {row["asset_code"]: row for row in connection.execute(known).mappings()}


def _device_of(row: dict[str, Any], matched: dict[str, Any]) -> str | None:
    before = matched.get(row["asset_code"])
    if before is None or any(row[name] and before[name] and row[name] != before[name] for name in ("serial", "mac")):
        return None
    device_id: str = before["device_id"]
    return device_id


def _stored(row: Any) -> dict[str, Any]:
    return {name: compact().encode(value) if isinstance(value, list) else value for name, value in plain(row).items()}


def stored_profile(connection: sa.Connection) -> Profile:
    """Return the profile that the hub has."""
    made = {}
    for name, cls in school.TABLES.items():
        table, fields = OWN[name], table_of(cls).fields
        found = connection.execute(sa.select(table).order_by(*table.primary_key.columns)).mappings()
        made[name] = tuple(cls(**{field.name: _read(field, row[field.name]) for field in fields}) for row in found)
    return Profile(made)


def _read(field: Field, value: Any) -> Any:
    if value is None:
        return None
    if field.type is date:
        return date.fromisoformat(value)
    if field.type is tuple:
        return tuple(json.loads(value))
    return field.type(value)
