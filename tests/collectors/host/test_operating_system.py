"""The operating system, by the version that its support goes by."""

from typing import Any

import pytest

from tests.collectors.host import windows_pcs
from tests.collectors.host.machines import machine, message, rows

KERNEL = {
    "/proc/sys/kernel/osrelease": "6.1.0-42-amd64\n",
    "/proc/sys/kernel/arch": "x86_64\n",
    "/proc/stat": "btime 1772409600\n",
}


@pytest.mark.parametrize(
    ("release", "debian_version", "version", "point_release"),
    [
        ('ID=debian\nVERSION_ID="12"\n', "12.13\n", "12", "12.13"),
        ('ID=debian\nVERSION_ID="12"\n', "", "12", None),
        ("ID=debian\n", "forky/sid\n", None, None),
        ('ID=ubuntu\nVERSION_ID="24.04"\nVERSION="24.04.3 LTS (Noble Numbat)"\n', "trixie/sid", "24.04", "24.04.3"),
        ('ID=ubuntu\nVERSION_ID="25.10"\nVERSION="25.10 (Questing Quokka)"\n', "forky/sid", "25.10", None),
        ("ID=fedora\nVERSION_ID=41\nVERSION='41 (Workstation Edition)'\n", "", "41", None),
    ],
)
def test_support_goes_by_the_version_not_by_the_point_release(
    release: str, debian_version: str, version: str | None, point_release: str | None
) -> None:
    """Debian 12.13 is supported as Debian 12; Ubuntu's own version stands before Debian's in its files."""
    (row,) = rows(
        "operating_system", machine({**KERNEL, "/etc/os-release": release, "/etc/debian_version": debian_version})
    )
    assert (row["version"], row["point_release"]) == (version, point_release)


def test_older_kernels_tell_the_architecture_by_uname() -> None:
    """/proc/sys/kernel/arch is there since Linux 6.1 only: Debian 11 and Ubuntu 22.04 lack it."""
    files = {path: text for path, text in KERNEL.items() if not path.endswith("arch")} | {
        "/etc/os-release": "ID=debian\n"
    }
    programs = {"uname -m": {"status": 0, "output": "aarch64\n"}}
    assert rows("operating_system", machine(files, programs=programs))[0]["architecture"] == "aarch64"
    assert "uname" in message("operating_system", machine(files))


def test_the_time_of_installation_is_the_installers_or_unknown() -> None:
    """The age of other files is that of an image as often as not."""
    files = {**KERNEL, "/etc/os-release": "ID=debian\n", "/etc/machine-id": "0"}
    assert rows("operating_system", machine(files))[0]["installed_at"] is None
    times = {"/var/log/installer/media-info": "2025-07-01T03:00:00Z"}
    assert rows("operating_system", machine(files, modified_at=times))[0]["installed_at"] == "2025-07-01T03:00:00Z"


@pytest.mark.parametrize("stat", ["", "btime \n", "btime x\n", "btime 99999999999999999\n", "btime -4\n"])
def test_a_boot_time_that_cannot_be_is_unknown(stat: str) -> None:
    """Null, and the rest of the row stands."""
    files = {**KERNEL, "/etc/os-release": "ID=debian\n", "/proc/stat": stat}
    assert rows("operating_system", machine(files))[0]["booted_at"] is None


def test_without_os_release_the_system_is_unknown() -> None:
    """A missing or empty os-release is an error, not a system named 'Linux'."""
    assert "os-release" in message("operating_system", machine(KERNEL))
    assert "damaged" in message("operating_system", machine({**KERNEL, "/etc/os-release": "\n"}))


VERSION = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"


def windows(build: int, row: dict[str, Any] | None = None, **noted: Any) -> dict[str, Any]:
    """Return the operating system of a Windows PC of this build."""
    system = {"BuildNumber": str(build), "OSArchitecture": "64-bit", "ProductType": 1, **(row or {})}
    host = windows_pcs.pc({VERSION: {"CurrentBuildNumber": str(build), **noted}}, {"Win32_OperatingSystem": [system]})
    (found,) = windows_pcs.rows("operating_system", host)
    return found


