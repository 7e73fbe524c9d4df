"""Software of Windows: what "Programs and Features" lists, once; real recordings, and what they lack made by hand."""

import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.host.software import PACKAGES, UNINSTALL
from collectors.sources import dates
from tests.collectors.host.windows_pcs import PERSON, collect, dumps, message, pc, real, rows
from tests.shared import needs_shared

MACHINE, OLD = rf"HKLM\{UNINSTALL}", rf"HKLM\{UNINSTALL}".replace("SOFTWARE", r"SOFTWARE\WOW6432Node", 1)
OWN = rf"HKU\{PERSON}\{UNINSTALL}"
ENVIRONMENT = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment"


def names(*programs: dict[str, Any], place: str = MACHINE) -> list[str]:
    """Return the names of what is listed of these subkeys."""
    keys = {MACHINE: {}, **{rf"{place}\{number}": one for number, one in enumerate(programs)}}
    return [row["name"] for row in rows("software", pc(keys))]


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"DisplayName": ""},
        {"DisplayName": "Part", "SystemComponent": 1},
        {"DisplayName": "Security Update for Windows XP", "ReleaseType": "Security Update"},
        {"DisplayName": "Hotfix", "ReleaseType": "%HOTFIX%"},
        {"DisplayName": "Service Pack 1", "ParentKeyName": "Office14.PROPLUS"},
        {"DisplayName": "Windows XP Service Pack 3", "ParentDisplayName": "Windows XP - Software Updates"},
    ],
)
def test_parts_and_updates_are_no_programs(said: dict[str, Any]) -> None:
    """By what their keys say, never by their names, which are in any language."""
    assert names(said, {"DisplayName": "7-Zip"}) == ["7-Zip"]


@pytest.mark.parametrize("component", [0, "", "0"])
def test_a_component_that_says_no_is_a_program(component: Any) -> None:
    """Seen as a number and as an empty text."""
    assert names({"DisplayName": "7-Zip", "SystemComponent": component}) == ["7-Zip"]


def test_what_stands_in_both_views_is_one_program() -> None:
    """The 32-bit view often mirrors the other; another version is another program, told apart by its branch."""
    keys = {
        MACHINE: {},
        rf"{MACHINE}\a": {"DisplayName": "Java 8", "DisplayVersion": "8.1"},
        OLD: {},
        rf"{OLD}\a": {"DisplayName": "Java 8", "DisplayVersion": "8.1"},
        rf"{OLD}\b": {"DisplayName": "Zalo", "DisplayVersion": "24.1"},
        rf"{OLD}\c": {"DisplayName": "Zalo", "DisplayVersion": "23.9"},
        ENVIRONMENT: {"PROCESSOR_ARCHITECTURE": "AMD64"},
    }
    found = [(row["name"], row["architecture"], row["branch"]) for row in rows("software", pc(keys))]
    assert found == [("Java 8", "x64", None), ("Zalo", "x86", "24.1"), ("Zalo", "x86", "23.9")]


def test_people_s_own_programs_and_apps_are_told_without_the_person() -> None:
    """Two people with one program are one row; libraries and parts of Windows are no apps."""
    other = PERSON[:-1] + "2"
    zalo = {"DisplayName": "Zalo 24.1", "DisplayVersion": "24.1"}
    apps = rf"HKU\{PERSON}_Classes\{PACKAGES}"
    keys: dict[str, dict[str, Any]] = {
        MACHINE: {},
        rf"{OWN}\Zalo": zalo,
        rf"HKU\{other}\{UNINSTALL}\Zalo": zalo,
        rf"{apps}\Microsoft.WindowsCalculator_11.2405.2.0_x64__8wekyb3d8bbwe": {
            "DisplayName": "@{Microsoft.WindowsCalculator_11?ms-resource://x}",
            "PackageRootFolder": r"C:\Program Files\WindowsApps\x",
        },
        rf"{apps}\Microsoft.VCLibs.140.00_14.0.33519.0_x64__8wekyb3d8bbwe": {},
        rf"{apps}\Microsoft.WindowsCalculator_11.2405.2.0_neutral_split.scale-150_8wekyb3d8bbwe": {},
        rf"{apps}\Microsoft.LockApp_10.0.26100.1_neutral__cw5n1h2txyewy": {
            "PackageRootFolder": r"C:\Windows\SystemApps\x"
        },
        rf"{apps}\no package": {},
    }
    found = [(row["name"], row["source"], row["scope"], row["version"]) for row in rows("software", pc(keys))]
    assert found == [
        ("Zalo 24.1", "registry", "user", "24.1"),
        ("Microsoft.WindowsCalculator", "store", "user", "11.2405.2.0"),
    ]
    assert PERSON not in str(rows("software", pc(keys)))


