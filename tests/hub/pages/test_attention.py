"""The lists that need a hand, and the rooms."""

import re

from tests.hub.conftest import Clock
from tests.hub.pages.conftest import Browser, School


def test_silence_is_counted_in_school_days(browser: Browser) -> None:
    """A PC last heard on Tuesday 10 February has missed thirteen school days by Monday 2 March; others are only off."""
    page = browser.get("/silent").text

    assert re.findall(r'<tr><th scope="row"><a [^>]*>([^<]+)</a>', page) == ["TT-PM1-04"]
    assert '<td class="number" data-label="Số ngày học không báo về">13</td>' in page


def test_holidays_make_nobody_silent(school: School, clock: Clock) -> None:
    """When the school does not teach, being off for months is normal."""
    school.hub.database.write(lambda on: on.exec_driver_sql("DELETE FROM school_day WHERE day > '2026-03-02'"))
    clock.advance(days=90)

    assert "TT-PM1-01" not in school.browser.get("/silent").text


def test_a_school_without_terms_is_taken_to_teach_on_weekdays(school: School, clock: Clock) -> None:
    """Before the profile is there, silence is counted from Monday to Friday."""
    school.hub.database.write(lambda on: on.exec_driver_sql("DELETE FROM school_day"))
    clock.advance(days=7)
    after_a_week = school.browser.get("/silent").text
    clock.advance(days=1)

    assert "TT-PM1-01" not in after_a_week
    assert "TT-PM1-01" in school.browser.get("/silent").text


def test_a_contradiction_says_what_both_have(browser: Browser) -> None:
    """The kind of identifier stands in words beside its value, with the forms that settle it."""
    page = browser.get("/conflicts").text

    assert "Cùng có: số sê-ri TESTA0001." in page
    assert "/merge" in page
    assert "/dismiss" in page


def test_a_room_that_two_sources_tell_differently_is_a_contradiction(school: School) -> None:
    """The record says the office, the host name says the lab: both are shown, and a button takes the other one."""
    school.hub.database.write(
        lambda on: on.exec_driver_sql("UPDATE record SET room = 'TT-VP' WHERE asset_code = 'MT-01'")
    )
    page = school.browser.get("/conflicts").text

    assert "hồ sơ ghi TT-VP, còn theo tên máy là TT-PM1" in page


def test_a_section_that_fails_says_why(browser: Browser) -> None:
    """The PC, the section and the reason stand in a row."""
    page = browser.get("/failing").text

    assert "Phần mềm diệt vi-rút" in page
    assert "Không thu thập được: &lt;b&gt;no answer&lt;/b&gt;" in page


def test_a_room_shows_who_is_there_and_who_was_never_heard(browser: Browser) -> None:
    """Two PCs of the lab are known, one of them silent, and a third belongs there: one of three reports."""
    page = browser.get("/rooms").text
    lab = page.partition('href="/rooms/TT-PM1"')[2].partition("</ul>")[0]

    assert "1/3 máy báo về" in lab
    assert re.findall(r'class="tile (\w+) (\w+)"', lab) == [("unknown", "today"), ("unknown", "silent")]
    assert "chưa từng báo về" in lab


def test_a_room_has_its_lessons(browser: Browser) -> None:
    """The timetable of a lab stands on its page, days and subjects in words."""
    page = browser.get("/rooms/TT-PM1").text

    assert "Thứ Hai" in page
    assert "<strong>5A</strong> Tin học" in page
