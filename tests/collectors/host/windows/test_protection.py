"""Firewall, malware, accounts and settings: by codes and numbers, never by words; made by hand but for three."""

from typing import Any

import pytest

from collectors.host.firewall import LOCAL, POLICY
from collectors.host.setting import WINDOWS_SETTINGS
from tests.collectors.host.windows_pcs import PERSON, SERVICES, collect, message, pc, real, rows, services
from tests.shared import needs_shared

CONTROL = r"HKLM\SYSTEM\CurrentControlSet\Control"
CURRENT = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion"
TERMINAL = rf"{CONTROL}\Terminal Server"
OTHER_ON, OTHER_OFF = "266240", "262144"


def profiles(domain: int, private: int, public: int) -> list[dict[str, Any]]:
    """Return the instances of MSFT_NetFirewallProfile."""
    return [
        {"Name": name, "Enabled": str(enabled)}
        for name, enabled in (("Domain", domain), ("Private", private), ("Public", public))
    ]


def firewall(
    wmi: dict[str, Any] | None = None, registry: Any = None, **said: Any
) -> dict[str, tuple[bool | None, str]]:
    """Return what is said of each profile."""
    found = rows("firewall", pc(registry, wmi, **said))
    return {row["profile"]: (row["enabled"], row["product"]) for row in found}


@needs_shared
def test_a_real_firewall_that_is_off() -> None:
    """By the registry, which calls the private profile the standard one."""
    expected, host = real("firewall/7_firewall")
    assert {row["profile"]: row["enabled"] for row in rows("firewall", host)} == {
        name: one["enabled"] for name, one in expected["profiles"].items()
    }


def test_the_class_counts_more_than_the_registry_and_a_policy_more_than_both() -> None:
    """The registry holds what was set here; a group policy overrules it."""
    local = {rf"{LOCAL}\{name}Profile": {"EnableFirewall": 1} for name in ("Domain", "Standard", "Public")}
    policy = {rf"{POLICY}\PublicProfile": {"EnableFirewall": 0}}
    found = firewall({"MSFT_NetFirewallProfile": profiles(1, 0, 1)}, local | policy)
    assert found == {
        "domain": (True, "Windows Firewall"),
        "private": (False, "Windows Firewall"),
        "public": (False, "Windows Firewall"),
    }
    assert firewall({"MSFT_NetFirewallProfile": profiles(2, 2, 2)}, local)["domain"] == (True, "Windows Firewall")


def test_a_stopped_service_makes_settings_void() -> None:
    """Settings on disk prove nothing."""
    on = {"MSFT_NetFirewallProfile": profiles(1, 1, 1)}
    assert {one for one, _ in firewall(on, services(MpsSvc=4)).values()} == {False}
    stopped = {"Win32_Service": [{"Name": "MpsSvc", "State": "Stopped"}, {"Name": "Spooler", "State": "Running"}]}
    assert {one for one, _ in firewall(on | stopped).values()} == {False}
    running = {"Win32_Service": [{"Name": "mpssvc", "State": "Running"}]}
    assert {one for one, _ in firewall(on | running, services(MpsSvc=2)).values()} == {True}


def test_another_firewall_that_is_on_guards_every_profile() -> None:
    """It has taken the place of Windows' own; one that is off guards none."""
    off = {"MSFT_NetFirewallProfile": profiles(0, 0, 0)}
    other = {"displayName": "Kaspersky", "productState": OTHER_ON, "instanceGuid": "{A}"}
    assert set(firewall(off | {"FirewallProduct": [other]}).values()) == {(True, "Kaspersky")}
    other = other | {"productState": OTHER_OFF}
    assert set(firewall(off | {"FirewallProduct": [other]}).values()) == {(False, "Windows Firewall")}


def test_a_profile_that_nobody_tells_of_is_unknown() -> None:
    """One profile of three is not all; none at all is a failure."""
    found = firewall(registry={rf"{LOCAL}\PublicProfile": {"EnableFirewall": 1}})
    assert {name: enabled for name, (enabled, _) in found.items()} == {"domain": None, "private": None, "public": True}
    assert "neither" in message("firewall", pc())


def detection(threat: int, code: int, at: str = "20260301010000.000000+000") -> dict[str, Any]:
    """Return an instance of MSFT_MpThreatDetection, with the paths that must not be read."""
    return {
        "ThreatID": str(threat),
        "ThreatStatusID": str(code),
        "InitialDetectionTime": at,
        "Resources": [r"file:_C:\Users\nguyenvana\x.exe"],
    }


