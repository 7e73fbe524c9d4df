"""The rooms as a plan of tiles: each room with its computers, their state and their worst verdict."""

from collections.abc import Mapping, Sequence

from litestar import get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from hub.judge import VERDICT_NOW
from hub.pages.devices import CURRENT
from hub.pages.evidence import each_once, reasons_of
from hub.pages.inventory import devices, in_order, worst
from hub.pages.page import Answer, Asked, Page, Row, opened
from hub.pages.words import WORDS
from hub.vietnamese import sort_key
from rules.words import sentence

KINDS = ("computer_lab", "classroom", "library", "office", "server_room", "other")
"""Labs first: most computers and most trouble are there."""


def _rooms(page: Page, known: Sequence[Row]) -> list[Row]:
    """Return every room with its ``devices``, and the computers of it that were ``never`` heard from."""
    rooms = page.query(
        "SELECT room.room, room.name, room.kind, room.computers_expected, room.campus, campus.name AS campus_name "
        "FROM room LEFT JOIN campus ON campus.campus = room.campus",
        {},
    )
    never: dict[str, list[Row]] = {}
    for row in page.query(
        "SELECT room, asset_code, kind, source, computers FROM school_computer WHERE source <> 'reported'", {}
    ):
        never.setdefault(str(row["room"]), []).append(row)
    standing: dict[str, list[Row]] = {}
    for row in in_order([row for row in known if row["state"] in CURRENT]):
        standing.setdefault(str(row["room"]), []).append(row)
    for room in rooms:
        room["devices"] = standing.get(room["room"], [])
        room["never"] = never.get(room["room"], [])
        room["never_count"] = sum(int(one["computers"]) for one in room["never"])
        words = [one["worst"] for one in room["devices"]] + ["unknown"] * bool(room["never"])
        room["worst"] = worst(words)
        room["reporting"] = sum(one["state"] != "silent" for one in room["devices"])
        room["group"] = min(KINDS.index(room["kind"]) if room["kind"] in KINDS else 2, 2)
        room["empty"] = not words
        for one in room["devices"]:
            one["tile"] = _short(one["name"], room["room"])
        room["kind_place"] = KINDS.index(room["kind"]) if room["kind"] in KINDS else len(KINDS)
    rooms.sort(key=lambda room: (room["kind_place"], sort_key(room["room"])))
    return rooms


def _short(name: str, room: str) -> str:
    """Return a host name without the room's code at its beginning: the tile stands in the room already."""
    rest = name[len(room) :].lstrip("-_. ") if name.upper().startswith(room.upper()) else name
    return rest or name


@get("/rooms", include_in_schema=False, sync_to_thread=True)
def rooms_page(request: Asked) -> Answer:
    """Show each campus's rooms as tiles."""
    with opened(request) as page:
        known = devices(page)
        campuses: dict[str, list[Row]] = {}
        for room in _rooms(page, known):
            campuses.setdefault(str(room["campus_name"] or room["campus"]), []).append(room)
        astray = [row for row in known if not row["room"] and row["state"] in CURRENT]
        groups = (page.say("Computer labs"), page.say("Classrooms"), page.say("Other rooms"))
        ordered = sorted(campuses.items(), key=lambda item: item[1][0]["campus"])
        return page.show("rooms.html", page.say("Rooms"), campuses=ordered, astray=in_order(astray), groups=groups)


@get("/rooms/{room:str}", include_in_schema=False, sync_to_thread=True)
def room_page(request: Asked, room: FromPath[str]) -> Answer:
    """Show one room: its computers with what falls short on each, and its lessons."""
    with opened(request) as page:
        known = devices(page)
        found = next((one for one in _rooms(page, known) if one["room"] == room), None)
        if found is None:
            raise NotFoundException(detail=sentence("The school's profile has no room {name}.", name=room))
        problems = _problems(page, room)
        for one in found["devices"]:
            one["problems"] = problems.get(one["device_id"], [])
        lessons = page.query(
            "SELECT weekday, period, class_group, subject FROM lesson WHERE room = :room ORDER BY period",
            {"room": room},
        )
        classes = page.query("SELECT * FROM class_group WHERE room = :room ORDER BY class_group", {"room": room})
        return page.show(
            "room.html", found["name"] or found["room"], room=found, lessons=_timetable(lessons), classes=classes
        )


def _problems(page: Page, room: str) -> dict[str, list[Row]]:
    rows = page.query(
        f"SELECT v.device_id, v.rule, v.reason, v.details, v.since, v.until, {VERDICT_NOW} AS verdict "
        "FROM verdict AS v JOIN managed_device AS m ON m.device_id = v.device_id WHERE m.room = :room",
        {**page.named, "room": room},
    )
    found: dict[str, list[Row]] = {}
    for row in reasons_of(page, [row for row in rows if row["verdict"] in {"fail", "unknown"}]):
        found.setdefault(row["device_id"], []).append(row)
    return {device_id: each_once(mine) for device_id, mine in found.items()}


def _timetable(lessons: Sequence[Row]) -> Mapping[str, object]:
    """Return the lessons as a grid: its days, its periods, and what stands in each cell."""
    days = [day for day in WORDS["weekday"] if any(row["weekday"] == day for row in lessons)]
    periods = sorted({row["period"] for row in lessons})
    cells = {(row["weekday"], row["period"]): row for row in lessons}
    return {"days": days, "periods": periods, "cells": cells}


handlers = [rooms_page, room_page]
