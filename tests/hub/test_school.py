"""The school's profile: read, checked, taken in and written back."""

import codecs
import contextlib
import shutil
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.facts import table_of
from hub.database import Database, open_database
from hub.school import Known, Profile, apply, read_profile, stored_profile, values, write_profile
from hub.school.days import school_days
from hub.school.parts import PARTS
from hub.tables import OWN
from rules.problems import Refused
from rules.school import (
    Campus,
    ClassGroup,
    HostnamePattern,
    Line,
    LineKind,
    Period,
    Record,
    Room,
    RoomKind,
    School,
    SchoolDay,
    Term,
)
from tests.shared import SHARED, needs_shared

EXAMPLE = SHARED / "school"

YAML = """
school: {code: S1, name: Trường Thử, year: 2025-2026, plan: 2025-2026, time_zone: Asia/Ho_Chi_Minh}
campuses: [{code: A, name: Cơ sở A, lines: [{name: main, kind: fibre, contracted_mbps: 150}]}]
days: [mon, tue, wed, thu, fri]
periods: {1: "07:30-08:05"}
terms: {HK1: [2026-01-05, 2026-01-18]}
holidays: [{from: 2026-01-07, to: 2026-01-08}]
"""
ROOMS = "room,campus,kind,name_vi,computers_expected\nPM1,A,computer_lab,Phòng máy,18\n"
LESSON = "room,weekday,period,class,subject\n"
WAIVER = "rule,subject,reason,granted_by,until\n"
LICENCE = "product,category,metric,seats,purchased\n"
CLASSES = "class,grade,students,campus,room\n5A,5,35,A,PM1\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a small profile that is in order."""
    (tmp_path / "school.yaml").write_text(YAML, encoding="utf-8")
    (tmp_path / "rooms.csv").write_text(ROOMS, encoding="utf-8")
    (tmp_path / "classes.csv").write_text(CLASSES, encoding="utf-8")
    return tmp_path


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Yield an empty hub's database."""
    opened = open_database(f"sqlite:///{tmp_path / 'hub.sqlite'}", {})
    yield opened
    opened.close()


def refused(path: Path, known: Known | None = None) -> list[tuple[str, int | None, str | None]]:
    """Return where each problem of a profile lies."""
    with pytest.raises(Refused) as caught:
        read_profile(path, known)
    return [(problem.file, problem.line, problem.field) for problem in caught.value.problems]


def said(path: Path) -> str:
    """Return what a refused profile is told."""
    with pytest.raises(Refused) as caught:
        read_profile(path)
    return str(caught.value)


@needs_shared
def test_the_example_has_its_numbers() -> None:
    """30 classes, 961 pupils, 52 staff and 39 rooms come from the example's files."""
    rows = read_profile(EXAMPLE).rows

    assert len(rows["class_group"]) == 30
    assert sum(one.students for one in rows["class_group"]) == 961
    assert sum(one.people for one in rows["staff_count"]) == 52
    assert len(rows["room"]) == 39
    assert len(rows["lesson"]) == 24
    assert len(rows["licence_entitlement"]) == 4


@needs_shared
@pytest.mark.parametrize("name", ["truong", "truong.xlsx"])
def test_what_is_written_reads_the_same(name: str, tmp_path: Path) -> None:
    """A folder or a workbook that was written gives the same profile again."""
    profile = read_profile(EXAMPLE)
    write_profile(profile, tmp_path / name)

    assert read_profile(tmp_path / name) == profile


@needs_shared
def test_what_the_hub_keeps_is_the_profile(database: Database) -> None:
    """Taken in and read back, each table has the same rows."""
    profile = read_profile(EXAMPLE)
    database.write(lambda connection: apply(connection, profile))
    kept = database.write(stored_profile).rows

    assert {name: set(kept[name]) for name in profile.rows} == {name: set(rows) for name, rows in profile.rows.items()}