THREATS = [{"ThreatID": "1", "ThreatName": "HackTool:Win32/AutoKMS", "SeverityID": "4"}]
WATCHES = [{"RealTimeProtectionEnabled": "TRUE"}]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (1, "active"), (2, "removed"), (3, "quarantined"), (4, "removed"), (5, "active"), (6, "removed"),
        (102, "active"), (103, "active"), (105, "active"), (0, "unknown"), (77, "unknown"),
    ],
)  # fmt: skip
def test_what_became_of_a_detection(code: int, status: str) -> None:
    """Allowed by somebody lies where it was; a code that nobody knows is unknown. No path is in any row."""
    host = pc(wmi={"MSFT_MpThreatDetection": [detection(1, code)], "MSFT_MpThreat": THREATS})
    assert rows("malware", host) == [
        {
            "threat": "HackTool:Win32/AutoKMS",
            "severity": "high",
            "status": status,
            "detected_at": "2026-03-01T01:00:00Z",
        }
    ]


def test_old_detections_that_are_dealt_with_are_left_out() -> None:
    """An active one stays, however old."""
    old = "20250101010000.000000+000"
    found = [detection(1, 4, old), detection(1, 1, old)]
    host = pc(wmi={"MSFT_MpThreatDetection": found, "MSFT_MpThreat": THREATS, "MSFT_MpComputerStatus": WATCHES})
    assert [row["status"] for row in rows("malware", host)] == ["active"]


def test_no_detection_takes_somebody_who_looked() -> None:
    """A Defender that watches or scanned lately; beside another product it finds nothing because it does not look."""
    none: dict[str, Any] = {"MSFT_MpThreatDetection": []}
    assert rows("malware", pc(wmi=none | {"MSFT_MpComputerStatus": WATCHES})) == []
    scanned = [{"RealTimeProtectionEnabled": "FALSE", "QuickScanEndTime": "20260220010000.000000+000"}]
    assert rows("malware", pc(wmi=none | {"MSFT_MpComputerStatus": scanned})) == []
    idle = [{"RealTimeProtectionEnabled": "FALSE", "QuickScanEndTime": "16010101000000.000000+000"}]
    assert "doesn't watch" in message("malware", pc(wmi=none | {"MSFT_MpComputerStatus": idle}))
    assert "no Defender" in message("malware", pc(absent=["MSFT_MpThreatDetection"]))


@needs_shared
@pytest.mark.parametrize("name", ["users/10-StandAlone", "users/7-AD"])
def test_real_accounts(name: str) -> None:
    """Known by the last part of the SID, for names are in any language; no name leaves the PC."""
    expected, host = real(name)
    (row,) = rows("account_summary", host)
    assert row["guest_enabled"] is expected["guest_enabled"]
    assert row["enabled_accounts"] == sum(one["enabled"] for one in expected["local_accounts"])
    assert row["administrators"] is None
    (guest,) = (one for one in rows("setting", host) if one["name"] == "guest_account")
    assert guest["state"] == "disabled"


def test_accounts_are_counted() -> None:
    """Disabled members of the administrators' group can do nothing; where the group was not read nobody knows."""
    accounts = [[500, False, True], [501, True, False], [1001, True, True], [1002, True, False]]
    session = {"idle_seconds": 5, "is_locked": False, "is_administrator": False}
    assert rows("account_summary", pc(accounts=accounts, session=session)) == [
        {
            "administrators": 1,
            "enabled_accounts": 3,
            "guest_enabled": True,
            "signed_in_is_administrator": False,
        }
    ]
    (row,) = rows("account_summary", pc(accounts=[[1001, True, None]], session=None))
    assert (row["administrators"], row["signed_in_is_administrator"]) == (None, None)


def setting(name: str, registry: Any = None, wmi: Any = None, **said: Any) -> tuple[str | None, str | None]:
    """Return state and value of one setting."""
    (row,) = (one for one in rows("setting", pc(registry, wmi, **said)) if one["name"] == name)
    return row["state"], row["value"]


