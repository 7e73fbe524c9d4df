"""The made-up PCs' reports are such as real agents send, at hours at which real PCs are on."""

import csv
import json
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any

import pytest

from collectors.facts import digest, table_of
from hub.demo import documents
from hub.demo.calendar import PROFILE, read_calendar
from hub.demo.documents import agents
from hub.demo.pcs import catalogue, story
from hub.reports import decode
from hub.tables import FACTS
from rules.load import load

TERM = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
NOWS = {
    "term": TERM,
    "night": datetime(2026, 11, 24, 19, tzinfo=UTC),
    "summer": datetime(2027, 7, 10, 3, tzinfo=UTC),
    "holiday": datetime(2027, 2, 16, 3, tzinfo=UTC),
    "first days": datetime(2026, 9, 7, 3, tzinfo=UTC),
}


@cache
def told(name: str) -> list[tuple[datetime, dict[str, Any]]]:
    """Return all reports up to one of the times."""
    return list(documents(NOWS[name]))


def whole_tables(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return each table that is sent whole."""
    return ((table, whole) for _, document in told(name) for table, whole in document["tables"].items())


@pytest.mark.parametrize("name", NOWS)
def test_every_report_is_taken_as_it_is(name: str) -> None:
    """Every row fits its class: nothing is unknown, nothing is left out, no section fails for its shape."""
    refused = [
        section
        for _, document in told(name)
        for section in decode(json.dumps(document).encode()).sections
        if "do not fit" in (section.message or "")
    ]
    counted = [sum(decode(json.dumps(document).encode()).counted.values()) for _, document in told(name)]

    assert refused == []
    assert sum(counted) == 0


def test_every_table_occurs() -> None:
    """Each table of a PC is in the story, with rows: what the demonstration does not show, nobody sees."""
    seen = {table for table, whole in whole_tables("term") if whole["rows"]}

    assert seen >= set(FACTS) & {table for check in load().checks.values() for table in check.decides}
    assert seen == set(FACTS)


def test_digests_are_those_of_the_agent() -> None:
    """A digest is worked out as an agent does, so that the hub can tell what is unchanged."""
    for table, whole in islice(whole_tables("term"), 400):
        assert whole["digest"] == digest(table_of(FACTS[table]), whole["rows"])


def test_what_is_unchanged_was_sent_before() -> None:
    """A PC names a digest only after it sent the rows that it stands for."""
    sent: set[str] = set()
    for _, document in told("term"):
        assert all(one["digest"] in sent for one in document["unchanged"].values())
        sent |= {whole["digest"] for whole in document["tables"].values()}


def test_most_later_reports_are_short() -> None:
    """Once its tables are known, a PC mostly says that they are unchanged."""
    late = [document for _, document in told("term")[-400:]]

    assert sum(len(one["unchanged"]) for one in late) > 2 * sum(len(one["tables"]) for one in late)


def test_every_way_to_end_occurs() -> None:
    """Rows, not here, failed and timed out: the page has a word for each."""
    assert {one["why"] for _, document in told("term") for one in document["missing"]} == {
        "not_here", "failed", "timed_out",
    }  # fmt: skip


@pytest.mark.parametrize("name", NOWS)
def test_reports_come_in_order_and_not_from_the_future(name: str) -> None:
    """The story ends now."""
    moments = [moment for moment, _ in told(name)]

    assert moments == sorted(moments)
    assert moments[-1] <= NOWS[name] < moments[-1] + timedelta(days=1)


@pytest.mark.parametrize("name", NOWS)
def test_pcs_are_off_at_night_on_weekends_and_in_holidays(name: str) -> None:
    """Only the two servers run on; in the summer only they and the offices."""
    calendar = read_calendar()
    always_on = {pc.serial for agent in agents(NOWS[name]) if (pc := agent.life.now).runs == "always"}
    office = {pc.serial for agent in agents(NOWS[name]) if (pc := agent.life.now).runs == "working_days"}
    for moment, document in told(name):
        serial, local = document["identifiers"]["system_serial"], calendar.local(moment)
        if serial not in always_on:
            assert 6 <= local.hour < 18
            assert calendar.is_working_day(local.date())
            assert serial in office or calendar.is_school_day(local.date())


def test_the_same_now_gives_the_same_reports() -> None:
    """Nothing depends on the day's mood; another seed only shakes the hours."""
    again = list(islice(documents(TERM), 500))
    other = list(islice(documents(TERM, seed=7), 500))

    assert again == told("term")[:500]
    assert other != again


def test_nothing_looks_like_somebodys() -> None:
    """Serials begin with DEMO, MACs say that no maker gave them, UUIDs are made from names that can't exist."""
    for _, document in told("term"):
        said = document["identifiers"]
        serials = [said["system_serial"], said["board_serial"], *said["disk_serials"]]
        assert all(serial.startswith("DEMO-") for serial in serials if serial)
        assert all(int(mac[:2], 16) & 2 for mac in said["macs"])
        assert said["smbios_uuid"] is None or uuid.UUID(said["smbios_uuid"]).version == 5
    for _, whole in whole_tables("term"):
        assert all(row["serial"].startswith("DEMO-") for row in whole["rows"] if row.get("serial"))


def test_updates_have_numbers_that_no_real_one_has() -> None:
    """A made-up update must not be looked up by mistake: Microsoft's numbers have not reached nine million."""
    ids = {row["id"] for table, whole in whole_tables("term") if table == "update" for row in whole["rows"]}

    assert all(re.fullmatch(r"KB9\d{6}|openssl \S+", one) for one in ids)


def records() -> list[dict[str, str]]:
    """Return the officer's records."""
    return list(csv.DictReader((PROFILE / "records.csv").open(encoding="utf-8")))


def test_records_name_posts_and_made_up_serials() -> None:
    """Whoever is in charge is a post, never a name."""
    posts = {
        "",
        "Giáo viên Tin học",
        "Giáo viên chủ nhiệm",
        "Nhân viên thư viện",
        "Nhân viên văn phòng",
        "Cán bộ công nghệ thông tin",
    }

    assert {one["person_in_charge"] for one in records()} <= posts
    assert all(one["serial"].startswith("DEMO-") for one in records() if one["serial"])
    assert all(int(one["mac"][:2], 16) & 2 for one in records() if one["mac"])


def test_records_are_of_the_pcs_of_the_story() -> None:
    """Each record of a computer lab, classroom or office is found by the serial or MAC of the PC there."""
    first = [agent.life.states[0][1] for agent in agents(TERM)]
    rooms = {key: pc.room for pc in first for key in (pc.serial, pc.mac) if key}
    of_pcs = [one for one in records() if one["asset_code"].startswith("MT-")]

    assert {one["asset_code"]: rooms.get(one["serial"] or one["mac"], "?") for one in of_pcs} == {
        one["asset_code"]: one["room"] or None for one in of_pcs
    }


def test_rooms_have_the_computers_that_belong_there() -> None:
    """The story fills each room as the roster says."""
    expected = {row["room"]: int(row["computers_expected"]) for row in csv.DictReader((PROFILE / "rooms.csv").open())}
    found = dict.fromkeys(expected, 0)
    for agent in agents(TERM):
        if agent.life.now.room:
            found[agent.life.now.room] += 1

    assert found == expected


def test_the_story_is_about_pcs_that_are_there() -> None:
    """A name that is misspelt would tell of nobody: each event and each difference is of a PC, each word is known."""
    names = {agent.life.now.hostname for agent in agents(TERM)}
    about = {one["pc"] for one in story()["events"] if "pc" in one} | set(story()["differs"])

    assert about <= names
    assert {agent.life.now.model for agent in agents(TERM)} == set(catalogue()["models"])
    assert {agent.life.now.system for agent in agents(TERM)} == set(catalogue()["systems"])
