"""The school's profile: what the officer tells of the school, one class a table.

A profile is a folder of ``school.yaml`` and CSV files; the hub reads it. Nothing of it is personal but the person in
charge of a device. ``TABLES`` at the end names all of them.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated

from collectors.facts import fact, table_of

PROFILE = "The school's profile, from its officer"


class RoomKind(StrEnum):
    """What a room is for."""

    CLASSROOM = "classroom"
    COMPUTER_LAB = "computer_lab"
    OFFICE = "office"
    LIBRARY = "library"
    SERVER_ROOM = "server_room"
    OTHER = "other"


class Condition(StrEnum):
    """In what state a recorded device is."""

    GOOD = "good"
    BROKEN = "broken"
    DISPOSED = "disposed"


class UsedBy(StrEnum):
    """Who works with a recorded device."""

    STUDENTS = "students"
    TEACHERS = "teachers"
    OFFICE = "office"


class LineKind(StrEnum):
    """How a campus reaches the Internet."""

    FIBRE = "fibre"
    COPPER = "copper"
    MOBILE = "mobile"
    SATELLITE = "satellite"
    OTHER = "other"


class SegmentRole(StrEnum):
    """Who uses a segment of the network."""

    STUDENTS = "students"
    STAFF = "staff"
    MANAGEMENT = "management"
    GUEST = "guest"


class StaffRole(StrEnum):
    """What a member of staff does."""

    TEACHER = "teacher"
    MANAGER = "manager"
    OTHER = "other"


class LicenceCategory(StrEnum):
    """What a licence is for."""

    WINDOWS = "windows"
    OFFICE = "office"
    ANTIVIRUS = "antivirus"
    OTHER = "other"


class Nothing(StrEnum):
    """What a school may say that it has none of, so that an empty list is an answer and not a gap."""

    COMPUTERS = "computers"
    COMPUTER_LABS = "computer_labs"
    CLASSROOMS = "classrooms"
    TEACHERS = "teachers"
    DEVICES = "devices"


@fact(key="code", why=PROFILE)
class School:
    """The school itself: one row."""

    code: Annotated[str, "The school's code"]
    name: Annotated[str, "Its name"]
    year: Annotated[str, "The school year, '2025-2026'"]
    plan: Annotated[str, "The plan it is judged by: a file's name in rules/plans"]
    time_zone: Annotated[str, "The IANA time zone of its days and hours"]
    weekdays: Annotated[tuple[str, ...], "The days of the week on which it teaches, mon to sun"] = ()


@fact(key="campus", why=PROFILE)
class Campus:
    """A site of the school."""

    campus: Annotated[str, "Its code"]
    name: Annotated[str, "Its name"]


@fact(key=("campus", "line"), why=PROFILE)
class Line:
    """A line from a campus to the Internet."""

    campus: Annotated[str, "The campus"]
    line: Annotated[str, "Its name"]
    kind: Annotated[LineKind, "What it is made of"]
    contracted_bps: Annotated[int | None, "The speed of the contract, in bit/s"] = None


@fact(key=("campus", "cidr"), why=PROFILE)
class Segment:
    """A segment of a campus' network; two campuses may use the same addresses."""

    campus: Annotated[str, "The campus"]
    cidr: Annotated[str, "Its addresses, '192.168.10.0/24'"]
    role: Annotated[SegmentRole, "Who uses it"]
    allowed_dhcp: Annotated[tuple[str, ...], "The DHCP servers that may answer there"] = ()


@fact(key=("source_role", "destination_role"), why=PROFILE)
class ForbiddenPath:
    """Segments that must not reach each other."""

    source_role: Annotated[SegmentRole, "From where"]
    destination_role: Annotated[SegmentRole, "To where"]


@fact(key="room", why=PROFILE)
class Room:
    """A room."""

    room: Annotated[str, "Its code"]
    campus: Annotated[str, "The campus it is at"]
    kind: Annotated[RoomKind, "What it is for"]
    name: Annotated[str | None, "Its name as people say it"] = None
    computers_expected: Annotated[int, "How many computers belong there"]


@fact(key="class_group", why=PROFILE)
class ClassGroup:
    """A class of pupils: how many, never who."""

    class_group: Annotated[str, "Its name, such as 5A"]
    grade: Annotated[int, "Its grade"]
    students: Annotated[int, "How many pupils it has"]
    campus: Annotated[str, "The campus it is at"]
    room: Annotated[str | None, "Its home room"] = None


@fact(key=("room", "weekday", "period"), why=PROFILE)
class Lesson:
    """A weekly lesson in a computer lab."""

    room: Annotated[str, "The lab"]
    weekday: Annotated[str, "mon to sun"]
    period: Annotated[int, "The period's number"]
    class_group: Annotated[str, "The class"]
    subject: Annotated[str, "The subject; informatics is the one that students-per-computer asks about"]


@fact(key="period", why=PROFILE)
class Period:
    """A period of the school's day."""

    period: Annotated[int, "Its number"]
    starts: Annotated[str, "When it begins, local time, '07:30'"]
    ends: Annotated[str, "When it ends, local time, '08:05'"]


