"""Antivirus on Windows: several sources read together, of machines made by hand since no real one was recorded."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.host.antivirus import DEFENDER_ID, DEFENDER_NAME
from tests.collectors.host.windows_pcs import collect, message, pc, rows, services

ON, OFF, OLD = "397568", "393472", "397584"
OTHER_ON, OTHER_OFF, OTHER_OLD, SNOOZED, EXPIRED = "266240", "262144", "266256", "270336", "274432"
KASPERSKY = "Kaspersky Endpoint Security for Windows"
SERVER = {"Win32_OperatingSystem": [{"ProductType": "3"}]}


def entry(name: str, state: str | None, at: str = "Mon, 02 Mar 2026 01:15:00 GMT", **said: Any) -> dict[str, Any]:
    """Return an entry of Security Center."""
    return {"displayName": name, "productState": state, "timestamp": at, "instanceGuid": "{A1}", **said}


def defender(state: str = ON) -> dict[str, Any]:
    """Return Defender's own entry."""
    return entry("Windows Defender", state, instanceGuid=f"{{{DEFENDER_ID.upper()}}}")


def status(mode: str | None = "Normal", *, watches: bool = True, **said: Any) -> dict[str, Any]:
    """Return what Defender says of itself."""
    usual = {
        "AMRunningMode": mode,
        "AMServiceEnabled": "TRUE",
        "AMProductVersion": "4.18.26010.5",
        "AntivirusEnabled": "TRUE",
        "RealTimeProtectionEnabled": str(watches).upper(),
        "AntivirusSignatureVersion": "1.445.110.0",
        "AntivirusSignatureLastUpdated": "20260301203000.000000+000",
        "DefenderSignaturesOutOfDate": "FALSE",
    }
    return usual | said


def products(*entries: dict[str, Any], own: Any = None, **said: Any) -> dict[str, str | None]:
    """Return each product's protection on a PC with these entries, and Defender's own word where it has one."""
    return {row["name"]: row["protection"] for row in rows("antivirus", seen(*entries, own=own, **said))}


def seen(*entries: dict[str, Any], own: Any = None, **said: Any) -> Any:
    """Return such a PC."""
    wmi = {"AntiVirusProduct": list(entries)} | ({} if own is None else {"MSFT_MpComputerStatus": [own]})
    absent = ["MSFT_MpComputerStatus"] if own is None else []
    return pc(said.pop("registry", None), wmi, **{"absent": absent, **said})


@pytest.mark.parametrize(
    ("state", "protection", "up_to_date"),
    [
        (OTHER_ON, "enabled", True),
        (OTHER_OLD, "enabled", False),
        (OTHER_OFF, "disabled", True),
        (SNOOZED, "snoozed", True),
        (EXPIRED, "expired", True),
        ("282624", None, True),
        ("266272", "enabled", None),
        (None, None, None),
    ],
)
def test_the_word_of_security_center(state: str | None, protection: str | None, up_to_date: bool | None) -> None:
    """Bits 12 to 15 are the state, 4 to 7 the signatures; what nobody has seen is null, and the raw word is kept."""
    (row,) = rows("antivirus", seen(entry("Bkav Pro", state)))
    assert (row["protection"], row["up_to_date"]) == (protection, up_to_date)
    assert row["product_state"] == (None if state is None else int(state))


def test_defender_alone_and_on() -> None:
    """Its own word gives what Security Center lacks: the age and version of the signatures."""
    (row,) = rows("antivirus", seen(defender(), own=status()))
    assert row == {
        "name": DEFENDER_NAME,
        "protection": "enabled",
        "up_to_date": True,
        "signatures_at": "2026-03-01T20:30:00Z",
        "signatures_version": "1.445.110.0",
        "version": "4.18.26010.5",
        "licence_expires_at": None,
        "product_state": 397568,
    }


@pytest.mark.parametrize(
    ("own", "protection"),
    [
        (status(watches=False), "disabled"),
        (status(AMServiceEnabled="FALSE"), "disabled"),
        (status(AntivirusEnabled="FALSE"), "disabled"),
        (status("Not running"), "disabled"),
        (status("Passive Mode", watches=False), "passive"),
        (status("SxS Passive Mode"), "passive"),
        (status("EDR Block Mode", watches=False), "passive"),
        (status(None), "enabled"),
        (status(None, RealTimeProtectionEnabled=None), "enabled"),
    ],
)
def test_defender_s_own_word_counts(own: dict[str, Any], protection: str) -> None:
    """Security Center remembers it as on; where it says nothing of itself, that is all there is."""
    assert products(defender(), own=own) == {DEFENDER_NAME: protection}


def test_a_passive_defender_beside_kaspersky() -> None:
    """It has stepped back: both are told, and rules ask the one that is on."""
    found = products(defender(OFF), entry(KASPERSKY, OTHER_ON), own=status("Passive Mode", watches=False))
    assert found == {DEFENDER_NAME: "passive", KASPERSKY: "enabled"}


def test_a_provider_s_error_is_unknown_and_never_off() -> None:
    """Defender's provider fails with its service: registered as on it may be either, registered as off it is off."""
    assert products(defender(), denied=["MSFT_MpComputerStatus"]) == {DEFENDER_NAME: None}
    assert products(defender(OFF), entry(KASPERSKY, OTHER_ON), denied=["MSFT_MpComputerStatus"]) == {
        DEFENDER_NAME: "disabled",
        KASPERSKY: "enabled",
    }


