"""A made-up school of any size, as reports. Rows follow from the fact classes: a new table needs nothing here."""

import gzip
import random
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

import collectors.host
from collectors.facts import Field, Table, compact, digest, table_of, utc_text

PRODUCTS = 400
"""Different software products in the school, of which each PC has some."""

ROWS = {
    "software": 250,
    "listening_port": 20,
    "setting": 12,
    "update": 30,
    "volume": 3,
    "network_interface": 2,
    "usage": 8,
}
"""How many rows of a table a PC has; of others one."""

CHANGED = 25


def tables(device: int, version: int, now: str) -> dict[str, list[dict[str, Any]]]:
    """Return what one PC has; with another ``version``, that of some of its software is another one."""
    return {
        name: [
            {
                field.name: _value(field, device, row, version if row < CHANGED else 0, now)
                for field in table_of(cls).fields
            }
            for row in _rows(table_of(cls), device)
        ]
        for name, cls in collectors.host.tables().items()
    }


def _rows(table: Table, device: int) -> list[int]:
    count = ROWS.get(table.name, 1)
    if not table.key:
        return [0]
    return sorted(random.Random(device).sample(range(PRODUCTS), count)) if table.shared else list(range(count))  # noqa: S311 - no secret


def _value(field: Field, device: int, row: int, version: int, now: str) -> Any:
    if issubclass(field.type, StrEnum):
        return next(iter(field.type)).value
    if field.name == "address":
        return ("127.0.0.1", "0.0.0.0")[row % 2]  # noqa: S104 - only said
    if field.name == "version":
        return f"{row % 20}.{version}"
    values: dict[type, Callable[[], Any]] = {
        str: lambda: (
            f"PC-{device:04}" if field.name == "hostname" else f"{field.name.replace('_', ' ')} of product {row}"
        ),
        int: lambda: 1000 + row,
        float: lambda: row + 0.5,
        bool: lambda: True,
        datetime: lambda: now,
        date: lambda: now[:10],
        tuple: lambda: [f"10.0.{row}.{device % 250}"],
    }
    return values[field.type]()


def report(
    device: int,
    sequence: int,
    whole: Mapping[str, list[dict[str, Any]]],
    same: Mapping[str, list[dict[str, Any]]],
    now: str,
) -> bytes:
    """Return a packed report: some tables whole, of others that they are the same."""
    document = {
        "format": 1,
        "agent": "0.1.0",
        "stream": f"bench-{device}",
        "sequence": sequence,
        "sent_at": now,
        "identifiers": {
            "smbios_uuid": str(UUID(int=random.Random(device).getrandbits(128), version=4)),  # noqa: S311 - no secret
            "system_serial": f"BENCH{device:05}",
            "board_serial": None,
            "disk_serials": [],
            "macs": [],
        },
        "tables": {
            name: {"collected_at": now, "digest": _digest(name, rows), "rows": rows} for name, rows in whole.items()
        },
        "unchanged": {name: {"collected_at": now, "digest": _digest(name, rows)} for name, rows in same.items()},
        "missing": [],
        "metrics_port": None,
    }
    return gzip.compress(compact().encode(document).encode(), 6, mtime=0)


def _digest(name: str, rows: list[dict[str, Any]]) -> str:
    return digest(_tables()[name], rows)


@cache
def _tables() -> dict[str, Table]:
    return {name: table_of(cls) for name, cls in collectors.host.tables().items()}


def life(device: int) -> tuple[bytes, bytes, bytes]:
    """Return three reports of a PC: its first, one in which some software changed, one in which nothing did."""
    now = utc_text(datetime.now(UTC))
    before, after = tables(device, 0, now), tables(device, 1, now)
    changed = {name: rows for name, rows in after.items() if rows != before[name]}
    same = {name: rows for name, rows in after.items() if name not in changed}
    return report(device, 1, before, {}, now), report(device, 2, changed, same, now), report(device, 3, {}, after, now)