@needs_shared
def test_postgresql_keeps_the_same(postgresql: str, folder: Path) -> None:
    """The same profile comes back from PostgreSQL, times, truth and lists included."""
    records = "asset_code,holds_sector_data,price,end_of_support\nTS-1,true,12500000,2027-06-30\nTS-2,,,\n"
    (folder / "records.csv").write_text(records, encoding="utf-8")
    opened = open_database(postgresql, {})
    try:
        for profile in (read_profile(EXAMPLE), read_profile(folder)):
            opened.write(partial(apply, profile=profile))
            kept = opened.write(stored_profile).rows

            assert {name: set(kept[name]) for name in profile.rows} == {
                name: set(rows) for name, rows in profile.rows.items()
            }
    finally:
        opened.close()


def test_school_days_come_from_terms_weekdays_and_holidays(folder: Path) -> None:
    """A day counts that lies in a term, on a weekday of the school's, and in no holiday."""
    days = [one.day for one in read_profile(folder).rows["school_day"]]

    assert days == [date(2026, 1, day) for day in (5, 6, 9, 12, 13, 14, 15, 16)]


SPANS = st.tuples(st.dates(date(2025, 1, 1), date(2026, 12, 31)), st.integers(0, 60)).map(
    lambda span: (span[0], span[0] + timedelta(days=span[1]))
)


@given(st.lists(SPANS, max_size=3), st.sets(st.sampled_from(values.WEEKDAYS)), st.lists(SPANS, max_size=3))
def test_a_school_day_is_in_a_term_and_no_holiday(terms: Any, weekdays: set[str], holidays: Any) -> None:
    """Whatever terms and holidays overlap: each day once, in order, and only such days."""
    days = school_days(terms, weekdays, holidays)
    every = [date(2025, 1, 1) + timedelta(days=count) for count in range(900)]

    assert days == [
        day
        for day in every
        if any(first <= day <= last for first, last in terms)
        and values.WEEKDAYS[day.weekday()] in weekdays
        and not any(first <= day <= last for first, last in holidays)
    ]


def _edit(name: str, before: str, after: str) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        path = folder / name
        written = path.read_text(encoding="utf-8")
        assert before in written
        path.write_text(written.replace(before, after), encoding="utf-8")

    return edit


def _write(name: str, text: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / name).write_text(text, encoding="utf-8")

    return write


