"""The school's profile: what the officer tells of the school, one class a table, and how its folder is read.

A profile is a folder of ``school.yaml`` and CSV files. Nothing of it is personal but the person in charge of a device.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated

from collectors.facts import fact

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


@fact(key="code", why=PROFILE)
class School:
    """The school itself: one row."""

    code: Annotated[str, "The school's code"]
    name: Annotated[str, "Its name"]
    year: Annotated[str, "The school year, '2025-2026'"]
    plan: Annotated[str, "The plan it is judged by: a file's name in rules/plans"]
    time_zone: Annotated[str, "The IANA time zone of its days and hours"]


@fact(key="campus", why=PROFILE)
class Campus:
    """A site of the school."""

    campus: Annotated[str, "Its code"]
    name: Annotated[str, "Its name"]


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

    name: Annotated[str, "The product's name, or the beginning of it"]


@fact(key="day", why=PROFILE)
class SchoolDay:
    """A day on which the school teaches: worked out from terms, weekdays and holidays."""

    day: Annotated[date, "The local date"]
