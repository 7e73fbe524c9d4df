"""The operating system, as it names itself."""

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from collectors.facts import Failed, collector, fact
from collectors.sources.linux import Linux


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
    edition: Annotated[str | None, "The edition, where there are several: 'Pro', 'Education', 'server'"] = None
    version: Annotated[str | None, "The version that support dates go by: '12', '24.04', '24H2'"] = None
    build: Annotated[str | None, "The kernel's release on Linux, build and revision on Windows"] = None
    architecture: Annotated[str, "The processor's architecture as the kernel names it, such as 'x86_64'"]
    is_server: Annotated[bool, "True for a server edition"]
    extended_support: Annotated[bool | None, "Paid extended support was seen; null: it can't be seen here"] = None
    installed_at: Annotated[datetime | None, "When the system was installed"] = None
    booted_at: Annotated[datetime | None, "When it was last started"] = None


@collector(every="1h", within="10s")
def linux(host: Linux) -> Iterator[OperatingSystem]:
    """Read os-release(5), the kernel's own names in /proc/sys/kernel and the boot time in /proc/stat."""
    release = _os_release(host)
    variant = release.get("VARIANT_ID")
    yield OperatingSystem(
        family=Family.LINUX,
        name=release.get("NAME") or "Linux",
        edition=variant,
        version=release.get("VERSION_ID"),
        build=host.read("/proc/sys/kernel/osrelease").strip(),
        architecture=host.read("/proc/sys/kernel/arch").strip(),
        is_server=variant == "server",
        booted_at=_booted_at(host),
    )


def _os_release(host: Linux) -> dict[str, str]:
    for path in ("/etc/os-release", "/usr/lib/os-release"):
        if host.exists(path):
            pairs = (line.partition("=") for line in host.read(path).splitlines() if "=" in line and line[:1] != "#")
            return {name: value.strip().strip("\"'") for name, _, value in pairs}
    raise Failed("neither /etc/os-release nor /usr/lib/os-release is there")


def _booted_at(host: Linux) -> datetime | None:
    for line in host.read("/proc/stat").splitlines():
        if line.startswith("btime "):
            return datetime.fromtimestamp(int(line.split()[1]), UTC)
    return None