@pytest.mark.parametrize(
    ("damage", "place"),
    [
        (_edit("rooms.csv", "computers_expected", "computers"), ("rooms.csv", 1, "computers")),
        (_edit("rooms.csv", ",18", ",eighteen"), ("rooms.csv", 2, "computers_expected")),
        (_edit("rooms.csv", ",18", ",-1"), ("rooms.csv", 2, "computers_expected")),
        (_edit("rooms.csv", "PM1,A,", "PM1,B,"), ("rooms.csv", 2, "campus")),
        (_edit("rooms.csv", "computer_lab", "lab"), ("rooms.csv", 2, "kind")),
        (_edit("rooms.csv", "PM1,A", ",A"), ("rooms.csv", 2, "room")),
        (_edit("rooms.csv", ",18\n", ",18\nPM1,A,office,,1\n"), ("rooms.csv", 3, "room")),
        (_edit("rooms.csv", ",18", ",18,more"), ("rooms.csv", 2, None)),
        (_edit("rooms.csv", "room,campus", "campus,campus"), ("rooms.csv", 1, "campus")),
        (_edit("classes.csv", "A,PM1", "A,PM2"), ("classes.csv", 2, "room")),
        (_edit("school.yaml", "Ho_Chi_Minh", "Hanoi"), ("school.yaml", 2, "time_zone")),
        (_edit("school.yaml", "year: 2025-2026", "year: 2025-2027"), ("school.yaml", 2, "year")),
        (_edit("school.yaml", "days: [mon", "days: [lundi"), ("school.yaml", 2, "days")),
        (_edit("school.yaml", "periods: {1", "periods: {x"), ("school.yaml", 5, "period")),
        (_edit("school.yaml", "07:30-08:05", "08:05-07:30"), ("school.yaml", 5, "to")),
        (_edit("school.yaml", "[2026-01-05, 2026-01-18]", "2026-01-05"), ("school.yaml", 6, "HK1")),
        (_edit("school.yaml", "from: 2026-01-07", "from: 2026-01-09"), ("school.yaml", 7, "to")),
        (_edit("school.yaml", "from: 2026-01-07", "from: 2026-01-32"), ("school.yaml", 7, None)),
        (_edit("school.yaml", "2026-01-18", "2126-01-18"), ("school.yaml", 6, "to")),
        (_edit("school.yaml", "holidays: [", "holidays: [[["), ("school.yaml", 8, None)),
        (_write("school.yaml", "[" * 20_000), ("school.yaml", 1, None)),
        (_write("school.yaml", "- a\n- b\n"), ("school.yaml", 1, None)),
        (_edit("school.yaml", "holidays", "holliday"), ("school.yaml", 7, "holliday")),
        (_edit("school.yaml", "150", "fast"), ("school.yaml", 3, "contracted_mbps")),
        (_edit("school.yaml", "{code: S1, ", "{"), ("school.yaml", 2, "code")),
        (_edit("school.yaml", "code: S1", "code: 001"), ("school.yaml", 2, "code")),
        (_edit("school.yaml", "campuses: [", "campuses: [x, "), ("school.yaml", 3, "campuses")),
        (
            _edit("school.yaml", "periods:", "segments: [{campus: A, cidr: 192.168.1.1/24, role: staff}]\nperiods:"),
            ("school.yaml", 5, "cidr"),
        ),
        (
            _edit("school.yaml", "periods:", 'rooms_by_hostname: [{pattern: "PC 1/*", room: PM1}]\nperiods:'),
            ("school.yaml", 5, "pattern"),
        ),
        (
            _edit("school.yaml", "periods:", "probes: [{purpose: sector, target: haiphong}]\nperiods:"),
            ("school.yaml", 5, "target"),
        ),
        (
            _edit("school.yaml", "periods:", "staff: [{role: teacher, people: 3, with_computer: 4}]\nperiods:"),
            ("school.yaml", 5, "with_computer"),
        ),
        (_write("timetable.csv", f"{LESSON}PM1,mon,2,5A,informatics\n"), ("timetable.csv", 2, "period")),
        (_write("timetable.csv", f"{LESSON}PM1,mon,1,5B,informatics\n"), ("timetable.csv", 2, "class")),
        (_write("records.csv", "asset_code,mac\nTS-1,xx\n"), ("records.csv", 2, "mac")),
        (_write("records.csv", 'asset_code,serial\nTS-1,"1,23E+15"\n'), ("records.csv", 2, "serial")),
        (_write("waivers.csv", f"{WAIVER}no-such,PC1,x,y,2026-05-31\n"), ("waivers.csv", 2, "rule")),
        (_write("licences.csv", f"{LICENCE}X,office,device,1,31/02/2025\n"), ("licences.csv", 2, "purchased")),
        (lambda folder: (folder / "classes.csv").unlink(), ("classes.csv", None, None)),
        (lambda folder: (folder / "school.yaml").unlink(), ("school.yaml", None, None)),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(
    damage: Callable[[Path], None], place: tuple[str, int | None, str | None], folder: Path
) -> None:
    """Each mistake is refused with the file, the line and the field where it stands."""
    damage(folder)

    assert place in refused(folder, Known({"2025-2026"}, {"firewall-enabled"}))


def test_all_mistakes_are_told_at_once(folder: Path) -> None:
    """Nobody has to repair one mistake to hear of the next."""
    (folder / "rooms.csv").write_text("room,campus,kind,computers_expected\n,A,lab,x\nB,A,office,y\n", encoding="utf-8")
    _edit("school.yaml", "Ho_Chi_Minh", "Hanoi")(folder)
    found = refused(folder)

    assert found == [
        ("school.yaml", 2, "time_zone"), ("rooms.csv", 2, "room"), ("rooms.csv", 2, "kind"),
        ("rooms.csv", 2, "computers_expected"), ("rooms.csv", 3, "computers_expected"),
    ]  # fmt: skip


def test_a_near_name_is_offered(folder: Path) -> None:
    """A name that differs by letters' case or a letter is answered with the one that was meant."""
    _edit("classes.csv", "A,PM1", "A,pm1")(folder)

    assert "did you mean 'PM1'" in said(folder)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (codecs.BOM_UTF16_LE + CLASSES.encode("utf-16-le"), "UTF-16"),
        (CLASSES.encode("utf-16-be"), "UTF-16"),
        (CLASSES.replace("5A", "Lớp").encode("cp1258", "replace").replace(b"L?", b"L\xf5"), "Windows-1258"),
        (b"PK\x03\x04rest of a workbook", "workbook"),
        (b'class,grade\n"5A', "CSV"),
    ],
)
def test_another_encoding_is_told_in_a_sentence(content: bytes, word: str, folder: Path) -> None:
    """A file in another encoding, or that is no text, is refused in words that say what to do."""
    (folder / "classes.csv").write_bytes(content)

    assert word in said(folder)


