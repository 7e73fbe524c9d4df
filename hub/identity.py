"""Which device a report is from. The hub owns the name; what a machine says of its hardware only finds it.

A run of an agent (its *stream*) is one machine, so a known stream needs no search. A new stream finds its device by the
credible identifiers, the SMBIOS UUID first, then serial numbers, then disks and network cards. Two machines that
are alive at once under one identifier become two devices and a conflict that the officer sees.
"""

import hashlib
import json
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from collectors.facts import compact, utc_text
from collectors.identifiers import canonical_uuid, credible_serial, credible_uuid
from hub.reports import Identifiers, Report
from hub.tables import FACT, collection, conflict, digest, identifier, managed_device, stream
from hub.waiting import wait

UUID, SYSTEM_SERIAL, BOARD_SERIAL, DISK, MAC, WEAK = (
    "smbios_uuid", "system_serial", "board_serial", "disk", "mac", "weak",
)  # fmt: skip
STRONG = (UUID, SYSTEM_SERIAL, BOARD_SERIAL)
PARTS = (DISK, MAC)
SAME_MACHINE = "same_machine"
"""The kind of a conflict in which a person says whether two devices are one."""

RANK = (*STRONG, *PARTS, WEAK)

_STREAM = sa.text("SELECT * FROM stream WHERE stream = :stream")
_HEARD_AGAIN = sa.text(
    "UPDATE stream SET last_sent_at = :last_sent_at, agent = :agent, metrics_address = :metrics_address, "
    "identifiers = :identifiers WHERE stream = :stream"
)
_LATER_RUNS = sa.text(
    "SELECT * FROM stream WHERE device_id = :device_id AND stream <> :stream "
    "AND first_sent_at > :first_sent_at AND first_sent_at < :sent_at"
)

Seen = frozenset[tuple[str, str]]
"""Identifiers as (kind, value) pairs."""


@dataclass(frozen=True, slots=True)
class Found:
    """A report's device and run. ``is_new`` where this report made the device."""

    device_id: str
    is_new: bool
    stream: str


_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


def credible(said: Identifiers) -> Seen:
    """Return what can tell a machine from another: what is a placeholder, or no identifier at all, is left out."""
    seen = set()
    if said.smbios_uuid and (found := credible_uuid(said.smbios_uuid)):
        seen.add((UUID, canonical_uuid(found)))
    for kind, values in (
        (SYSTEM_SERIAL, [said.system_serial]),
        (BOARD_SERIAL, [said.board_serial]),
        (DISK, said.disk_serials),
    ):
        seen |= {(kind, serial.upper()) for value in values if value and (serial := credible_serial(value))}
    macs = {value.strip().lower() for value in said.macs}
    seen |= {(MAC, mac) for mac in macs if _MAC.fullmatch(mac) and len(set(mac.split(":"))) > 1}
    if not seen and said.weak_id:
        seen.add((WEAK, said.weak_id))
    return frozenset(seen)


def find(connection: sa.Connection, report: Report, metrics_address: str | None, sent: datetime) -> Found:
    """Return the device that a report is from, making one where it is new, and remember what was seen.

    ``sent`` is when it was sent by the hub's clock: two machines can't be held against each other by their own clocks.
    """
    seen = credible(report.identifiers)
    sent_at = utc_text(sent)
    name = report.stream
    known = connection.execute(_STREAM, {"stream": name}).mappings().one_or_none()
    if known is not None and _is_another(seen, _seen(known["identifiers"])):
        # An image of a sleeping PC woke up elsewhere, with the agent's run in its memory.
        name = f"{name}/{hashlib.blake2b(_text(seen).encode(), digest_size=6).hexdigest()}"
        known = connection.execute(_STREAM, {"stream": name}).mappings().one_or_none()
    if known is None:
        device_id, is_new = _by_identifiers(connection, seen, sent_at)
        connection.execute(
            stream.insert().values(
                stream=name, device_id=device_id, identifiers=_text(seen), agent=report.agent,
                metrics_address=metrics_address, first_sent_at=sent_at, last_sent_at=sent_at,
            )
        )  # fmt: skip
        _remember(connection, device_id, seen)
        return Found(device_id, is_new, name)
    heard = {
        "stream": name,
        "last_sent_at": max(known["last_sent_at"], sent_at),
        "agent": report.agent,
        "metrics_address": metrics_address or known["metrics_address"],
        "identifiers": _text(seen),
    }
    connection.execute(_HEARD_AGAIN, heard)
    if known["identifiers"] != heard["identifiers"]:
        _remember(connection, known["device_id"], seen)
    _part_the_alive(connection, dict(known), seen, sent_at)
    return Found(known["device_id"], is_new=False, stream=name)