@pytest.mark.parametrize(
    ("build", "noted", "server", "name", "edition", "version"),
    [
        (26100, {"EditionID": "Professional", "DisplayVersion": "24H2"}, False, "Windows 11", "Pro", "24H2"),
        (22000, {"EditionID": "Core", "DisplayVersion": "21H2"}, False, "Windows 11", "Home", "21H2"),
        (19045, {"EditionID": "Education", "ReleaseId": "2009"}, False, "Windows 10", "Education", "22H2"),
        (19044, {"EditionID": "EnterpriseS"}, False, "Windows 10", "Enterprise LTSC", "21H2"),
        (17763, {"EditionID": "EnterpriseS", "ReleaseId": "1809"}, False, "Windows 10", "Enterprise LTSC", "1809"),
        (19044, {"EditionID": "IoTEnterpriseS"}, False, "Windows 10", "IoT Enterprise LTSC", "21H2"),
        (10240, {"EditionID": "CoreSingleLanguage"}, False, "Windows 10", "Home Single Language", "1507"),
        (28000, {"EditionID": "Core", "DisplayVersion": "26H1"}, False, "Windows 11", "Home", "26H1"),
        (9600, {"EditionID": "Core", "CurrentVersion": "6.3"}, False, "Windows 8.1", "Home", "6.3"),
        (7601, {"EditionID": "Professional", "CurrentVersion": "6.1"}, False, "Windows 7", "Professional", "6.1"),
        (17763, {"EditionID": "ServerStandard", "ReleaseId": "1809"}, True, "Windows Server 2019", "Standard", "1809"),
        (20348, {"EditionID": "ServerDatacenter"}, True, "Windows Server 2022", "Datacenter", "21H2"),
    ],
)
def test_windows_goes_by_its_build(
    build: int, noted: dict[str, Any], name: str, edition: str, version: str, *, server: bool
) -> None:
    """Windows 11 calls itself 10, and captions are in the language of the system: builds and codes are neither."""
    found = windows(build, {"ProductType": 3 if server else 1}, ProductName="Windows 10 Pro", **noted)
    assert (found["name"], found["edition"], found["version"], found["is_server"]) == (name, edition, version, server)


def test_the_edition_is_known_by_its_number_too() -> None:
    """Where the registry can't be read."""
    row = {"BuildNumber": "19045", "OSArchitecture": "64 bits", "OperatingSystemSKU": 121, "ProductType": 1}
    host = windows_pcs.pc(wmi={"Win32_OperatingSystem": [row]})
    assert [one["edition"] for one in windows_pcs.rows("operating_system", host)] == ["Education"]


def test_a_damaged_wmi_leaves_the_registry() -> None:
    """Build, edition, revision and the time of installation stand there as well."""
    keys: dict[str, dict[str, Any]] = {
        VERSION: {"CurrentBuildNumber": "19045", "UBR": 5011, "InstallDate": 1625097600, "EditionID": "Core"},
        r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment": {"PROCESSOR_ARCHITECTURE": "AMD64"},
    }
    (found,) = windows_pcs.rows("operating_system", windows_pcs.pc(keys))
    assert (found["build"], found["architecture"], found["installed_at"]) == (
        "19045.5011",
        "x86_64",
        "2021-07-01T00:00:00Z",
    )


@pytest.mark.parametrize(
    ("build", "name", "status", "expected"),
    [
        (7601, "Windows(R) 7, Client-ESU-Year3 add-on for Enterprise,Professional", 1, True),
        (19045, "Windows(R), Client-ESU-Year1 add-on for Enterprise,Education", 1, True),
        (19045, "Windows(R), Client-ESU-Year1 add-on for Enterprise,Education", 5, None),
        (19045, "Windows(R), Education edition", 1, None),
        (26100, "Windows(R), Client-ESU-Year1 add-on", 1, None),
    ],
)
def test_extended_support_is_a_licence_that_is_active(
    build: int, name: str, status: int, *, expected: bool | None
) -> None:
    """And only of a Windows for which there is such support; what one enrols for without a licence stays unseen."""
    row = {"BuildNumber": str(build), "OSArchitecture": "64-bit", "ProductType": 1}
    licence = {"Name": name, "LicenseStatus": status, "PartialProductKey": "AAAAA"}
    host = windows_pcs.pc(wmi={"Win32_OperatingSystem": [row], "SoftwareLicensingProduct": [licence]})
    assert [one["extended_support"] for one in windows_pcs.rows("operating_system", host)] == [expected]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"OSArchitecture": "64-bit"}, "x86_64"),
        ({"OSArchitecture": "32 bits"}, "x86"),
        ({"OSArchitecture": "64 bit"}, "x86_64"),
        ({"OSArchitecture": "ARM 64-bit Processor"}, "aarch64"),
        ({"BuildNumber": "2600", "Caption": "Microsoft Windows XP Professionnel", "OSArchitecture": None}, "x86"),
        ({"BuildNumber": "3790", "Caption": "Microsoft Windows Server 2003 x64", "OSArchitecture": None}, "x86_64"),
    ],
)
def test_the_architecture_of_windows(row: dict[str, Any], expected: str) -> None:
    """The digits of a word that is in the system's language; before Vista there is no such word."""
    assert windows(19045, row)["architecture"] == expected