@pytest.mark.parametrize(
    "content",
    [
        codecs.BOM_UTF8 + CLASSES.encode(),
        CLASSES.replace(",", ";").replace("\n", "\r\n").encode(),
        b"sep=;\r\n" + CLASSES.replace(",", ";").encode(),
        CLASSES.replace(",", "\t").encode(),
        CLASSES.replace("\n", ",,\n").encode() + b",,,,,,\n\n",
        CLASSES.replace("35", " 35.0 ").replace("class,", "Class ,").encode(),
        CLASSES.replace("5A", '"5\u00a0A"').replace('"5\u00a0A"', '" 5A\u00a0"').encode(),
    ],
)
def test_what_excel_makes_of_a_csv_file_is_read(content: bytes, folder: Path) -> None:
    """Semicolons, tabs, a byte order mark, 'sep=', blank columns and rows, hard blanks: the same rows."""
    plain = read_profile(folder)
    (folder / "classes.csv").write_bytes(content)

    assert read_profile(folder) == plain


def test_letters_are_composed(folder: Path) -> None:
    """Vietnamese letters that came decomposed are stored composed (NFC)."""
    path = folder / "school.yaml"
    path.write_text(unicodedata.normalize("NFD", path.read_text(encoding="utf-8")), encoding="utf-8")
    (school,) = read_profile(folder).rows["school"]

    assert school.name == "Trường Thử"


@pytest.mark.parametrize(
    ("read", "written", "meant"),
    [
        (values.day, "15/08/2022", date(2022, 8, 15)),
        (values.day, "2022-8-5", date(2022, 8, 5)),
        (values.clock, "7h30", "07:30"),
        (values.weekday, "Thứ 2", "mon"),
        (values.weekday, "CN", "sun"),
        (values.money, "12.500.000 đ", 12_500_000),
        (values.mac, "D8-CB-8A-00-11-22", "d8:cb:8a:00:11:22"),
        (values.truth, "Có", True),
        (values.bits_per_second, "0,5", 500_000),
        (values.subject, "Tin học", "informatics"),
    ],
)
def test_values_are_read_as_people_write_them(read: Callable[[Any], Any], written: str, meant: Any) -> None:
    """What an officer in Vietnam would type, or Excel makes of it, is understood."""
    assert read(written) == meant


@given(
    st.text(max_size=30) | st.integers() | st.floats() | st.booleans() | st.dates() | st.none() | st.lists(st.text())
)
def test_a_reader_reads_or_says_what_it_expected(raw: Any) -> None:
    """No value, however strange, does anything to a reader but be read or be refused in a sentence."""
    for part in PARTS:
        for column in part.columns.values():
            with contextlib.suppress(values.Unreadable):
                assert column.read(raw) is not None


