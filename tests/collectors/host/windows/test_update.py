"""Updates of Windows: the list with days of one reading, and the state by whatever this Windows keeps."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.host.update_state import AUTO_UPDATE, CURRENT_VERSION, POLICY, SERVICING, SESSION_MANAGER
from collectors.sources import dates
from tests.collectors.host.windows_pcs import collect, message, pc, real, rows, services
from tests.shared import needs_shared

WINDOWS_11 = {CURRENT_VERSION: {"CurrentBuildNumber": "26100"}}
WINDOWS_7 = {CURRENT_VERSION: {"CurrentBuildNumber": "7601"}}
_SCAN = rf"{AUTO_UPDATE}\LastOnlineScanTimeForAppCategory"


def fix(name: str, day: str | None = "2/11/2026", what: str = "Security Update") -> dict[str, Any]:
    """Return a row of Win32_QuickFixEngineering."""
    return {"HotFixID": name, "Description": what, "InstalledOn": day}


def state(registry: Any = None, *fixes: dict[str, Any], **said: Any) -> dict[str, Any]:
    """Return the state of a PC with these keys and updates."""
    (row,) = rows(
        "update_state", pc({**WINDOWS_11, **(registry or {})}, {"Win32_QuickFixEngineering": list(fixes)}, **said)
    )
    return row


@needs_shared
def test_a_real_list_of_updates() -> None:
    """Rows called "File 1" are files of updates, not updates."""
    expected, host = real("hotfixes/xp")
    found = [(row["id"], row["title"], row["installed_on"]) for row in rows("update", host)]
    assert sorted(found) == sorted((one["id"], one["description"], one["installed_on"]) for one in expected["hotfixes"])
    assert {row["security"] for row in rows("update", host)} == {True}


@pytest.mark.parametrize(
    ("texts", "days"),
    [
        (["2/11/2026"], ["2026-02-11"]),
        (["1/15/2011", "3/4/2011"], ["2011-01-15", "2011-03-04"]),
        (["15/1/2011", "3/4/2011", "5/5/2011"], ["2011-01-15", None, "2011-05-05"]),
        (["20110115", "01CBB47C5C7F8000", None, "yesterday"], ["2011-01-15", "2011-01-15", None, None]),
        (["13/13/2011"], [None]),
    ],
)
def test_the_order_of_days_is_the_provider_s(texts: list[str | None], days: list[str | None]) -> None:
    """Month first since Windows 7, in every language; a PC of which one row contradicts tells only what is clear."""
    assert [found.isoformat() if found else None for found in dates.update_days(texts)] == days


@given(st.lists(st.none() | st.text(max_size=20), max_size=6))
def test_any_texts_are_days_or_not(texts: list[str | None]) -> None:
    """One answer for each text."""
    assert len(dates.update_days(texts)) == len(texts)


def test_an_update_that_is_not_called_one_of_security_may_be() -> None:
    """So that is null, and never false."""
    host = pc(wmi={"Win32_QuickFixEngineering": [fix("KB5034441"), fix("KB5035000", what="Update"), fix("KB5034441")]})
    assert [(row["id"], row["security"]) for row in rows("update", host)] == [("KB5035000", None), ("KB5034441", True)]


def test_the_newest_updates_make_the_state() -> None:
    """A day without a time is its midnight: early rather than late."""
    found = state(None, fix("KB1000001", "1/14/2026"), fix("KB1000002", "2/11/2026", "Update"), fix("KB1000003", None))
    assert found["last_installed_at"] == "2026-02-11T00:00:00Z"
    assert found["last_security_update_at"] == "2026-01-14T00:00:00Z"


def test_the_agent_s_word_comes_first() -> None:
    """It is asked by COM; the keys of older Windows and the scans of Windows 11 stand in for it."""
    times = {"searched_at": "2026-03-01T20:00:00Z", "installed_at": "2026-02-12T02:00:00Z"}
    found = state(None, fix("KB1000001", "2/11/2026"), update_times=times)
    assert (found["last_searched_at"], found["last_installed_at"]) == ("2026-03-01T20:00:00Z", "2026-02-12T02:00:00Z")
    results = {rf"{AUTO_UPDATE}\Results\Detect": {"LastSuccessTime": "2026-02-28 11:22:33"}}
    assert state(results)["last_searched_at"] == "2026-02-28T11:22:33Z"
    scans = {
        rf"{_SCAN}\8B24B027-1DEE-BABB-9A95-3517DFB9C552": {"a": "2026-02-20 01:02:03"},
        rf"{_SCAN}\855E8A7C-ECB4-4CA3-B045-1DFA50104289": {"b": "2026-03-01 01:02:03"},
    }
    assert state(scans)["last_searched_at"] == "2026-02-20T01:02:03Z"


def test_a_restart_waits_since_its_mark_was_set() -> None:
    """Windows Update and the servicing stack each leave a key; when it was written tells since when."""
    marks: dict[str, dict[str, Any]] = {AUTO_UPDATE: {}, rf"{AUTO_UPDATE}\RebootRequired": {}}
    at = {rf"{AUTO_UPDATE}\RebootRequired": "2026-02-27T01:00:00Z"}
    found = state(marks, written_at=at)
    assert (found["restart_pending"], found["restart_pending_since"]) == (True, "2026-02-27T01:00:00Z")
    assert state({SERVICING: {}, rf"{SERVICING}\RebootPending": {}})["restart_pending"] is True
    assert state({AUTO_UPDATE: {}, SERVICING: {}})["restart_pending"] is False
    assert state(None, fix("KB1000001"))["restart_pending"] is None


@pytest.mark.parametrize(
    ("renamed", "waits"),
    [
        ([r"\??\C:\Windows\System32\a.tmp", r"!\??\C:\Windows\System32\a.dll"], True),
        ([r"\??\C:\ProgramData\b.tmp", ""], False),
        ([r"\??\C:\Windows\Temp\c.tmp", r"!\??\C:\Windows\Temp\c"], False),
        ([r"\??\C:\Program Files\x.tmp", r"!\??\C:\Program Files\x.exe"], False),
    ],
)
def test_files_that_wait_to_be_renamed(renamed: list[str], waits: bool) -> None:
    """Only what takes the place of a file of Windows is an update that waits; programs leave files there too."""
    found = state({AUTO_UPDATE: {}, SESSION_MANAGER: {"PendingFileRenameOperations": renamed}})
    assert found["restart_pending"] is waits


@pytest.mark.parametrize(
    ("keys", "enabled"),
    [
        (services(wuauserv=3, UsoSvc=2), True),
        (services(wuauserv=4, UsoSvc=2), False),
        (services(wuauserv=3, UsoSvc=4), False),
        ({**services(wuauserv=3, UsoSvc=2), POLICY: {"NoAutoUpdate": 1}}, False),
        ({**services(wuauserv=3, UsoSvc=2), POLICY: {"AUOptions": 2}}, False),
        ({**services(wuauserv=3, UsoSvc=2), POLICY: {"AUOptions": 4}}, True),
        ({**WINDOWS_7, **services(wuauserv=2), AUTO_UPDATE: {"AUOptions": 1}}, False),
        ({**WINDOWS_7, **services(wuauserv=2), AUTO_UPDATE: {"AUOptions": 4}}, True),
        ({**WINDOWS_7, **services(wuauserv=2)}, None),
        ({}, None),
    ],
)
def test_whether_updates_install_by_themselves(keys: Any, enabled: bool | None) -> None:
    """The services may start, and neither policy nor setting forbids it; older Windows must have been told to."""
    assert state(keys, fix("KB1000001"))["service_enabled"] is enabled


def test_a_pc_that_tells_nothing_fails() -> None:
    """Neither keys nor list: no state."""
    assert "can be read" in message("update_state", pc())
    assert "Win32_QuickFixEngineering" in message("update", pc(denied=["Win32_QuickFixEngineering"]))
    assert collect("update", pc(wmi={"Win32_QuickFixEngineering": []})).rows == []
