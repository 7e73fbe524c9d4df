"""What the officer decides of a device: that two are one, that one is two, that it is gone, or not the school's."""

from datetime import datetime

import sqlalchemy as sa

from collectors.facts import utc_text
from hub import identity, rooms
from hub.tables import (
    FACT,
    OWN,
    change,
    collection,
    conflict,
    digest,
    identifier,
    managed_device,
    presence,
    report,
    stream,
    to_judge,
    verdict,
)  # fmt: skip
from hub.waiting import wait
from rules.tables import Ownership
from rules.words import sentence

_record = OWN["record"]


class NotDone(Exception):  # noqa: N818 - what happened
    """Something that can't be done with a device: one sentence."""


def _there(connection: sa.Connection, device_id: str) -> None:
    if connection.scalar(sa.select(managed_device.c.device_id).where(managed_device.c.device_id == device_id)) is None:
        raise NotDone(sentence("there is no device {device_id}", device_id=device_id))


def merge(connection: sa.Connection, device_id: str, into: str, at: datetime) -> None:
    """Make one device of two: what identifies the first leads to the second from now on. Raises NotDone."""
    if device_id == into:
        raise NotDone(sentence("a device can't be merged into itself"))
    _there(connection, device_id)
    _there(connection, into)
    moved = sa.select(identifier.c.kind, identifier.c.value).where(identifier.c.device_id == into)
    have = {(row.kind, row.value) for row in connection.execute(moved)}
    for row in connection.execute(sa.select(identifier).where(identifier.c.device_id == device_id)).all():
        here = (identifier.c.device_id == device_id) & (identifier.c.kind == row.kind)
        here &= identifier.c.value == row.value
        if (row.kind, row.value) in have:
            connection.execute(identifier.delete().where(here))
        else:
            connection.execute(identifier.update().where(here).values(device_id=into))
    days = sa.select(presence.c.day).where(presence.c.device_id == into)
    connection.execute(presence.delete().where(presence.c.device_id == device_id, presence.c.day.in_(days)))
    for table in (presence, stream, report, change):
        connection.execute(table.update().where(table.c.device_id == device_id).values(device_id=into))
    has_record = connection.scalar(sa.select(_record.c.asset_code).where(_record.c.device_id == into))
    if has_record is None:
        connection.execute(_record.update().where(_record.c.device_id == device_id).values(device_id=into))
    else:
        connection.execute(_record.update().where(_record.c.device_id == device_id).values(device_id=None))
    first, last = connection.execute(
        sa.select(sa.func.min(managed_device.c.first_seen_at), sa.func.max(managed_device.c.last_seen_at)).where(
            managed_device.c.device_id.in_([device_id, into])
        )
    ).one()
    for table in (*FACT.values(), collection, digest, verdict, to_judge, managed_device):
        connection.execute(table.delete().where(table.c.device_id == device_id))
    connection.execute(
        managed_device.update()
        .where(managed_device.c.device_id == into)
        .values(first_seen_at=first, last_seen_at=last, weak=identity.is_weak(connection, into))
    )
    connection.execute(digest.delete().where(digest.c.device_id == into))  # whose rows they are is asked for again
    both = (conflict.c.device_id == device_id) | (conflict.c.other_device_id == device_id)
    connection.execute(conflict.update().where(both).values(resolved_at=utc_text(at)))
    rooms.settle(connection, into)
    wait(connection, [into])


def split(connection: sa.Connection, device_id: str, stream_name: str, at: datetime) -> str:
    """Make two devices of one: the machine behind a run of an agent becomes a device of its own; return its id.

    Raises NotDone where all runs are of one machine.
    """
    _there(connection, device_id)
    runs = connection.execute(sa.select(stream.c.stream).where(stream.c.device_id == device_id)).scalars().all()
    if stream_name not in runs:
        raise NotDone(sentence("the device has no such run of an agent"))
    made = identity.part(connection, device_id, stream_name, utc_text(at))
    left = connection.scalar(sa.select(sa.func.count()).select_from(stream).where(stream.c.device_id == device_id))
    if not left:
        raise NotDone(sentence("every run of this device had the same parts inside: it is one machine"))
    wait(connection, [device_id, made])
    return made


def retire(connection: sa.Connection, device_id: str, at: datetime) -> None:
    """Take a device out of what is judged, keeping what is known of it. Raises NotDone."""
    _set(connection, device_id, retired_at=utc_text(at))


def unretire(connection: sa.Connection, device_id: str) -> None:
    """Judge a device again. Raises NotDone."""
    _set(connection, device_id, retired_at=None)


def set_ownership(connection: sa.Connection, device_id: str, ownership: Ownership) -> None:
    """Say whose a device is. Raises NotDone."""
    _set(connection, device_id, ownership=ownership.value)


def _set(connection: sa.Connection, device_id: str, **values: str | None) -> None:
    _there(connection, device_id)
    connection.execute(managed_device.update().where(managed_device.c.device_id == device_id).values(values))
    wait(connection, [device_id])


def set_room(connection: sa.Connection, device_id: str, room: str) -> None:
    """Write a device's room into its record, making a record where it has none. Raises NotDone."""
    _there(connection, device_id)
    known = OWN["room"].c.room
    if connection.scalar(sa.select(known).where(known == room)) is None:
        raise NotDone(sentence("the school's profile has no room {room}", room=room))
    has = connection.scalar(sa.select(_record.c.asset_code).where(_record.c.device_id == device_id))
    if has is None:
        connection.execute(_record.insert().values(asset_code=device_id, device_id=device_id, room=room))
    else:
        connection.execute(_record.update().where(_record.c.device_id == device_id).values(room=room))
    rooms.settle(connection, device_id)
    wait(connection, [device_id])


def dismiss(connection: sa.Connection, conflict_id: int, at: datetime) -> None:
    """Take a conflict off the list: the officer has looked, and the devices are right as they are."""
    connection.execute(conflict.update().where(conflict.c.id == conflict_id).values(resolved_at=utc_text(at)))
