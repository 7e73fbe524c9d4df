"""Where a device stands: its record says it, else its hostname's pattern; the campus at least, by its address.

Where two of these disagree the first wins, and ``claims`` shows both to the officer.
"""

import fnmatch
import ipaddress
import json
from collections.abc import Iterable

import sqlalchemy as sa

from hub import records
from hub.tables import FACT, OWN, managed_device, report
from hub.waiting import wait

_device, _interface = FACT["device"], FACT["network_interface"]
_record, _room, _pattern, _segment = OWN["record"], OWN["room"], OWN["hostname_pattern"], OWN["segment"]

RECORD, HOSTNAME = "record", "hostname"


def settle(connection: sa.Connection, device_id: str | None = None) -> None:
    """Work out hostname, room and campus anew, for one device or for all (after the school's profile changed).

    Whoever gained or lost a record with that is settled too, and judged again: waivers go by the record.
    """
    moved = records.match(connection, device_id)
    wait(connection, moved)
    devices = sa.select(managed_device.c.device_id, managed_device.c.room, _device.c.hostname).outerjoin(
        _device, _device.c.device_id == managed_device.c.device_id
    )
    if device_id is not None:
        devices = devices.where(managed_device.c.device_id.in_({device_id, *moved}))
    campus_of = {row.room: row.campus for row in connection.execute(sa.select(_room.c.room, _room.c.campus))}
    heard_at = connection.scalar(sa.select(sa.func.max(report.c.received_at)))
    for row in connection.execute(devices).all():
        told = claims(connection, row.device_id, row.hostname)
        source, room = next(iter(told.items()), (None, None))
        campus = campus_of.get(room) if room else _campus_by_address(connection, row.device_id)
        connection.execute(
            managed_device.update()
            .where(managed_device.c.device_id == row.device_id)
            .values(hostname=row.hostname, room=room, room_source=source, campus=campus)
        )
        if row.room is not None and row.room != room:
            # All that was reported until now was seen where it stood before.
            moved_here = managed_device.update().where(managed_device.c.device_id == row.device_id)
            connection.execute(moved_here.values(room_since=heard_at))


def claims(connection: sa.Connection, device_id: str, hostname: str | None) -> dict[str, str]:
    """Return the room that each source tells, the one that counts first."""
    told = {}
    recorded = connection.scalar(
        sa.select(_record.c.room).where(_record.c.device_id == device_id, _record.c.room.is_not(None))
    )
    if recorded:
        told[RECORD] = recorded
    if hostname:
        patterns = connection.execute(sa.select(_pattern.c.pattern, _pattern.c.room))
        rooms = {row.room for row in patterns if fnmatch.fnmatchcase(hostname.upper(), row.pattern.upper())}
        if len(rooms) == 1:  # two patterns that fit say nothing
            told[HOSTNAME] = rooms.pop()
    return told


def _campus_by_address(connection: sa.Connection, device_id: str) -> str | None:
    """Return the campus whose segment, the narrowest, holds an address of the device; None where two campuses do."""
    interfaces = connection.execute(sa.select(_interface.c.addresses).where(_interface.c.device_id == device_id))
    addresses = [address for row in interfaces for address in json.loads(row.addresses or "[]")]
    fits = [
        (network.prefixlen, row.campus)
        for row in connection.execute(sa.select(_segment.c.cidr, _segment.c.campus))
        for network in [ipaddress.ip_network(row.cidr, strict=False)]
        if any(address in network for address in _parsed(addresses))
    ]
    narrowest = max((length for length, _ in fits), default=0)
    campuses = {campus for length, campus in fits if length == narrowest}
    return campuses.pop() if len(campuses) == 1 else None


def _parsed(addresses: Iterable[str]) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    found = []
    for text in addresses:
        try:
            found.append(ipaddress.ip_address(text))
        except ValueError:
            continue  # an agent's text: what is no address is in no segment
    return found