def _is_another(mine: Seen, theirs: Seen) -> bool:
    """Say whether a run can't be of the machine that it was of: all that both tell is another."""
    common = {kind for kind, _ in mine} & {kind for kind, _ in theirs}
    return bool(common) and not mine & theirs


def parts(seen: Iterable[tuple[str, str]]) -> Seen:
    """Return what sits in a machine and can be swapped: disks and network cards."""
    return frozenset(one for one in seen if one[0] in PARTS)


def _text(seen: Seen) -> str:
    return compact().encode(sorted(seen))


def _seen(text: str) -> Seen:
    return frozenset((kind, value) for kind, value in json.loads(text))


def _by_identifiers(connection: sa.Connection, seen: Seen, sent_at: str) -> tuple[str, bool]:
    candidates = _candidates(connection, seen)
    by_strength = sorted(candidates, key=lambda one: _strength(seen, candidates[one]), reverse=True)
    for device_id in by_strength:
        theirs = candidates[device_id]
        if not _is_same_machine(seen, theirs):
            continue
        if _lives(connection, device_id, seen, sent_at):
            break
        return device_id, False
    made = str(uuid.uuid4())
    for device_id in by_strength:
        kind = _likeness(seen, candidates[device_id])
        if kind:
            note(connection, kind, device_id, made, seen & candidates[device_id], sent_at)
        if kind == SAME_MACHINE:
            _doubt(connection, device_id, sent_at)
    return made, True


def _doubt(connection: sa.Connection, device_id: str, at: str) -> None:
    """End what was known of a device by then: its disk and card were seen in another board, so as it was it is no more.

    Until the officer says that the two are one, or it reports again, one PC must not count twice.
    """
    connection.execute(
        collection.update()
        .where(collection.c.device_id == device_id, collection.c.attempted_at <= at, collection.c.expires_at > at)
        .values(expires_at=at)
    )
    wait(connection, [device_id])


def _candidates(connection: sa.Connection, seen: Seen) -> dict[str, Seen]:
    """Return all identifiers of every device that shares one with these."""
    if not seen:
        return {}
    shared = sa.select(identifier.c.device_id).where(
        sa.or_(*((identifier.c.kind == kind) & (identifier.c.value == value) for kind, value in sorted(seen)))
    )
    found: dict[str, set[tuple[str, str]]] = {}
    for row in connection.execute(sa.select(identifier).where(identifier.c.device_id.in_(shared))):
        found.setdefault(row.device_id, set()).add((row.kind, row.value))
    return {device_id: frozenset(theirs) for device_id, theirs in sorted(found.items())}


def _strength(mine: Seen, theirs: Seen) -> tuple[int, ...]:
    shared = mine & theirs
    return tuple(sum(one[0] == kind for one in shared) for kind in RANK)


def _of(seen: Seen, kind: str) -> set[str]:
    return {value for one, value in seen if one == kind}


def _is_same_machine(mine: Seen, theirs: Seen) -> bool:
    """Say whether a machine is one that was seen before, whatever was swapped in it since."""
    shared = mine & theirs
    if _of(shared, UUID):
        # A board maker's own number on many boards: the UUID is the same, and everything else is another.
        others = [kind for kind in RANK if kind != UUID and _of(mine, kind) and _of(theirs, kind)]
        serials = [kind for kind in others if kind in STRONG]
        return any(_of(shared, kind) for kind in others) or not serials
    if _of(mine, UUID) and _of(theirs, UUID):
        return False  # another board: perhaps the same machine, but a person says so
    if _of(shared, SYSTEM_SERIAL) or _of(shared, BOARD_SERIAL):
        return True
    strong = {kind for kind in STRONG if _of(mine, kind)} & {kind for kind in STRONG if _of(theirs, kind)}
    return bool(shared) and not strong


def _likeness(mine: Seen, theirs: Seen) -> str | None:
    """Return the kind of conflict to show between a new device and one that shares something with it."""
    shared = mine & theirs
    if _is_same_machine(mine, theirs):
        return "clone"
    if _of(shared, UUID):
        return "shared_identifier"
    if _of(shared, DISK) and _of(shared, MAC):
        return SAME_MACHINE
    return None