@fact(key="term", why=PROFILE)
class Term:
    """A term of the school year."""

    term: Annotated[str, "Its name, such as HK1"]
    first_day: Annotated[date, "Its first day"]
    last_day: Annotated[date, "Its last day"]


@fact(key=("first_day", "last_day"), why=PROFILE)
class Holiday:
    """Days without school; both ends count."""

    first_day: Annotated[date, "The first day"]
    last_day: Annotated[date, "The last day"]
    name: Annotated[str | None, "Why"] = None


@fact(key="pattern", why=PROFILE)
class HostnamePattern:
    """Where a computer stands, told from its name."""

    pattern: Annotated[str, "A pattern of host names, 'TT-PM1-*'; letters' case does not count"]
    room: Annotated[str, "The room"]


@fact(key=("purpose", "target"), why=PROFILE)
class ProbeTarget:
    """What is probed to know whether the school reaches it."""

    purpose: Annotated[str, "internet, sector, website and so on"]
    target: Annotated[str, "An address, HOST, or HOST:PORT"]
    campus: Annotated[str | None, "The campus it concerns; null: all"] = None


@fact(key="role", why=PROFILE)
class StaffCount:
    """How many people work at the school: numbers, never names."""

    role: Annotated[StaffRole, "What they do"]
    people: Annotated[int, "How many they are"]
    with_computer: Annotated[int, "How many of them have a working computer for their work"]


@fact(key=("product", "purchased"), why=PROFILE)
class LicenceEntitlement:
    """A licence that the school owns."""

    product: Annotated[str, "The product, as the contract says"]
    match: Annotated[str | None, "How the installed program's name begins; null: as the product's"] = None
    category: Annotated[LicenceCategory, "What it is for"]
    metric: Annotated[str, "What a seat is: device or user"]
    seats: Annotated[int, "How many were bought"]
    expires: Annotated[date | None, "The last day; null: it does not end"] = None
    purchased: Annotated[date, "When it was bought: tells two purchases of one product apart"]


@fact(key=("asset_code",), why=PROFILE)
class Record:
    """What the officer keeps of a device (TCVN 14423:2026, 3.2.2.1)."""

    asset_code: Annotated[str, "The school's own code of the device"]
    device_id: Annotated[str | None, "The device that reports under this record, once the hub has matched it"] = None
    kind: Annotated[str | None, "As in the table device; also printer, projector, switch and the like"] = None
    model: Annotated[str | None, "Maker and model"] = None
    serial: Annotated[str | None, "The serial number"] = None
    mac: Annotated[str | None, "The MAC address of its network card"] = None
    room: Annotated[str | None, "The room it stands in"] = None
    used_by: Annotated[UsedBy | None, "Who works with it"] = None
    holds_sector_data: Annotated[bool | None, "Whether the education sector's data lie on it"] = None
    year_in_use: Annotated[int | None, "The year in which it was put to use"] = None
    end_of_support: Annotated[date | None, "The last day of its maker's support"] = None
    purpose: Annotated[str | None, "What it is for"] = None
    condition: Annotated[Condition | None, "Its state"] = None
    person_in_charge: Annotated[str | None, "Who answers for it: personal, so optional in exports"] = None
    price: Annotated[int | None, "What it cost, in đồng"] = None
    source_of_funds: Annotated[str | None, "Who paid for it"] = None
    warranty_end: Annotated[date | None, "The last day of its warranty"] = None


@fact(key=("rule", "subject"), why=PROFILE)
class Waiver:
    """A rule that does not count for a device until a day, and who said so."""

    rule: Annotated[str, "The check's id"]
    subject: Annotated[str, "The device's asset code, hostname or device id"]
    reason: Annotated[str, "Why"]
    granted_by: Annotated[str, "Who granted it: a post such as 'Hiệu trưởng'"]
    until: Annotated[date, "The last day on which it holds"]


@fact(key="name", why=PROFILE)
class AcceptedAntivirus:
    """An antivirus that the school accepts as licensed."""

    name: Annotated[str, "The product's name, or the beginning of it; letters' case does not count"]


@fact(key="day", why=PROFILE)
class SchoolDay:
    """A day on which the school teaches: worked out from terms, weekdays and holidays."""

    day: Annotated[date, "The local date"]


@fact(key="what", why=PROFILE)
class DeclaredNone:
    """What the school says that it has none of (``none: [computer_labs]`` in school.yaml)."""

    what: Annotated[Nothing, "What it has none of"]


TABLES: dict[str, type] = {
    table_of(cls).name: cls
    for cls in (
        School, Campus, Line, Segment, ForbiddenPath, Room, ClassGroup, Lesson, Period, Term, Holiday, HostnamePattern,
        ProbeTarget, StaffCount, LicenceEntitlement, AcceptedAntivirus, Record, Waiver, SchoolDay, DeclaredNone,
    )
}  # fmt: skip
"""The school's tables by name."""