def test_vietnamese_names_stay_right() -> None:
    """An export of Windows' own editor, in UTF-16; tones that stand apart are composed."""
    name = "Phần mềm Kế toán MISA"
    export = (
        "Windows Registry Editor Version 5.00\r\n\r\n"
        rf"[HKEY_LOCAL_MACHINE\{UNINSTALL}]" + "\r\n\r\n"
        rf"[HKEY_LOCAL_MACHINE\{UNINSTALL}\misa]" + "\r\n"
        f'"DisplayName"="{name}"\r\n\r\n'
    )
    assert [row["name"] for row in rows("software", dumps(Uninstall__reg=export.encode("utf-16")))] == [name]


def test_a_pc_without_the_list_fails() -> None:
    """Every Windows has one; a recording without it knows of no software."""
    assert "every Windows has one" in message("software", pc(absent=[rf"HKLM\{UNINSTALL}"]))
    assert "not in the recording" in message("software", pc())


def test_twenty_thousand_programs_need_little_memory() -> None:
    """A damaged or absurd list is still only a list."""
    keys: dict[str, dict[str, Any]] = {MACHINE: {}}
    keys |= {
        rf"{MACHINE}\{number}": {"DisplayName": f"Program {number}", "DisplayVersion": "1"} for number in range(20_000)
    }
    host = pc(keys)
    tracemalloc.start()
    found = rows("software", host)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found) == 20_000
    assert peak < 60 << 20


@needs_shared
@pytest.mark.parametrize("name", ["software/xp", "software/mssql"])
def test_real_lists_of_programs(name: str) -> None:
    """Of 534 subkeys of a Windows XP, 61 are what a person would list."""
    expected, host = real(name)
    wanted = {
        (one["name"], one["version"], one["publisher"], one["install_date"], one["windows_installer"])
        for one in expected["programs"]
        if one["category"] == "application"
    }
    found = rows("software", host)
    assert {
        (row["name"], row["version"], row["publisher"], row["installed_on"], row["source"] == "msi") for row in found
    } == wanted
    assert len(found) == expected["applications_count"]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("20170502", "2017-05-02"),
        ("2017-05-02", "2017-05-02"),
        ("1/15/2011", "2011-01-15"),
        ("15/01/2011", "2011-01-15"),
        ("05/05/2011", "2011-05-05"),
        ("3/4/2011", None),
        ("20111131", None),
        ("1511956800", None),
        ("", None),
    ],
)
def test_a_day_with_two_readings_is_null(text: str, day: str | None) -> None:
    """Installers write days in the order of whoever made them."""
    found = dates.day(text)
    assert (found.isoformat() if found else None) == day


@given(
    said=st.dictionaries(
        st.sampled_from(["DisplayName", "DisplayVersion", "InstallDate", "ReleaseType", "SystemComponent"]),
        st.text(max_size=20) | st.integers(0, 9),
    )
)
def test_odd_values_end_in_rows(said: dict[str, Any]) -> None:
    """A value of another type than usual is no value."""
    assert collect("software", pc({MACHINE: {}, rf"{MACHINE}\x": said})).rows is not None