def lanman(value: int | None = None, **drivers: int) -> dict[str, Any]:
    """Return a PC's server of files, and the drivers of SMB 1 that it has."""
    parameters = {} if value is None else {"SMB1": value}
    return {**services(LanmanServer=2, **drivers), rf"{SERVICES}\LanmanServer\Parameters": parameters}


@pytest.mark.parametrize(
    ("keys", "seen"),
    [
        (lanman(), ("disabled", None)),
        (lanman(srv=3, mrxsmb10=2), ("enabled", "server, client")),
        (lanman(0, srv=3, mrxsmb10=4), ("disabled", None)),
        (lanman(0, srv=3, mrxsmb10=2), ("enabled", "client")),
        (lanman(1, srv=3), ("enabled", "server")),
        ({rf"{SERVICES}\LanmanServer\Parameters": {"SMB1": 1}}, ("enabled", "server")),
        ({rf"{SERVICES}\LanmanServer\Parameters": {"SMB1": 0}}, ("disabled", None)),
        ({}, (None, None)),
    ],
)
def test_smb_1(keys: Any, seen: tuple[str | None, str | None]) -> None:
    """Old Windows serves it unless told not to; new ones lack its drivers. What was not exported is unknown."""
    assert setting("smb1", keys) == seen


@pytest.mark.parametrize(
    ("keys", "state"),
    [
        ({TERMINAL: {"fDenyTSConnections": 1}}, "disabled"),
        ({TERMINAL: {"fDenyTSConnections": 0}}, "enabled"),
        ({TERMINAL: {"fDenyTSConnections": 0}, **services(TermService=4)}, "disabled"),
        (
            {
                TERMINAL: {"fDenyTSConnections": 0},
                r"HKLM\SOFTWARE\Policies\Microsoft\Windows NT\Terminal Services": {"fDenyTSConnections": 1},
            },
            "disabled",
        ),
        ({TERMINAL: {}}, None),
        ({}, None),
    ],
)
def test_remote_desktop(keys: Any, state: str | None) -> None:
    """The policy counts before the PC's own setting."""
    assert setting("remote_desktop", keys)[0] == state


def test_remote_desktop_asks_first() -> None:
    """Network level authentication."""
    place = rf"{TERMINAL}\WinStations\RDP-Tcp"
    assert setting("remote_desktop_nla", {place: {"UserAuthentication": 1}})[0] == "enabled"
    assert setting("remote_desktop_nla", {place: {"UserAuthentication": 0}})[0] == "disabled"


@pytest.mark.parametrize(
    ("keys", "seen"),
    [
        ({rf"{CURRENT}\Policies\Explorer": {"NoDriveTypeAutoRun": 255}}, ("disabled", "0xFF")),
        ({rf"{CURRENT}\Policies\Explorer": {"NoDriveTypeAutoRun": 145}}, ("enabled", "0x91")),
        ({rf"{CURRENT}\Policies\Explorer": {}}, ("enabled", None)),
        (
            {
                rf"{CURRENT}\Policies\Explorer": {},
                rf"HKU\{PERSON}\SOFTWARE\Microsoft\Windows\CurrentVersion\Explorer\AutoplayHandlers": {
                    "DisableAutoplay": 1
                },
            },
            ("disabled", "each person"),
        ),
        ({}, (None, None)),
    ],
)
def test_autoplay(keys: Any, seen: tuple[str | None, str | None]) -> None:
    """Off where sticks and discs start nothing; on by default."""
    assert setting("autoplay", keys) == seen


SAVER = {
    "ScreenSaveActive": "1",
    "ScreenSaverIsSecure": "1",
    "ScreenSaveTimeOut": "600",
    "SCRNSAVE.EXE": "scrnsave.scr",
}


@pytest.mark.parametrize(
    ("keys", "seen"),
    [
        ({rf"{CURRENT}\Policies\System": {"InactivityTimeoutSecs": 900}}, ("enabled", "900")),
        ({rf"HKU\{PERSON}\Control Panel\Desktop": SAVER}, ("enabled", "600")),
        ({rf"HKU\{PERSON}\Control Panel\Desktop": SAVER | {"ScreenSaverIsSecure": "0"}}, ("disabled", None)),
        ({rf"HKU\{PERSON}\Control Panel\Desktop": {"ScreenSaveActive": "1"}}, ("disabled", None)),
        ({rf"{CURRENT}\Policies\System": {}}, (None, None)),
    ],
)
def test_the_screen_locks(keys: Any, seen: tuple[str | None, str | None]) -> None:
    """In seconds, as on Linux: by the PC's own limit, else by the screen saver of whoever is signed in."""
    assert setting("screen_lock", keys) == seen


