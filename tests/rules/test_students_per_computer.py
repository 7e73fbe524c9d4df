"""Pupils a computer: the numbers that follow by hand from the school's own lists."""

import csv
from collections.abc import Mapping
from typing import Any

import pytest

from collectors.facts import parse_utc
from collectors.host import tables
from rules.engine import Measurement, measure, parameters
from rules.examples import NOW, ZONE, filled, in_memory
from rules.load import load
from tests.shared import SHARED, needs_shared

RULEBOOK = load()
FACTS = tables()

Rows = dict[str, list[dict[str, Any]]]


def measured(given: Mapping[str, Any]) -> Measurement:
    """Measure the target over these rows."""
    demand = RULEBOOK.plans["2025-2026"].demands["students-per-computer"]
    with in_memory(RULEBOOK, FACTS)(filled(RULEBOOK, FACTS, given, NOW)) as (query, _):
        named = parameters(demand.limits, parse_utc(NOW), ZONE, demand.levels)
        return measure(RULEBOOK.targets["students-per-computer"], demand, query, named)


def computers(room: str, reporting: int, *, broken: int = 0) -> Rows:
    """Return so many PCs that stand in a room and report; the records of some say that they are broken."""
    names = [f"{room}-{number:02}" for number in range(1, reporting + 1)]
    return {
        "managed_device": [
            {"device_id": name, "hostname": name, "ownership": "school", "room": room} for name in names
        ],
        "device": [{"device_id": name, "hostname": name, "kind": "desktop"} for name in names],
        "collection": [
            {"device_id": name, "table": "device", "outcome": "rows", "expires_at": "2026-03-20T00:00:00Z"}
            for name in names
        ],
        "record": [
            {"asset_code": name, "device_id": name, "kind": "desktop", "room": room, "condition": "broken"}
            for name in names[:broken]
        ],
    }


def together(*parts: Rows) -> Rows:
    """Return the rows of several parts."""
    return {name: [row for part in parts for row in part.get(name, [])] for part in parts for name in part}


def by_room(came: Measurement) -> dict[str, Mapping[str, Any]]:
    """Return the evidence by lab."""
    return {row["room"]: row for row in came.evidence}


def shared_school() -> Rows:
    """Return the rooms, classes and lessons of the school to work with."""

    def rows(name: str) -> list[dict[str, str]]:
        return list(csv.DictReader((SHARED / "school" / name).open(encoding="utf-8")))

    return {
        "room": [
            {"room": row["room"], "campus": row["campus"], "kind": row["kind"],
             "computers_expected": int(row["computers_expected"])}
            for row in rows("rooms.csv")
        ],
        "class_group": [
            {"class_group": row["class"], "grade": int(row["grade"]), "students": int(row["students"])}
            for row in rows("classes.csv")
        ],
        "lesson": [
            {"room": row["room"], "weekday": row["weekday"], "period": int(row["period"]),
             "class_group": row["class"], "subject": row["subject"]}
            for row in rows("timetable.csv")
        ],
    }  # fmt: skip


@needs_shared
@pytest.mark.parametrize(
    ("room", "reporting", "broken", "class_group", "students", "ratio", "verdict", "missing"),
    [
        ("TT-PM1", 18, 0, "5A", 35, 1.94, "pass", (0, 17)),
        ("TT-PM1", 18, 1, "5A", 35, 2.06, "fail", (1, 18)),
        ("TG-PM1", 14, 0, "3G", 34, 2.43, "fail", (3, 20)),
    ],
)
def test_the_numbers_that_follow_by_hand(
    room: str, reporting: int, broken: int, class_group: str, students: int, ratio: float, verdict: str,
    missing: tuple[int, int],
) -> None:  # fmt: skip
    """The largest class that has an informatics lesson in a lab decides its ratio; 1C, larger, has none there."""
    came = by_room(measured(together(shared_school(), computers(room, reporting, broken=broken))))[room]

    found = (came["class_group"], came["students"], came["ratio"], came["verdict"])
    assert (class_group, students, ratio, verdict) == found
    assert missing == (came["missing_level_2"], came["missing_level_3"])


@needs_shared
def test_the_worst_lab_counts_for_the_school() -> None:
    """TT-PM1 is good enough and TG-PM1 is not, so the school is not: 34 pupils over 14 computers."""
    came = measured(together(shared_school(), computers("TT-PM1", 18), computers("TG-PM1", 14)))

    assert (came.verdict.value, came.value, came.level) == ("fail", 34 / 14, None)
    assert (came.passing, came.failing, came.unknown) == (1, 1, 0)


@needs_shared
def test_a_school_nobody_heard_from_is_unknown() -> None:
    """By the room list 35 pupils could share 18 computers and 34 could not share 14: the second lab fails unseen."""
    came = by_room(measured(shared_school()))

    assert [("TG-PM1", "fail"), ("TT-PM1", "unknown")] == sorted((room, row["verdict"]) for room, row in came.items())
    assert came["TT-PM1"]["computers_unknown"] == 18


SMALL: Rows = {
    "room": [{"room": "LAB", "campus": "A", "kind": "computer_lab", "computers_expected": 3}],
    "class_group": [{"class_group": "2A", "students": 6}, {"class_group": "2B", "students": 4}],
    "lesson": [
        {"room": "LAB", "period": 1, "class_group": "2A", "subject": "informatics"},
        {"room": "LAB", "period": 2, "class_group": "2B", "subject": "informatics"},
    ],
}


@pytest.mark.parametrize(
    ("reporting", "broken", "verdict", "unknown"),
    [(3, 0, "pass", 0), (2, 0, "unknown", 1), (3, 1, "fail", 0), (0, 0, "unknown", 3), (4, 1, "pass", 0)],
)
def test_best_and_worst_case_of_a_small_school(reporting: int, broken: int, verdict: str, unknown: int) -> None:
    """Six pupils and three places: whoever was never heard from may work or not, the broken one does not."""
    came = by_room(measured(together(SMALL, computers("LAB", reporting, broken=broken))))["LAB"]

    assert (verdict, unknown) == (came["verdict"], came["computers_unknown"])


def test_two_records_of_one_computer_are_one_computer() -> None:
    """A device that two records claim is counted once."""
    twice = computers("LAB", 3)
    twice["record"] = [
        {"asset_code": code, "device_id": "LAB-01", "kind": "desktop", "room": "LAB", "condition": "good"}
        for code in ("MT-1", "MT-1B")
    ]

    came = by_room(measured(together(SMALL, twice)))["LAB"]

    assert (3, 3, 2) == (came["computers_working"], came["computers_reporting"], came["computers_recorded"])
