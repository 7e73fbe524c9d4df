"""The hub's tables, made from the fact classes: what a class declares is what the database has.

A fact class ``Disk`` is stored as ``fact_disk`` and read through the view ``disk``, which adds ``collected_at``. A
class that is ``shared`` (software: forty PCs of a lab have the same rows) is stored as a catalogue of distinct rows and
a list of (device, entry); its view looks like any other.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import CreateColumn

from collectors.facts import Field, Table, table_of
from collectors.host import tables as host_tables
from rules import school
from rules.load import Reference
from rules.tables import TABLES as JUDGED
from rules.tables import VIEWS

SCHEMA_VERSION = 1

_COLUMN_TYPES: dict[type, type[sa.types.TypeEngine[Any]]] = {
    int: sa.BigInteger,
    float: sa.Double,
    bool: sa.Boolean,
    datetime: sa.Text,  # UTC text sorts as time does, and is the same in both databases
    date: sa.Text,
}

FACTS: Mapping[str, type] = host_tables()
"""Each fact class, by its table's name."""

metadata = sa.MetaData()


def _column(field: Field, *, primary_key: bool = False) -> sa.Column[object]:
    kind = _COLUMN_TYPES.get(field.type, sa.Text)
    return sa.Column(field.name, kind(), primary_key=primary_key, nullable=field.nullable, comment=field.about)


def _device_id(*, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column("device_id", sa.Text, primary_key=primary_key, nullable=False)


def _fact_tables(table: Table) -> tuple[sa.Table, sa.Table | None]:
    name = f"fact_{table.name}"
    if table.shared:
        entry = sa.Table(
            f"{name}_entry",
            metadata,
            sa.Column("entry_id", sa.Integer, primary_key=True),
            sa.Column("digest", sa.LargeBinary, unique=True, nullable=False),
            *map(_column, table.fields),
        )
        links = sa.Table(
            name,
            metadata,
            _device_id(primary_key=True),
            sa.Column("entry_id", sa.Integer, primary_key=True),
            sa.Index(f"{name}_by_entry", "entry_id"),
            sqlite_with_rowid=False,
        )
        return links, entry
    single = not table.key
    columns = map(_column, table.fields)
    made = sa.Table(name, metadata, _device_id(primary_key=single), *columns)
    if not single:
        sa.Index(f"{name}_by_device", made.c.device_id)
    return made, None


FACT: dict[str, sa.Table] = {}
"""Where the rows of a fact table are stored; for a shared one, which entries a device has."""

ENTRY: dict[str, sa.Table] = {}
"""The catalogue of a shared table's distinct rows."""

for _name, _class in FACTS.items():
    FACT[_name], _entry = _fact_tables(table_of(_class))
    if _entry is not None:
        ENTRY[_name] = _entry


def _own(name: str, cls: type) -> sa.Table:
    table = table_of(cls)
    return sa.Table(name, metadata, *(_column(field, primary_key=field.key) for field in table.fields))


OWN: dict[str, sa.Table] = {name: _own(name, cls) for name, cls in {**JUDGED, **school.TABLES}.items()}
"""The hub's own tables that rules read: of devices and verdicts, and the school's profile."""

managed_device = OWN["managed_device"]
presence = OWN["presence"]
collection = OWN["collection"]
verdict = OWN["verdict"]

sa.Index("verdict_by_device", verdict.c.device_id)
sa.Index("verdict_by_end", verdict.c.until)

identifier = sa.Table(
    "identifier",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True, comment="smbios_uuid, system_serial, board_serial, disk, mac or weak"),
    sa.Column("value", sa.Text, primary_key=True),
    _device_id(primary_key=True),
    sa.Index("identifier_by_device", "device_id"),
    sqlite_with_rowid=False,
)

stream = sa.Table(
    "stream",
    metadata,
    sa.Column("stream", sa.Text, primary_key=True, comment="One run of an agent: a random word"),
    _device_id(),
    sa.Column("identifiers", sa.Text, nullable=False, comment="What it said of its hardware, a JSON object"),
    sa.Column("agent", sa.Text, nullable=False, comment="The agent's version"),
    sa.Column("metrics_address", sa.Text, comment="host:port of the agent's /metrics"),
    sa.Column("first_sent_at", sa.Text, nullable=False),
    sa.Column("last_sent_at", sa.Text, nullable=False),
    sa.Index("stream_by_device", "device_id", "first_sent_at"),
)

report = sa.Table(
    "report",
    metadata,
    sa.Column("stream", sa.Text, primary_key=True),
    sa.Column("sequence", sa.BigInteger, primary_key=True),
    _device_id(),
    sa.Column("received_at", sa.Text, nullable=False),
    sa.Index("report_by_time", "received_at"),
    sqlite_with_rowid=False,
)

digest = sa.Table(
    "digest",
    metadata,
    _device_id(primary_key=True),
    sa.Column("table", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False, comment="The agent's own digest of the rows that the hub has"),
    sqlite_with_rowid=False,
)

