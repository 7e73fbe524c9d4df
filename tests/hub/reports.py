"""Reports as agents send them, made by hand for tests."""

import itertools
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from collectors.facts import digest, table_of, utc_text
from hub.hub import Hub
from hub.ingest import Answer, ingest
from hub.reports import decode
from hub.tables import FACTS

UUID_A = "3f2a0001-1111-4222-8333-0123456789ab"
UUID_B = "3f2a0002-1111-4222-8333-0123456789ab"

DEVICE: dict[str, Any] = {
    "hostname": "TT-PM1-01", "kind": "desktop", "vendor": None, "model": None, "serial": None, "uuid": None,
    "board_vendor": None, "board_model": None, "asset_tag": None,
}  # fmt: skip
FIREWALL: dict[str, Any] = {"profile": "default", "enabled": True, "product": "nftables"}


def machine(
    uuid: str | None = UUID_A,
    serial: str | None = "TESTA0001",
    disks: Sequence[str] = ("TESTDISKA01",),
    macs: Sequence[str] = ("02:00:00:00:00:01",),
    **more: Any,
) -> dict[str, Any]:
    """Return what a machine says of its hardware."""
    return {"smbios_uuid": uuid, "system_serial": serial, "disk_serials": list(disks), "macs": list(macs), **more}


def report(
    at: datetime,
    *,
    stream: str = "run-1",
    sequence: int = 1,
    identifiers: Mapping[str, Any] | None = None,
    tables: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    unchanged: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    missing: Sequence[Mapping[str, Any]] = (),
    **top: Any,
) -> dict[str, Any]:
    """Return a report of a machine whose tables were collected and sent at one time."""
    moment = utc_text(at)
    given = {"device": [DEVICE]} if tables is None else tables
    return {
        "format": 1,
        "agent": "0.1.0",
        "stream": stream,
        "sequence": sequence,
        "sent_at": moment,
        "identifiers": machine() if identifiers is None else identifiers,
        "tables": {
            name: {"collected_at": moment, "digest": mark(name, rows), "rows": list(rows)}
            for name, rows in given.items()
        },
        "unchanged": {
            name: {"collected_at": moment, "digest": mark(name, rows)} for name, rows in (unchanged or {}).items()
        },
        "missing": [{"attempted_at": moment, "message": None, **one} for one in missing],
        **top,
    }


def mark(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the digest that an agent gives with rows; a field that a row leaves out is null."""
    table = table_of(FACTS[name])
    return digest(table, [{field.name: row.get(field.name) for field in table.fields} for row in rows])


def send(hub: Hub, document: Mapping[str, Any], received_at: datetime | None = None, **how: Any) -> Answer:
    """Let a hub take a report, as its interface does."""
    decoded = decode(msgspec.json.encode(document))
    at = received_at or hub.clock()
    answer: Answer = hub.database.write(lambda connection: ingest(connection, decoded, at, **how))
    return answer


numbers = itertools.count(1)


def body(document: Mapping[str, Any]) -> bytes:
    """Return a report as it travels, before it is packed."""
    return json.dumps(document, ensure_ascii=False).encode()


def later(at: datetime, **by: float) -> datetime:
    """Return a time so much later."""
    return at + timedelta(**by)
