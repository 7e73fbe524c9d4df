"""Which Windows it is: by build, edition and what the registry calls the version."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from collectors.sources import asking
from collectors.sources.local_time import of_epoch
from collectors.sources.windows import CIMV2, RegistryKey, Windows
from collectors.sources.wmi import number, text

CURRENT_VERSION = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"

_ELEVEN, _TEN = 22000, 10240

# First build -> name, of clients and of servers, as Microsoft's lists of builds have them.
_CLIENTS = {
    _ELEVEN: "Windows 11",
    9800: "Windows 10",
    9600: "Windows 8.1",
    9200: "Windows 8",
    7600: "Windows 7",
    6000: "Windows Vista",
    2600: "Windows XP",
    2195: "Windows 2000",
}
_SERVERS = {
    26100: "Windows Server 2025",
    25398: "Windows Server",
    20348: "Windows Server 2022",
    17763: "Windows Server 2019",
    14393: "Windows Server 2016",
    9600: "Windows Server 2012 R2",
    9200: "Windows Server 2012",
    7600: "Windows Server 2008 R2",
    6001: "Windows Server 2008",
    3790: "Windows Server 2003",
    2195: "Windows 2000 Server",
}
_VERSIONS = {
    10240: "1507",
    10586: "1511",
    14393: "1607",
    15063: "1703",
    16299: "1709",
    17134: "1803",
    17763: "1809",
    18362: "1903",
    18363: "1909",
    19041: "2004",
    19042: "20H2",
    19043: "21H1",
    19044: "21H2",
    19045: "22H2",
    20348: "21H2",
    22000: "21H2",
    22621: "22H2",
    22631: "23H2",
    25398: "23H2",
    26100: "24H2",
    26200: "25H2",
}

# EditionID -> the words that people see (since Windows 8). What is not here stays as the registry has it.
_EDITIONS = {
    "Core": "Home",
    "CoreN": "Home N",
    "CoreSingleLanguage": "Home Single Language",
    "Professional": "Pro",
    "ProfessionalN": "Pro N",
    "ProfessionalEducation": "Pro Education",
    "ProfessionalWorkstation": "Pro for Workstations",
    "EducationN": "Education N",
    "EnterpriseN": "Enterprise N",
    "EnterpriseS": "Enterprise LTSC",
    "IoTEnterprise": "IoT Enterprise",
    "IoTEnterpriseS": "IoT Enterprise LTSC",
    "ServerStandard": "Standard",
    "ServerDatacenter": "Datacenter",
}
_EIGHT = 9200

# Win32_OperatingSystem.OperatingSystemSKU -> EditionID (winnt.h, PRODUCT_*).
_SKUS = {
    1: "Ultimate",
    2: "HomeBasic",
    3: "HomePremium",
    4: "Enterprise",
    5: "HomeBasicN",
    6: "Business",
    7: "ServerStandard",
    8: "ServerDatacenter",
    10: "ServerEnterprise",
    11: "Starter",
    26: "HomePremiumN",
    27: "EnterpriseN",
    48: "Professional",
    49: "ProfessionalN",
    72: "EnterpriseEval",
    79: "ServerStandardEval",
    80: "ServerDatacenterEval",
    98: "CoreN",
    99: "CoreCountrySpecific",
    100: "CoreSingleLanguage",
    101: "Core",
    121: "Education",
    122: "EducationN",
    125: "EnterpriseS",
    126: "EnterpriseSN",
    129: "EnterpriseSEval",
    161: "ProfessionalWorkstation",
    164: "ProfessionalEducation",
    188: "IoTEnterprise",
    191: "IoTEnterpriseS",
}


def build(row: Mapping[str, Any], noted: RegistryKey | None) -> int | None:
    """Return the build's number."""
    found = number(row, "BuildNumber")
    if found is None and noted:
        found = noted.number("CurrentBuildNumber") or noted.number("CurrentBuild")
    return found


def name(build: int, *, is_server: bool) -> str:
    """Return the name under which it was sold, without its edition."""
    table = _SERVERS if is_server else _CLIENTS
    return next((said for first, said in sorted(table.items(), reverse=True) if build >= first), "Windows")


def edition(build: int, row: Mapping[str, Any], noted: RegistryKey | None) -> str | None:
    """Return the edition: 'Home', 'Pro', 'Education', 'Enterprise LTSC', …; on Windows 7 'Professional' is its name."""
    told = noted.text("EditionID") if noted else None
    told = told or _SKUS.get(number(row, "OperatingSystemSKU") or 0)
    return _EDITIONS.get(told, told) if told and build >= _EIGHT else told


def version(build: int, row: Mapping[str, Any], noted: RegistryKey | None) -> str | None:
    """Return the version that support dates go by: '24H2'; before Windows 10 the number, '6.1.7601'."""
    if build < _TEN:
        return text(row, "Version") or (noted.text("CurrentVersion") if noted else None)
    shown = noted.text("DisplayVersion") if noted else None
    if shown:
        return shown
    return _VERSIONS.get(build) or (noted.text("ReleaseId") if noted else None)


def service_pack(row: Mapping[str, Any], noted: RegistryKey | None) -> str | None:
    """Return 'Service Pack 1' of systems before Windows 8."""
    pack = number(row, "ServicePackMajorVersion")
    if pack:
        return f"Service Pack {pack}"
    found = re.search(r"\d+", (noted.text("CSDVersion") if noted and pack is None else None) or "", re.ASCII)
    return f"Service Pack {found[0]}" if found else None


def revision(build: int, noted: RegistryKey | None) -> str:
    """Return build and revision ('26100.2314'); without the registry the build alone."""
    found = noted.number("UBR") if noted else None
    return f"{build}.{found}" if found else str(build)


def noted_installation(noted: RegistryKey | None) -> datetime | None:
    """Return when it was installed, by the registry; an update to a new version sets it anew."""
    return of_epoch((noted.number("InstallDate") if noted else None) or 0)


# The builds for which Microsoft sells security updates after their end: Windows 7 SP1, 10 22H2, Server 2012.
_EXTENDABLE = {7601, 9200, 9600, 19045}
_ESU = re.compile(r"\bESU\b")
_LICENSED = 1


def has_extended_support(host: Windows, build: int, *, is_server: bool) -> bool | None:
    """Return whether a licence for extended security updates is active; None where there is none, or can't be seen.

    A person's own enrolment of Windows 10 (since 2025) leaves no such licence: it stays unseen, so False is not said.
    """
    if build not in _EXTENDABLE or (build in {9200, 9600} and not is_server):  # for Windows 8 none was sold
        return None
    found = asking.rows(
        host,
        CIMV2,
        "SoftwareLicensingProduct",
        *("Name", "LicenseStatus", "PartialProductKey"),
        where="PartialProductKey IS NOT NULL",
    )
    is_seen = any(
        _ESU.search(text(row, "Name") or "")
        and text(row, "PartialProductKey")
        and number(row, "LicenseStatus") == _LICENSED
        for row in found or ()
    )
    return True if is_seen else None