def test_the_other_settings() -> None:
    """Each where Windows keeps it."""
    keys: dict[str, dict[str, Any]] = {
        rf"{CURRENT}\Policies\System": {"EnableLUA": 1, "ConsentPromptBehaviorAdmin": 5},
        rf"{CONTROL}\SecureBoot\State": {"UEFISecureBootEnabled": 1},
        r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon": {"AutoAdminLogon": "1", "DefaultUserName": "hs"},
        **services(W32Time=3),
        rf"{SERVICES}\W32Time\Parameters": {"Type": "NTP", "NtpServer": "time.windows.com,0x9"},
    }
    wmi = {
        "Win32_Tpm": [{"IsEnabled_InitialValue": "TRUE", "SpecVersion": "2.0, 0, 1.59"}],
        "MSFT_MpComputerStatus": [{"IsTamperProtected": "TRUE"}],
    }
    found = {row["name"]: (row["state"], row["value"]) for row in rows("setting", pc(keys, wmi))}
    assert found["uac"] == ("enabled", "5")
    assert found["secure_boot"] == ("enabled", "efi")
    assert found["automatic_login"] == ("enabled", None)
    assert found["time_sync"] == ("enabled", "NTP")
    assert found["tpm"] == ("enabled", "2.0")
    assert found["tamper_protection"] == ("enabled", None)
    assert "hs" not in str(found)


@pytest.mark.parametrize(
    ("keys", "seen"),
    [
        ({**services(W32Time=4), rf"{SERVICES}\W32Time\Parameters": {"Type": "NTP"}}, ("disabled", "NTP")),
        ({**services(W32Time=3), rf"{SERVICES}\W32Time\Parameters": {"Type": "NoSync"}}, ("disabled", "NoSync")),
    ],
)
def test_a_clock_that_nobody_sets(keys: Any, seen: tuple[str, str]) -> None:
    """A service that may not start sets no clock."""
    assert setting("time_sync", keys) == seen


def test_a_bios_has_no_secure_boot() -> None:
    """It is off, not unknown."""
    assert setting("secure_boot", {CONTROL: {"PEFirmwareType": 1}}) == ("disabled", "bios")


def test_what_may_not_be_read_is_null_and_leaves_the_others() -> None:
    """One denied class is one unknown setting."""
    found = rows("setting", pc(lanman(), denied=["Win32_Tpm"]))
    assert {row["name"] for row in found} == set(WINDOWS_SETTINGS)
    assert setting("tpm", lanman(), denied=["Win32_Tpm"]) == (None, None)
    assert setting("tpm", lanman(), {"Win32_Tpm": []}) == ("disabled", None)


def test_ports_that_windows_picks_are_left_out() -> None:
    """They are the sending ends of clients."""
    sockets = [["tcp", "::", 445, "System"], ["udp", "::", 5353, "svchost.exe"], ["udp", "::", 60123, "x"]]
    assert [row["port"] for row in rows("listening_port", pc(listening=sockets))] == [445, 5353]


def test_hours_of_use() -> None:
    """Whole hours of a lab's PC in which somebody was signed in; a start shows that an end was lost."""
    events = [
        ["2026-03-02T00:30:00Z", "sign_in"],
        ["2026-03-02T01:15:00Z", "sign_out"],
        ["2026-03-02T01:30:00Z", "sign_in"],
        ["2026-03-02T01:40:00Z", "sign_in"],
        ["2026-03-02T02:10:00Z", "start"],
        ["2026-03-02T02:20:00Z", "sign_in"],
    ]
    logon = {r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon": {"AutoAdminLogon": "0"}}
    found = rows("usage", pc(logon, session_events=events, is_lab=True))
    assert [(row["hour"], row["active_seconds"]) for row in found] == [
        ("2026-03-02T00:00:00Z", 1800),
        ("2026-03-02T01:00:00Z", 900 + 600),
        ("2026-03-02T02:00:00Z", 2400),
    ]
    assert collect("usage", pc(logon, session_events=events)).outcome.value == "not_here"
    itself = {r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon": {"AutoAdminLogon": "1"}}
    assert "signs in by itself" in message("usage", pc(itself, session_events=events, is_lab=True))