def test_the_newer_of_two_entries_counts() -> None:
    """An update registers a product anew; the old entry may say on for ever."""
    old, new = "Mon, 05 Jan 2026 01:15:00 GMT", "Mon, 02 Mar 2026 01:15:00 GMT"
    assert products(entry(KASPERSKY, OTHER_ON, old), entry(KASPERSKY, EXPIRED, new)) == {KASPERSKY: "expired"}
    assert products(entry(KASPERSKY, OTHER_ON, new), entry(KASPERSKY, OTHER_OFF, old)) == {KASPERSKY: "enabled"}
    assert products(entry(KASPERSKY, OTHER_OFF, "?"), entry(KASPERSKY, OTHER_ON, "?")) == {KASPERSKY: "enabled"}


def test_an_entry_whose_program_is_gone_is_left_out() -> None:
    """Uninstalling does not always take the entry away; one that says to be on is unknown."""
    here, gone = r"%ProgramFiles%\A\a.exe", r"C:\Program Files\B\b.exe"
    entries = entry("A", OTHER_ON, pathToSignedProductExe=here), entry("B", OTHER_OFF, pathToSignedProductExe=gone)
    files = {r"C:\Program Files\A\a.exe": ""}
    assert products(*entries, files=files) == {"A": "enabled"}
    assert products(*entries) == {"A": "enabled", "B": "disabled"}
    assert products(entries[1] | {"productState": OTHER_ON}, files=files) == {"B": None}


def test_a_product_whose_service_may_not_start_is_off() -> None:
    """Whatever Security Center remembers; a service of unknown name decides nothing."""
    assert products(entry(KASPERSKY, OTHER_ON), registry=services(AVP=4)) == {KASPERSKY: "disabled"}
    assert products(entry(KASPERSKY, OTHER_ON), registry=services(AVP=2, AVPSUS=4)) == {KASPERSKY: "enabled"}
    assert products(entry(KASPERSKY, OTHER_ON), registry=services(Spooler=4)) == {KASPERSKY: "enabled"}


def test_what_kaspersky_keeps() -> None:
    """The last update and the days of its licence are in its own key, of 32-bit programs."""
    place = r"HKLM\SOFTWARE\WOW6432Node\KasperskyLab\protected\KES"
    keys: dict[str, dict[str, Any]] = {
        rf"{place}\Data": {"LastSuccessfulUpdate": 1772400000, "LicKeyType": 1, "LicDaysTillExpiration": 20},
        rf"{place}\environment": {"ProductVersion": "12.8.0.505"},
    }
    (row,) = rows("antivirus", seen(entry(KASPERSKY, OTHER_ON), registry=keys))
    assert row["signatures_at"] == "2026-03-01T21:20:00Z"
    assert (row["version"], row["licence_expires_at"]) == ("12.8.0.505", "2026-03-22T00:00:00Z")
    keys[rf"{place}\Data"] |= {"LicDaysTillExpiration": 4294967295, "LastSuccessfulUpdate": 4294967295}
    (row,) = rows("antivirus", seen(entry(KASPERSKY, OTHER_ON), registry=keys))
    assert (row["signatures_at"], row["licence_expires_at"]) == (None, None)


def test_what_eset_keeps() -> None:
    """The scanner's version holds its day; the licence is a file."""
    keys = {
        r"HKLM\SOFTWARE\ESET\ESET Security\CurrentVersion\Info": {
            "ProductVersion": "17.0.16.0",
            "ScannerVersion": "28956 (20260301)",
        }
    }
    licence = r"C:\ProgramData\ESET\ESET Security\License\license.lf"
    host = seen(
        entry("ESET Security", OTHER_ON),
        registry=keys,
        files={licence: '<ACTIVE_PRODUCT_LICENSE EXPIRATION_DATE="2026-09-01T12:00:00Z"/>'},
    )
    (row,) = rows("antivirus", host)
    assert (row["signatures_at"], row["signatures_version"]) == ("2026-03-01T00:00:00Z", "28956")
    assert (row["version"], row["licence_expires_at"]) == ("17.0.16.0", "2026-09-01T00:00:00Z")


def test_a_client_without_security_center_is_unknown() -> None:
    """It would look like a PC without antivirus; so would one whose Security Center is switched off."""
    assert "missing or broken" in message("antivirus", pc(absent=["AntiVirusProduct"]))
    assert "switched off" in message("antivirus", seen(registry=services(wscsvc=4)))
    assert rows("antivirus", seen(registry=services(wscsvc=2))) == []


def test_security_center_that_may_not_be_asked_is_unknown() -> None:
    """No row would mean that nothing is installed."""
    assert "AntiVirusProduct" in message("antivirus", pc(denied=["AntiVirusProduct"]))


def test_windows_server_has_no_security_center() -> None:
    """There Defender tells of itself, other products are seen by their services, and nothing at all is by design."""
    host = pc(services(ekrn=2), SERVER | {"MSFT_MpComputerStatus": [status()]}, absent=["AntiVirusProduct"])
    assert {row["name"]: row["protection"] for row in rows("antivirus", host)} == {
        DEFENDER_NAME: "enabled",
        "ESET": None,
    }
    nothing = pc(services(Spooler=2), SERVER, absent=["AntiVirusProduct", "MSFT_MpComputerStatus"])
    assert collect("antivirus", nothing).outcome.value == "not_here"


@given(
    name=st.text(max_size=12),
    state=st.none() | st.integers() | st.text(max_size=12),
    at=st.text(max_size=32),
    program=st.none() | st.text(max_size=30),
)
def test_odd_entries_end_in_rows(name: str, state: Any, at: str, program: str | None) -> None:
    """Whatever a product registers, it has a row or none, and nothing breaks."""
    found = collect("antivirus", seen(entry(name, state, at, pathToSignedProductExe=program), files={}))
    assert found.rows is not None, found.message
