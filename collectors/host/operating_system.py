"""The operating system, as it names itself."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from collectors.facts import Failed, collector, fact
from collectors.sources import asking
from collectors.sources import windows_release as release
from collectors.sources.files import line
from collectors.sources.linux import Linux
from collectors.sources.local_time import of_epoch, utc
from collectors.sources.windows import CIMV2, NoSuchClass, Windows
from collectors.sources.windows_release import CURRENT_VERSION
from collectors.sources.wmi import moment, number, text


class Family(StrEnum):
    """The families that the plan's rules tell apart."""

    WINDOWS = "windows"
    LINUX = "linux"
    MACOS = "macos"


@fact(why="To know whether the system still gets security updates (target supported-system)", volatile=("booted_at",))
class OperatingSystem:
    """The operating system that is running."""

    family: Annotated[Family, "The family: windows, linux or macos"]
    name: Annotated[str, "The name as the system's own people say it, such as 'Debian GNU/Linux'"]
    distribution: Annotated[str | None, "os-release's short word: 'debian', 'ubuntu', 'fedora'; null off Linux"] = None
    edition: Annotated[str | None, "The edition, where there are several: 'Pro', 'Education', 'server'"] = None
    version: Annotated[str | None, "The version that support dates go by: '12', '24.04', '24H2'"] = None
    point_release: Annotated[str | None, "The updated version within it: '12.11', '24.04.3', 'Service Pack 1'"] = None
    build: Annotated[str | None, "The kernel's release on Linux, build and revision on Windows"] = None
    architecture: Annotated[str, "The architecture that the system is made for, such as 'x86_64' or 'x86'"]
    is_server: Annotated[bool, "True for a server edition; a Linux that knows no editions is none"]
    extended_support: Annotated[bool | None, "Paid extended support was seen; null: it can't be seen here"] = None
    installed_at: Annotated[datetime | None, "When the installer ended; on a cloned disk, that of its image"] = None
    booted_at: Annotated[datetime | None, "When it was last started"] = None


@collector(every="1h", within="10s")
def linux(host: Linux) -> Iterator[OperatingSystem]:
    """Read os-release(5), the kernel's own names in /proc/sys/kernel and the boot time in /proc/stat.

    When it was installed is the time of the installer's own log; without one it stays null, for the age of a file
    system or of a machine id is that of an image as often as not.
    """
    release = _os_release(host)
    variant = release.get("VARIANT_ID") or None
    yield OperatingSystem(
        family=Family.LINUX,
        name=release.get("NAME") or "Linux",
        distribution=release.get("ID") or None,
        edition=variant,
        version=release.get("VERSION_ID") or None,
        point_release=_point_release(host, release),
        build=host.read("/proc/sys/kernel/osrelease").strip(),
        architecture=_architecture(host),
        is_server=variant == "server",
        installed_at=_installed_at(host),
        booted_at=_booted_at(host),
    )


def _os_release(host: Linux) -> dict[str, str]:
    for path in ("/etc/os-release", "/usr/lib/os-release"):
        if host.exists(path):
            pairs = (line.partition("=") for line in host.read(path).splitlines() if "=" in line and line[:1] != "#")
            found = {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}
            if not found:
                raise Failed(f"{path} says nothing: the file is damaged")
            return found
    raise Failed("neither /etc/os-release nor /usr/lib/os-release is there")


def _point_release(host: Linux, release: dict[str, str]) -> str | None:
    """Return Debian's from /etc/debian_version, Ubuntu's from VERSION ('24.04.3 LTS (Noble Numbat)')."""
    said = line(host, "/etc/debian_version") if release.get("ID") == "debian" else release.get("VERSION")
    found = re.match(r"\d+(\.\d+)+", said or "", re.ASCII)
    return found[0] if found and found[0] != release.get("VERSION_ID") else None


