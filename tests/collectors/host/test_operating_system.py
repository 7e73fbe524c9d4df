"""The operating system, by the version that its support goes by."""

import pytest

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