change = sa.Table(
    "change",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    _device_id(),
    sa.Column("table", sa.Text, nullable=False),
    sa.Column("what", sa.Text, nullable=False, comment="came, went or changed"),
    sa.Column("key", sa.Text, nullable=False, comment="The key fields' values, a JSON list"),
    sa.Column("field", sa.Text, comment="The field that changed"),
    sa.Column("before", sa.Text, comment="As JSON"),
    sa.Column("after", sa.Text, comment="As JSON"),
    sa.Column("at", sa.Text, nullable=False, comment="When the later state was collected"),
    sa.Index("change_by_device", "device_id", "at"),
)

conflict = sa.Table(
    "conflict",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False, comment="clone, shared_identifier or same_machine"),
    _device_id(),
    sa.Column("other_device_id", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False, comment="The identifiers that the two share, a JSON list"),
    sa.Column("since", sa.Text, nullable=False),
    sa.Column("resolved_at", sa.Text),
    sa.UniqueConstraint("kind", "device_id", "other_device_id"),
)

to_judge = sa.Table(
    "to_judge",
    metadata,
    _device_id(primary_key=True),
    sa.Column("table", sa.Text, primary_key=True, comment="The table that changed; * for all"),
    sa.Column("mark", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

target_state = sa.Table(
    "target_state",
    metadata,
    sa.Column("target", sa.Text, primary_key=True),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("since", sa.Text, nullable=False),
)

target_day = sa.Table(
    "target_day",
    metadata,
    sa.Column("target", sa.Text, primary_key=True),
    sa.Column("day", sa.Text, primary_key=True, comment="The local date"),
    sa.Column("value", sa.Double),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("population", sa.Integer, nullable=False),
    sa.Column("unknown", sa.Integer, nullable=False),
)

hub_counter = sa.Table(
    "hub_counter",
    metadata,
    sa.Column("name", sa.Text, primary_key=True, comment="unknown_field, unknown_word: what newer agents sent"),
    sa.Column("value", sa.BigInteger, nullable=False),
)

hub_setting = sa.Table(
    "hub_setting",
    metadata,
    sa.Column("name", sa.Text, primary_key=True, comment="schema_version; made_up: 1 for the demonstration's school"),
    sa.Column("value", sa.Text, nullable=False),
)


def reference_table(reference: Reference) -> sa.Table:
    """Return the table of one file of rules/data; it is filled anew at each start."""
    own = sa.MetaData()
    return sa.Table(reference.table.name, own, *map(_column, reference.table.fields))


def fact_views() -> dict[str, str]:
    """Return the SELECT of each view over the fact tables, by the view's name."""
    views = {}
    for name, cls in FACTS.items():
        fields = ", ".join(f'f."{field.name}"' for field in table_of(cls).fields)
        source = f"fact_{name} AS f"
        device = "f.device_id"
        if name in ENTRY:
            source = f"fact_{name} AS l JOIN fact_{name}_entry AS f ON f.entry_id = l.entry_id"
            device = "l.device_id"
        views[name] = (
            f"SELECT {device}, {fields}, c.collected_at FROM {source} "
            f"LEFT JOIN collection AS c ON c.device_id = {device} AND c.\"table\" = '{name}'"
        )
    return views


def prepare(connection: sa.Connection) -> None:
    """Bring the database up to what the classes declare: new tables, new nullable columns, the views. Nothing goes."""
    inspector = sa.inspect(connection)
    present = set(inspector.get_table_names())
    metadata.create_all(connection)
    for table in metadata.sorted_tables:
        if table.name in present:
            have = {column["name"] for column in inspector.get_columns(table.name)}
            for column in table.columns:
                if column.name not in have:
                    made = CreateColumn(sa.Column(column.name, column.type, nullable=True)).compile(connection.engine)
                    connection.exec_driver_sql(f'ALTER TABLE "{table.name}" ADD COLUMN {made}')
    _look_at_shapes(connection)
    views = {**fact_views(), **VIEWS}
    for name in reversed(views):
        connection.exec_driver_sql(f'DROP VIEW IF EXISTS "{name}"')
    for name, select in views.items():
        connection.execute(sa.text(f'CREATE VIEW "{name}" AS {select}'))


def _look_at_shapes(connection: sa.Connection) -> None:
    """Let tables whose class is another than when they were filled come whole again: their digests say nothing.

    What an older hub left out, or took for null, is the same to an agent's digest.
    """
    setting = hub_setting.c
    known = {row.name: row.value for row in connection.execute(sa.select(hub_setting))}
    for name, cls in FACTS.items():
        key, shape = f"shape:{name}", _shape(table_of(cls))
        if known.get(key) != shape:
            connection.execute(digest.delete().where(digest.c.table == name))
            connection.execute(hub_setting.delete().where(setting.name == key))
            connection.execute(hub_setting.insert().values(name=key, value=shape))


def _shape(table: Table) -> str:
    """Return a digest of a table's fields, their types and words."""
    told = [
        (one.name, one.type.__name__, one.nullable, [*getattr(one.type, "_value2member_map_", ())])
        for one in table.fields
    ]
    return hashlib.blake2b(json.dumps(told).encode(), digest_size=8).hexdigest()


def fill_references(connection: sa.Connection, references: Mapping[str, Reference]) -> None:
    """Write the tables of rules/data as the files have them now."""
    for reference in references.values():
        table = reference_table(reference)
        table.drop(connection, checkfirst=True)
        table.create(connection)
        if reference.rows:
            connection.execute(table.insert(), [dict(row) for row in reference.rows])
