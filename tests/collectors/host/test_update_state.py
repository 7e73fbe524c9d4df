"""The state of updates: a rule must be able to tell patched from neglected, and both from unknown."""

from typing import Any

import pytest

from tests.collectors.host.machines import machine, message, rows

STATUS = "/var/lib/dpkg/status"
INDEX = "/var/lib/apt/lists/security.debian.org_dists_bookworm-security_main_binary-amd64_Packages"


def package(name: str, version: str) -> str:
    """Return an installed package as dpkg keeps it."""
    return f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n"


def offer(name: str, version: str) -> str:
    """Return a package as the security archive offers it."""
    return f"Package: {name}\nVersion: {version}\nArchitecture: amd64\n\n"


def state(files: dict[str, str], **said: Any) -> dict[str, Any]:
    """Return the row of a Debian with these files."""
    files = {"/proc/sys/kernel/osrelease": "6.1.0-9-amd64\n", STATUS: package("a", "1.0-1"), **files}
    (row,) = rows("update_state", machine(files, **said))
    return row


@pytest.mark.parametrize(
    ("offered", "pending"),
    [("1.0-1", 0), ("0.9-1+deb12u9", 0), ("1.0-1+deb12u1", 1), ("1.0-1~deb12u1", 0), ("1:0.1", 1)],
)
def test_pending_are_the_installed_packages_of_which_the_security_archive_has_a_newer_version(
    offered: str, pending: int
) -> None:
    """A package that is not installed is never pending; an older one in the archive neither."""
    files = {INDEX: offer("a", offered) + offer("not-installed", "9")}
    assert state(files)["security_updates_pending"] == pending


def test_without_the_security_archives_index_nothing_is_known_to_be_pending() -> None:
    """Null, not 0: a PC that never looked is not patched."""
    assert state({})["security_updates_pending"] is None
    assert state({})["last_searched_at"] is None


@pytest.mark.parametrize(
    ("made", "pending"),
    [
        ("Date: Sun, 01 Mar 2026 20:00:00 UTC", 0),
        ("Date: Fri,  2 Jan 2026 20:00:00 UTC", None),
        ("Date: Fri, 99 Xyz 2026 20:00:00 UTC", 0),
        ("", 0),
    ],
)
@pytest.mark.parametrize("name", ["InRelease", "Release"])
def test_none_is_pending_only_by_lists_that_the_last_search_got(name: str, made: str, pending: int | None) -> None:
    """Apt counts a search as done when any archive answered; the security archive's lists may be of January."""
    files = {
        INDEX: offer("a", "1.0-1"),
        f"/var/lib/apt/lists/security.debian.org_dists_bookworm-security_{name}": f"Origin: Debian\n{made}\n",
    }
    searched = {"/var/lib/apt/periodic/update-success-stamp": "2026-03-02T01:00:00Z"}
    files["/var/lib/apt/periodic/update-success-stamp"] = ""
    assert state(files, modified_at=searched)["security_updates_pending"] == pending
    files[INDEX] = offer("a", "1.0-2")
    assert state(files, modified_at=searched)["security_updates_pending"] == 1


LOG = "/var/log/apt/history.log"


def test_the_last_security_update_is_the_last_upgrade_to_what_the_archive_lists() -> None:
    """A later upgrade from another archive may have been one too, but nothing tells."""
    log = (
        "\nStart-Date: 2026-01-10  08:00:00\nUpgrade: a:amd64 (0.9, 1.0-1)\nEnd-Date: 2026-01-10  08:00:09\n"
        "\nStart-Date: 2026-02-10  08:00:00\nUpgrade: b:amd64 (4, 5)\nEnd-Date: 2026-02-10  08:00:09\n"
    )
    row = state({INDEX: offer("a", "1.0-1"), LOG: log})
    assert (row["last_security_update_at"], row["last_installed_at"]) == (
        "2026-01-10T08:00:09Z",
        "2026-02-10T08:00:09Z",
    )


def test_a_package_that_came_anew_is_no_update() -> None:
    """Installed today in a version of the security archive, it mended nothing of what was there."""
    log = "\nStart-Date: 2026-02-10  08:00:00\nInstall: a:amd64 (1.0-1)\nEnd-Date: 2026-02-10  08:00:09\n"
    times = {"/var/lib/dpkg/info/a.list": "2026-02-10T08:00:05Z"}
    assert state({INDEX: offer("a", "1.0-1"), LOG: log}, modified_at=times)["last_security_update_at"] is None