def _architecture(host: Linux) -> str:
    """Return the kernel's word, which it keeps in a file since Linux 6.1 only."""
    if said := line(host, "/proc/sys/kernel/arch"):
        return said
    done = host.run("uname", "-m")
    if done is None or done.status != 0 or not done.output.strip():
        raise Failed("neither /proc/sys/kernel/arch nor uname tells the architecture")
    return done.output.strip()


INSTALLER_LOGS = ("/var/log/installer/media-info", "/var/log/installer/lsb-release", "/var/log/anaconda/anaconda.log")


def _installed_at(host: Linux) -> datetime | None:
    for path in INSTALLER_LOGS:
        try:
            return utc(host.modified_at(path))
        except OSError:
            continue
    return None


def _booted_at(host: Linux) -> datetime | None:
    found = re.search(r"^btime (\d{1,12})$", host.read("/proc/stat"), re.MULTILINE | re.ASCII)
    return of_epoch(int(found[1])) if found else None


@collector(every="6h", within="60s")
def windows(host: Windows) -> Iterator[OperatingSystem]:
    r"""Read Win32_OperatingSystem and the registry's CurrentVersion; one of the two is enough.

    The name goes by the build: Windows 11 still calls itself 'Windows 10' in the registry, and WMI's caption is in the
    language of the system. A licence for extended updates (ESU) is looked for where Microsoft sells one.
    """
    try:
        rows, unread = host.wmi(CIMV2, "Win32_OperatingSystem", *_OF_SYSTEMS), None
    except (OSError, NoSuchClass, Failed) as why:
        rows, unread = [], why
    row = rows[0] if rows else {}
    noted = asking.key(host, CURRENT_VERSION)
    build = release.build(row, noted)
    if build is None:
        raise unread or Failed("neither Win32_OperatingSystem nor the registry tells the build of Windows")
    is_server = host.is_server
    yield OperatingSystem(
        family=Family.WINDOWS,
        name=release.name(build, is_server=is_server),
        edition=release.edition(build, row, noted),
        version=release.version(build, row, noted),
        point_release=release.service_pack(row, noted),
        build=release.revision(build, noted),
        architecture=_windows_architecture(host, row, build),
        is_server=is_server,
        extended_support=release.has_extended_support(host, build, is_server=is_server),
        installed_at=moment(row, "InstallDate") or release.noted_installation(noted),
        booted_at=moment(row, "LastBootUpTime"),
    )


_OF_SYSTEMS = (
    *("BuildNumber", "Caption", "InstallDate", "LastBootUpTime", "OperatingSystemSKU", "OSArchitecture", "ProductType"),
    *("ServicePackMajorVersion", "Version"),
)
_ENVIRONMENT = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment"
_VISTA = 6000
_ARCHITECTURES = {"AMD64": "x86_64", "X86": "x86", "ARM64": "aarch64", "IA64": "ia64"}


def _windows_architecture(host: Windows, row: Mapping[str, Any], build: int) -> str:
    """Return the architecture of Windows itself; WMI's word is in the system's language, only its digits are not."""
    said = text(row, "OSArchitecture") or ""
    if "ARM" in said.upper():
        return "aarch64"
    if "64" in said or "32" in said:
        return "x86_64" if "64" in said else "x86"
    noted = (asking.text(host, _ENVIRONMENT, "PROCESSOR_ARCHITECTURE") or "").upper()
    if noted in _ARCHITECTURES:
        return _ARCHITECTURES[noted]
    width = number(asking.first(host, CIMV2, "Win32_Processor", "AddressWidth"), "AddressWidth")
    if width in {32, 64}:
        return "x86_64" if width == 64 else "x86"  # noqa: PLR2004 - bits
    if build < _VISTA:  # XP and Server 2003 lack the property, and their 64-bit editions are called so
        return "x86_64" if "x64" in (text(row, "Caption") or "").lower() else "x86"
    raise Failed("neither WMI nor the registry tells the architecture")