def test_nothing_is_half_applied(folder: Path, database: Database) -> None:
    """An import that fails leaves every table as it was."""
    good = read_profile(folder)
    database.write(lambda connection: apply(connection, good))
    twice = Profile({**good.rows, "room": (), "holiday": good.rows["holiday"] * 2})
    with pytest.raises(Exception, match="UNIQUE"):
        database.write(lambda connection: apply(connection, twice))

    assert database.write(stored_profile).rows["room"] == good.rows["room"]


def test_a_table_that_is_not_given_stays(folder: Path, database: Database) -> None:
    """Records stay when a profile without records.csv is imported, and are replaced by one that has it."""
    (folder / "records.csv").write_text("asset_code,kind\nTS-1,desktop\n", encoding="utf-8")
    with_records = read_profile(folder)
    (folder / "records.csv").unlink()
    without = read_profile(folder)
    database.write(lambda connection: apply(connection, with_records))
    database.write(lambda connection: apply(connection, without))
    kept = database.write(stored_profile).rows["record"]
    (folder / "records.csv").write_text("asset_code,kind\n", encoding="utf-8")
    emptied = read_profile(folder)
    database.write(lambda connection: apply(connection, emptied))

    assert [one.asset_code for one in kept] == ["TS-1"]
    assert database.write(stored_profile).rows["record"] == ()


@pytest.mark.parametrize(("serial", "kept"), [("S1", "device-1"), ("S2", None)])
def test_a_record_keeps_its_device_unless_its_serial_changed(
    serial: str, kept: str | None, folder: Path, database: Database
) -> None:
    """A new import keeps which device a record was matched to; another serial is another device."""
    (folder / "records.csv").write_text("asset_code,serial\nTS-1,S1\n", encoding="utf-8")
    before = read_profile(folder)
    database.write(lambda connection: apply(connection, before))
    database.write(lambda connection: connection.execute(OWN["record"].update().values(device_id="device-1")))
    (folder / "records.csv").write_text(f"asset_code,serial\nTS-1,{serial}\n", encoding="utf-8")
    after = read_profile(folder)
    database.write(lambda connection: apply(connection, after))

    assert database.write(lambda connection: connection.scalar(sa.select(OWN["record"].c.device_id))) == kept


def test_persons_are_written_only_when_asked(tmp_path: Path) -> None:
    """The person in charge of a device is personal: an export has it only with its flag."""
    rows = {
        "school": (School(code="S", name="S", year="2025-2026", plan="2025-2026", time_zone="UTC"),),
        "campus": (Campus(campus="A", name="A"),),
        "record": (Record(asset_code="TS-1", person_in_charge="Cô Ví Dụ"),),
    }
    write_profile(Profile(rows), tmp_path / "without")
    write_profile(Profile(rows), tmp_path / "with", personal=True)

    assert "Ví Dụ" not in (tmp_path / "without/records.csv").read_text(encoding="utf-8")
    assert "Cô Ví Dụ" in (tmp_path / "with/records.csv").read_text(encoding="utf-8")