def _lives(connection: sa.Connection, device_id: str, seen: Seen, sent_at: str) -> bool:
    """Say whether another machine reports as this device at the same time: a run of it that began before this report
    and was heard of after it, with other parts inside.
    """  # noqa: D205 - one thought
    later = connection.execute(
        sa.select(stream.c.identifiers).where(
            stream.c.device_id == device_id, stream.c.first_sent_at < sent_at, stream.c.last_sent_at > sent_at
        )
    )
    return any(_apart(seen, _seen(row.identifiers)) for row in later)


def _apart(mine: Seen, theirs: Seen) -> bool:
    """Say whether two runs under one identifier are of two machines: no part in common."""
    if not parts(mine) and not parts(theirs):
        return True  # nothing but the shared identifier: one machine runs one agent, so these are two
    return bool(parts(mine)) and bool(parts(theirs)) and not parts(mine) & parts(theirs)


def _part_the_alive(connection: sa.Connection, known: Mapping[str, Any], seen: Seen, sent_at: str) -> None:
    """Where a run is heard of again after others took its device over, give each of them a device of its own."""
    named = {name: known[name] for name in ("device_id", "stream", "first_sent_at")}
    while True:
        others = connection.execute(_LATER_RUNS, {**named, "sent_at": sent_at}).mappings().all()
        other = next((one for one in others if _apart(seen, _seen(one["identifiers"]))), None)
        if other is None:
            return
        made = part(connection, known["device_id"], other["stream"], sent_at)
        note(connection, "clone", known["device_id"], made, seen & _seen(other["identifiers"]), sent_at)


def part(connection: sa.Connection, device_id: str, stream_name: str, at: str) -> str:
    """Give the machine behind a run, and its other runs with the same parts, a device of its own; return its id.

    What the hub has of both is let go and asked for again, since nobody can say whose the rows are.
    """
    made = str(uuid.uuid4())
    runs = connection.execute(sa.select(stream).where(stream.c.device_id == device_id)).mappings().all()
    chosen = next(_seen(run["identifiers"]) for run in runs if run["stream"] == stream_name)
    moved = [
        run
        for run in runs
        if run["stream"] == stream_name or (parts(chosen) and not _apart(chosen, _seen(run["identifiers"])))
    ]
    stay = frozenset[tuple[str, str]]().union(*(_seen(run["identifiers"]) for run in runs if run not in moved))
    gone = frozenset[tuple[str, str]]().union(*(_seen(run["identifiers"]) for run in moved))
    connection.execute(
        stream.update().where(stream.c.stream.in_([run["stream"] for run in moved])).values(device_id=made)
    )
    for kind, value in sorted(gone - stay):
        connection.execute(
            identifier.delete().where(
                identifier.c.device_id == device_id, identifier.c.kind == kind, identifier.c.value == value
            )
        )
    old = connection.execute(sa.select(managed_device).where(managed_device.c.device_id == device_id)).mappings().one()
    connection.execute(
        managed_device.insert().values(
            {
                **old, "device_id": made, "room": None, "room_source": None, "room_since": None,
                "first_seen_at": at, "last_seen_at": at, "retired_at": None,
            }
        )
    )  # fmt: skip
    _remember(connection, made, gone)
    for table in (*FACT.values(), collection, digest):
        connection.execute(table.delete().where(table.c.device_id == device_id))
    wait(connection, [device_id, made])
    return made


def _remember(connection: sa.Connection, device_id: str, seen: Seen) -> None:
    have = {
        (row.kind, row.value)
        for row in connection.execute(
            sa.select(identifier.c.kind, identifier.c.value).where(identifier.c.device_id == device_id)
        )
    }
    new = [{"kind": kind, "value": value, "device_id": device_id} for kind, value in sorted(seen - have)]
    if new:
        connection.execute(identifier.insert(), new)


def is_weak(connection: sa.Connection, device_id: str) -> bool:
    """Say whether only swappable parts, or nothing, tell a device from another."""
    return (
        connection.scalar(
            sa.select(sa.func.count())
            .select_from(identifier)
            .where(identifier.c.device_id == device_id, identifier.c.kind.in_(STRONG))
        )
        == 0
    )


def note(connection: sa.Connection, kind: str, device_id: str, other: str, shared: Seen, at: str) -> None:
    """Put a conflict on the officer's list, once."""
    there = sa.select(conflict.c.id).where(
        conflict.c.kind == kind, conflict.c.device_id == device_id, conflict.c.other_device_id == other
    )
    if connection.execute(there).first() is None:
        connection.execute(
            conflict.insert().values(
                kind=kind, device_id=device_id, other_device_id=other, detail=_text(shared), since=at
            )
        )
