"""What a profile consists of, as data: each part, its columns, the table it fills, and what its values refer to.

A part is a list in school.yaml, a CSV file, or a sheet of a workbook; its entries are the same in all three.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from collectors.facts import Field, table_of
from hub.school import values
from rules import school


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a part: the field that it fills, how it is read and written, and whose names it may hold."""

    field: Field
    read: values.Reader
    write: Callable[[Any], Any]
    refers_to: tuple[str, str] | None = None
    """(part, column): the value must stand there."""

    @property
    def required(self) -> bool:
        """Whether each row needs a value here."""
        return not self.field.nullable and self.field.type is not tuple


@dataclass(frozen=True, slots=True)
class Part:
    """One list of a profile."""

    name: str
    fact: type
    columns: Mapping[str, Column]
    in_csv: bool = False
    needed: bool = True
    """Whether a profile lacks something without it; where it is absent, what the hub has of it stays."""

    @property
    def table(self) -> str:
        """The table that it fills."""
        return table_of(self.fact).name

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that tell one row from another."""
        return tuple(name for name, column in self.columns.items() if column.field.key)


def as_cell(value: Any) -> Any:
    """Return a field's value as YAML and workbooks have it; a CSV file has its text."""
    if isinstance(value, StrEnum):
        return value.value
    return list(value) if isinstance(value, tuple) else value


def as_text(value: Any) -> str:
    """Return a cell as a CSV file has it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


@dataclass(frozen=True, slots=True)
class _As:
    """How a part's column differs from its field: another name, another way to be read or written, a reference."""

    field: str
    read: values.Reader | None = None
    write: Callable[[Any], Any] = as_cell
    of: str | None = None


def _part(name: str, fact: type, columns: Mapping[str, str | _As], **more: Any) -> Part:
    fields = {one.name: one for one in table_of(fact).fields}
    made = {}
    for column, said in columns.items():
        how = said if isinstance(said, _As) else _As(said or column)
        one = fields[how.field]
        refers_to = tuple(how.of.split(".")) if how.of else None
        made[column] = Column(one, how.read or values.reader_of(one.type), how.write, refers_to)  # type: ignore[arg-type]
    return Part(name, fact, MappingProxyType(made), **more)


PARTS = (
    _part(
        "school",
        school.School,
        {
            "code": "",
            "name": "",
            "year": _As("year", values.school_year),
            "plan": "",
            "time_zone": _As("time_zone", values.time_zone),
            "days": _As("weekdays", values.weekdays),
        },
    ),
    _part("none", school.DeclaredNone, {"what": ""}),
    _part("campuses", school.Campus, {"code": "campus", "name": ""}),
    _part(
        "lines",
        school.Line,
        {
            "campus": _As("campus", of="campuses.code"),
            "name": "line",
            "kind": "",
            "contracted_mbps": _As("contracted_bps", values.bits_per_second, values.megabits),
        },
    ),
    _part(
        "segments",
        school.Segment,
        {
            "campus": _As("campus", of="campuses.code"),
            "cidr": _As("cidr", values.network),
            "role": "",
            "allowed_dhcp": "",
        },
    ),
    _part("forbidden_paths", school.ForbiddenPath, {"from": "source_role", "to": "destination_role"}),
    _part(
        "rooms_by_hostname",
        school.HostnamePattern,
        {"pattern": _As("pattern", values.hostname_pattern), "room": _As("room", of="rooms.room")},
    ),
    _part(
        "periods",
        school.Period,
        {
            "period": _As("period", values.positive),
            "from": _As("starts", values.clock),
            "to": _As("ends", values.clock),
        },
    ),
    _part("terms", school.Term, {"name": "term", "from": "first_day", "to": "last_day"}),
    _part("holidays", school.Holiday, {"from": "first_day", "to": "last_day", "name": ""}),
    _part("staff", school.StaffCount, {"role": "", "people": "", "with_computer": ""}),
    _part("accepted_antivirus", school.AcceptedAntivirus, {"name": ""}),
    _part(
        "probes",
        school.ProbeTarget,
        {
            "purpose": "",
            "target": _As("target", values.probe_target),
            "campus": _As("campus", of="campuses.code"),
        },
    ),
    _part(
        "rooms",
        school.Room,
        {
            "room": "",
            "campus": _As("campus", of="campuses.code"),
            "kind": "",
            "name_vi": "name",
            "computers_expected": "",
        },
        in_csv=True,
    ),
    _part(
        "classes",
        school.ClassGroup,
        {
            "class": "class_group",
            "grade": _As("grade", values.positive),
            "students": "",
            "campus": _As("campus", of="campuses.code"),
            "room": _As("room", of="rooms.room"),
        },
        in_csv=True,
    ),
    _part(
        "timetable",
        school.Lesson,
        {
            "room": _As("room", of="rooms.room"),
            "weekday": _As("weekday", values.weekday),
            "period": _As("period", values.positive, of="periods.period"),
            "class": _As("class_group", of="classes.class"),
            "subject": _As("subject", values.subject),
        },
        in_csv=True,
        needed=False,
    ),
    _part(
        "licences",
        school.LicenceEntitlement,
        {"product": "", "match": "", "category": "", "metric": "", "seats": "", "expires": "", "purchased": ""},
        in_csv=True,
        needed=False,
    ),
    _part(
        "records",
        school.Record,
        {
            "asset_code": "",
            "kind": _As("kind", values.device_kind),
            "model": "",
            "serial": "",
            "mac": _As("mac", values.mac),
            "room": _As("room", of="rooms.room"),
            "used_by": "",
            "holds_sector_data": "",
            "year_in_use": _As("year_in_use", values.year),
            "end_of_support": "",
            "purpose": "",
            "condition": "",
            "person_in_charge": "",
            "price": _As("price", values.money),
            "source_of_funds": "",
            "warranty_end": "",
        },
        in_csv=True,
        needed=False,
    ),
    _part(
        "waivers",
        school.Waiver,
        {"rule": "", "subject": "", "reason": "", "granted_by": "", "until": ""},
        in_csv=True,
        needed=False,
    ),
)
"""The parts of a profile, in the order in which they are written."""

PERSONAL = frozenset({"person_in_charge"})
"""Columns that an export leaves out unless asked."""

BY_NAME: Mapping[str, Part] = MappingProxyType({part.name: part for part in PARTS})


def columns_of(part: Part, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the columns to write: those that the rows have."""
    return list(rows[0]) if rows else [name for name in part.columns if name not in PERSONAL]