def test_a_search_is_what_got_the_lists_not_what_installed_something() -> None:
    """``apt-get install`` writes lists/partial and the package cache: they prove no search."""
    times = {
        "/var/lib/apt/lists": "2026-02-01T00:00:00Z",
        "/var/lib/apt/lists/partial": "2026-03-01T00:00:00Z",
        "/var/cache/apt/pkgcache.bin": "2026-03-01T00:00:00Z",
    }
    assert state({INDEX: ""}, modified_at=times)["last_searched_at"] == "2026-02-01T00:00:00Z"
    times["/var/lib/apt/periodic/update-stamp"] = "2026-02-15T00:00:00Z"
    assert state({INDEX: ""}, modified_at=times)["last_searched_at"] == "2026-02-15T00:00:00Z"


def kernels(*names: str) -> dict[str, str]:
    """Return the files of installed kernels."""
    return {path: "" for name in names for path in (f"/boot/vmlinuz-{name}", f"/lib/modules/{name}/modules.dep")}


@pytest.mark.parametrize(
    ("installed", "pending"),
    [
        (["6.1.0-9-amd64"], False),
        (["6.1.0-8-amd64", "6.1.0-9-amd64"], False),
        (["6.1.0-9-amd64", "6.1.0-10-amd64"], True),
        (["6.1.0-9-amd64", "6.1.0-10-rt-amd64"], False),
        (["6.1.0-10-amd64"], True),
        (["6.1.0-8-amd64"], None),
        ([], None),
    ],
)
def test_a_newer_kernel_of_the_same_flavour_waits_for_a_restart(installed: list[str], pending: bool | None) -> None:
    """10 is above 9; where the running kernel is none of the installed ones, nothing is known."""
    assert state(kernels(*installed))["restart_pending"] is pending


def test_what_a_purged_kernel_left_is_no_kernel() -> None:
    """Modules without their kernel (of dkms) start nothing."""
    files = {**kernels("6.1.0-9-amd64"), "/lib/modules/6.1.0-10-amd64/updates/dkms/x.ko": ""}
    assert state(files)["restart_pending"] is False


def test_a_restart_waits_since_the_first_thing_that_asked_for_it() -> None:
    """A later update that asks again does not make the PC look as if it waited less."""
    files = {**kernels("6.1.0-9-amd64", "6.1.0-10-amd64"), "/run/reboot-required": ""}
    times = {
        "/run/reboot-required": "2026-02-20T00:00:00Z",
        "/var/lib/dpkg/info/linux-image-6.1.0-10-amd64.list": "2026-01-10T00:00:00Z",
    }
    assert state(files, modified_at=times)["restart_pending_since"] == "2026-01-10T00:00:00Z"


TIMER = "/etc/systemd/system/timers.target.wants/apt-daily-upgrade.timer"
SETTING = "/etc/apt/apt.conf.d/20auto-upgrades"
PROGRAM = "/usr/bin/unattended-upgrade"


@pytest.mark.parametrize(
    ("files", "enabled"),
    [
        ({PROGRAM: "", TIMER: "", SETTING: 'APT::Periodic::Unattended-Upgrade "1";\n'}, True),
        ({PROGRAM: "", TIMER: "", SETTING: 'APT::Periodic::Unattended-Upgrade "0";\n'}, False),
        ({PROGRAM: "", TIMER: "", SETTING: '//APT::Periodic::Unattended-Upgrade "1";\n'}, False),
        ({PROGRAM: "", TIMER: ""}, False),
        ({TIMER: "", SETTING: 'APT::Periodic::Unattended-Upgrade "1";\n'}, False),
        (
            {PROGRAM: "", SETTING: 'APT::Periodic::Unattended-Upgrade "1";\n', "/etc/systemd/system/x.wants/y": ""},
            False,
        ),
        ({PROGRAM: "", SETTING: 'APT::Periodic::Unattended-Upgrade "1";\n'}, None),
    ],
)
def test_updates_come_by_themselves_when_program_setting_and_timer_agree(
    files: dict[str, str], enabled: bool | None
) -> None:
    """One of the three off, and nothing is installed; systemd's folder unread, and it is unknown."""
    assert state(files)["service_enabled"] is enabled


def test_a_masked_timer_starts_nothing() -> None:
    """A unit that is a link to /dev/null does not start, though something still wants it."""
    unit = "/etc/systemd/system/apt-daily-upgrade.timer"
    files = {PROGRAM: "", TIMER: "", SETTING: 'APT::Periodic::Unattended-Upgrade "1";\n', unit: ""}
    assert state(files, links={unit: "/dev/null"})["service_enabled"] is False
    assert state(files)["service_enabled"] is True


def test_unknown_package_managers_are_a_failure() -> None:
    """Nothing can be said, which is not the same as 'no updates'."""
    assert "neither dpkg's nor rpm's" in message("update_state", machine())
