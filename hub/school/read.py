"""Reads a profile, and finds everything that is wrong with it before anything is applied."""

import itertools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from hub.school import values
from hub.school.days import school_days
from hub.school.folder import read_folder
from hub.school.parts import PARTS, Part
from hub.school.sheets import Entry, Finding, meant
from rules.problems import Problem, Refused
from rules.school import SchoolDay
from rules.words import sentence

WORKBOOK_ENDINGS = (".xlsx", ".xlsm")


@dataclass(frozen=True, slots=True)
class Profile:
    """A school's profile: the rows of each table that it gives. A table that it does not give stays as it is."""

    rows: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """The names of the rules that a profile may use."""

    plans: Collection[str]
    checks: Collection[str]


Located = tuple[Entry, Any]
"""An entry and the fact that it became."""


def read_profile(path: Path, known: Known | None = None) -> Profile:
    """Return the profile that lies in a folder or in a workbook. Raises Refused with all problems found."""
    if path.suffix.casefold() in WORKBOOK_ENDINGS:
        from hub.school.workbook import read_workbook

        found = read_workbook(path)
    else:
        found = read_folder(path)
    made = {part.name: list(_facts(part, found)) for part in PARTS if part.name in found.entries}
    if not found.problems:
        found.problems += _contradictions(made, found, known)
    if found.problems:
        raise Refused(found.problems)
    rows = {part.table: tuple(fact for _, fact in made[part.name]) for part in PARTS if part.name in made}
    return Profile({**rows, "school_day": tuple(SchoolDay(day=day) for day in _school_days(rows))})


def _facts(part: Part, found: Finding) -> Iterable[Located]:
    """Yield what the entries of a part mean; what is wrong in one goes to the problems, and the next is looked at."""
    seen: dict[tuple[str, ...], Entry] = {}
    for entry in found.entries[part.name]:
        given: dict[str, Any] = {}
        wrong = len(found.problems)
        for name, column in part.columns.items():
            raw = entry.cells.get(name)
            if raw is None:
                if column.required:
                    found.problems.append(entry.problem(name, sentence("expected a value here")))
                continue
            try:
                given[column.field.name] = column.read(raw)
            except values.Unreadable as error:
                found.problems.append(entry.problem(name, error.args[0]))
        if len(found.problems) > wrong:
            continue
        key = tuple(str(given[part.columns[name].field.name]).casefold() for name in part.key)
        if key in seen:
            first = seen[key]
            where = sentence("line {line}", line=first.line) if first.line else sentence("an earlier row")
            expected = sentence("expected each one once: '{key}' stands in {where} too", key=" ".join(key), where=where)
            found.problems.append(entry.problem(part.key[-1], expected))
            continue
        seen[key] = entry
        yield entry, part.fact(**given)


def _contradictions(made: Mapping[str, list[Located]], found: Finding, known: Known | None) -> Iterable[Problem]:
    yield from _references(made)
    yield from _spans(made)
    yield from _overlaps(made)
    yield from _lessons(made)
    yield from _counts(made)
    if known is not None:
        yield from _rules(made, known)
    if len(made["school"]) != 1:
        yield Problem(found.files["school"], None, "school", sentence("expected one school"))
    if not made["campuses"]:
        yield Problem(found.files["campuses"], None, "campuses", sentence("expected at least one campus"))


def _references(made: Mapping[str, list[Located]]) -> Iterable[Problem]:
    for part in PARTS:
        for name, column in part.columns.items():
            if column.refers_to is None:
                continue
            other, theirs = column.refers_to
            target = next(one for one in PARTS if one.name == other).columns[theirs].field.name
            there = {getattr(fact, target) for _, fact in made.get(other, [])}
            for entry, fact in made.get(part.name, []):
                value = getattr(fact, column.field.name)
                if value is not None and value not in there:
                    yield entry.problem(name, meant(str(value), map(str, sorted(there))))


def _spans(made: Mapping[str, list[Located]]) -> Iterable[Problem]:
    """Yield what ends before it begins."""
    for part, first, last in (
        ("terms", "first_day", "last_day"),
        ("holidays", "first_day", "last_day"),
        ("periods", "starts", "ends"),
    ):
        for entry, fact in made.get(part, []):
            begins, ends = getattr(fact, first), getattr(fact, last)
            if begins > ends or (part == "periods" and begins == ends):
                expected = sentence(
                    "expected an end after the beginning, found {begins} to {ends}", begins=begins, ends=ends
                )
                yield entry.problem("to", expected)


def _overlaps(made: Mapping[str, list[Located]]) -> Iterable[Problem]:
    """Yield terms, periods and segments of one campus that lie in each other."""
    for part, first, last, field_name in (
        ("terms", "first_day", "last_day", "from"),
        ("periods", "starts", "ends", "from"),
    ):
        for (entry, one), (other, two) in itertools.combinations(made.get(part, []), 2):
            if getattr(one, first) < getattr(two, last) and getattr(two, first) < getattr(one, last):
                yield other.problem(field_name, sentence("expected no overlap with {other}", other=_place(entry)))
    for (_, one), (other, two) in itertools.combinations(made.get("segments", []), 2):
        networks = ip_network(one.cidr), ip_network(two.cidr)
        if (
            one.campus == two.campus
            and networks[0].version == networks[1].version
            and networks[0].overlaps(networks[1])
        ):
            yield other.problem("cidr", sentence("expected no overlap with {other}", other=one.cidr))


def _place(entry: Entry) -> str:
    return sentence("line {line}", line=entry.line)


def _lessons(made: Mapping[str, list[Located]]) -> Iterable[Problem]:
    """Yield classes that would sit in two rooms at once."""
    rooms: dict[tuple[str, str, int], str] = {}
    for entry, lesson in made.get("timetable", []):
        first = rooms.setdefault((lesson.class_group, lesson.weekday, lesson.period), lesson.room)
        if first != lesson.room:
            expected = sentence("expected a class in one room at a time: it is in {room} then", room=first)
            yield entry.problem("class", expected)


def _counts(made: Mapping[str, list[Located]]) -> Iterable[Problem]:
    for entry, one in made.get("school", []):
        if made.get("terms") and not one.weekdays:
            yield entry.problem("days", sentence("expected the days of the week on which the school teaches"))
    for entry, staff in made.get("staff", []):
        if staff.with_computer > staff.people:
            expected = sentence("expected at most {people}, as many as there are people", people=staff.people)
            yield entry.problem("with_computer", expected)
    rooms = {room.room: room.campus for _, room in made.get("rooms", [])}
    for entry, group in made.get("classes", []):
        if group.room in rooms and rooms[group.room] != group.campus:
            expected = sentence("expected a room at {campus}, {room} is at {other}",
                                campus=group.campus, room=group.room, other=rooms[group.room])  # fmt: skip
            yield entry.problem("room", expected)


def _rules(made: Mapping[str, list[Located]], known: Known) -> Iterable[Problem]:
    for entry, one in made["school"]:
        if one.plan not in known.plans:
            yield entry.problem("plan", meant(one.plan, sorted(known.plans)))
    for entry, waiver in made.get("waivers", []):
        if waiver.rule not in known.checks:
            yield entry.problem("rule", meant(waiver.rule, sorted(known.checks)))


def _school_days(rows: Mapping[str, tuple[Any, ...]]) -> list[date]:
    (one,) = rows["school"]
    terms, holidays = ([(span.first_day, span.last_day) for span in rows[table]] for table in ("term", "holiday"))
    return school_days(terms, one.weekdays, holidays)
