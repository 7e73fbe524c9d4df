"""Which record is of which device: by the serial number, else by the MAC address of a built-in network card."""

import sqlalchemy as sa

from hub.tables import OWN, identifier

record = OWN["record"]


def match(connection: sa.Connection, device_id: str | None = None) -> set[str]:
    """Note in each record the device that reports under it, for one device or for all; return whose record changed.

    A device has one record at most: where two records claim it, the first by asset code has it. A record without serial
    and MAC keeps the device that a person gave it.
    """
    known = sa.select(identifier.c.kind, identifier.c.value, identifier.c.device_id)
    if device_id is not None:
        mine = sa.select(identifier.c.value).where(identifier.c.device_id == device_id)
        known = known.where(identifier.c.value.in_(mine))  # what another device has too tells neither
    owners: dict[tuple[str, str], set[str]] = {}
    for kind, value, owner in connection.execute(known):
        name = "mac" if kind == "mac" else "serial" if kind.endswith("_serial") else None
        if name:
            owners.setdefault((name, value.upper()), set()).add(owner)
    moved: set[str | None] = set()
    if not owners:
        return set()
    rows = connection.execute(sa.select(record).order_by(record.c.asset_code)).mappings().all()
    taken = {row["device_id"] for row in rows if row["device_id"] and not (row["serial"] or row["mac"])}
    for row in rows:
        if not (row["serial"] or row["mac"]):
            continue
        keys = [("serial", (row["serial"] or "").strip().upper()), ("mac", (row["mac"] or "").strip().upper())]
        found = next((owners[key] for key in keys if len(owners.get(key, ())) == 1), set())
        if device_id is not None and not found:
            taken.add(row["device_id"])
            continue
        claimed = next(iter(found - taken), None)
        taken |= {claimed}
        if claimed != row["device_id"]:
            here = record.c.asset_code == row["asset_code"]
            connection.execute(record.update().where(here).values(device_id=claimed))
            moved |= {claimed, row["device_id"]}
    return {one for one in moved if one is not None}