def test_an_export_overwrites_nothing(folder: Path) -> None:
    """Where something of the name is there already, an export is refused and changes nothing."""
    profile = read_profile(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(Refused):
        write_profile(profile, folder)

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_workbook_is_told_its_mistakes_by_sheet_and_row(folder: Path, tmp_path: Path) -> None:
    """A wrong cell of a workbook is refused with its sheet, its row and its column."""
    book_path = tmp_path / "truong.xlsx"
    write_profile(read_profile(folder), book_path)
    book = openpyxl.load_workbook(book_path)
    book["rooms"]["C2"] = "lab"
    book.create_sheet("klasses")
    book.save(book_path)

    assert refused(book_path) == [("truong.xlsx", None, "klasses"), ("truong.xlsx, rooms", 2, "kind")]


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 broken"])
def test_what_is_no_workbook_is_told(content: bytes, tmp_path: Path) -> None:
    """A file that only has the ending of a workbook is refused in a sentence."""
    (tmp_path / "x.xlsx").write_bytes(content)

    assert "Excel workbook" in said(tmp_path / "x.xlsx")


def test_a_name_is_never_a_formula(folder: Path, tmp_path: Path) -> None:
    """A text that begins as a formula is written as the text that it is."""
    _edit("rooms.csv", "Phòng máy", "=1+1")(folder)
    profile = read_profile(folder)
    write_profile(profile, tmp_path / "truong.xlsx")
    book = openpyxl.load_workbook(tmp_path / "truong.xlsx")

    assert book["rooms"]["D2"].data_type == "s"
    assert read_profile(tmp_path / "truong.xlsx") == profile


LETTERS = st.characters(codec="utf-8", exclude_categories=("C", "Z")) | st.sampled_from(" ắễợ=+-@\"',;:#{}[]&*!|>%")


def _is_steady(text: str) -> bool:
    try:
        return values.text(text) == text
    except values.Unreadable:
        return False


WORDS = st.text(LETTERS, min_size=1, max_size=20).map(lambda text: " ".join(text.split())).filter(_is_steady)


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    """Make a profile that is in order."""
    names = draw(st.lists(WORDS, min_size=4, max_size=8, unique_by=str.casefold))
    campus, *rooms = names
    first = draw(st.dates(date(2025, 8, 1), date(2026, 5, 1)))
    term = Term(term=draw(WORDS), first_day=first, last_day=first + timedelta(days=draw(st.integers(0, 90))))
    kinds = draw(st.lists(st.sampled_from(RoomKind), min_size=len(rooms), max_size=len(rooms)))
    weekdays = tuple(day for day in values.WEEKDAYS if draw(st.booleans())) or ("mon",)
    days = school_days([(term.first_day, term.last_day)], weekdays, [])
    optional = st.none() | WORDS
    rows: dict[str, tuple[Any, ...]] = {part.table: () for part in PARTS}
    rows |= {
        "school": (
            School(code=draw(WORDS), name=draw(WORDS), year="2025-2026", plan=draw(WORDS),
                   time_zone="Asia/Ho_Chi_Minh", weekdays=weekdays),
        ),
        "campus": (Campus(campus=campus, name=draw(WORDS)),),
        "line": (
            Line(campus=campus, line=draw(WORDS), kind=LineKind.FIBRE,
                 contracted_bps=draw(st.none() | st.integers(1, 10**11))),
        ),
        "room": tuple(
            Room(room=room, campus=campus, kind=kind, name=draw(optional), computers_expected=draw(st.integers(0, 99)))
            for room, kind in zip(rooms, kinds, strict=True)
        ),
        "class_group": (ClassGroup(class_group=draw(WORDS), grade=5, students=35, campus=campus, room=rooms[0]),),
        "period": (Period(period=1, starts="07:30", ends="08:05"),),
        "hostname_pattern": (HostnamePattern(pattern="PM-*", room=rooms[-1]),),
        "term": (term,),
        "record": (
            Record(asset_code=draw(WORDS), model=draw(optional), room=rooms[0], person_in_charge=draw(optional),
                   holds_sector_data=draw(st.none() | st.booleans()), price=draw(st.none() | st.integers(0, 10**12)),
                   end_of_support=draw(st.none() | st.dates(date(1990, 1, 1), date(2099, 12, 31)))),
        ),
        "school_day": tuple(SchoolDay(day=day) for day in days),
    }  # fmt: skip
    return Profile(rows)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(profiles(), st.sampled_from(["truong", "truong.xlsx"]))
def test_any_profile_comes_back_as_it_was(tmp_path: Path, profile: Profile, name: str) -> None:
    """Whatever names a school has, what is written reads the same, in a folder and in a workbook."""
    place = tmp_path / name
    write_profile(profile, place, personal=True)
    try:
        assert read_profile(place) == profile
    finally:
        shutil.rmtree(place) if place.is_dir() else place.unlink()


def test_each_column_is_a_field() -> None:
    """A part has every field of its table but those that the hub works out."""
    worked_out = {("record", "device_id")}
    lacking = {
        (part.table, field.name)
        for part in PARTS
        for field in table_of(part.fact).fields
        if field.name not in {column.field.name for column in part.columns.values()}
    }

    assert lacking == worked_out
