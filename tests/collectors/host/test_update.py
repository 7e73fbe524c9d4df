"""Updates: what the logs tell, in the machine's own time, and never more than they tell."""

import gzip

from tests.collectors.host.machines import machine, message, recorded, rows

LOG = "/var/log/apt/history.log"
INDEX = "/var/lib/apt/lists/security.debian.org_dists_bookworm-security_main_binary-amd64_Packages"


def entry(items: str, ended: str = "2026-02-20  07:41:05", more: str = "") -> str:
    """Return one run of apt as its log has it."""
    return f"\nStart-Date: {ended}\n{more}Upgrade: {items}\nEnd-Date: {ended}\n"


def test_an_upgrade_is_an_update_with_the_version_it_brought() -> None:
    """One row for each package and version, whatever the number of its architectures."""
    log = entry("openssl:amd64 (3.0.17, 3.0.18), libssl3:amd64 (3.0.17, 3.0.18), libssl3:i386 (3.0.17, 3.0.18)")
    found = rows("update", machine({LOG: log}))
    assert [(row["id"], row["title"]) for row in found] == [
        ("openssl 3.0.18", "replaced 3.0.17"),
        ("libssl3 3.0.18", "replaced 3.0.17"),
    ]


def test_a_log_is_read_in_the_machines_own_time() -> None:
    """Early in the morning in Viet Nam it is still yesterday in UTC."""
    zone = recorded("healthy_debian")[0]["/etc/localtime"]
    log = entry("a:amd64 (1, 2)", "2026-02-20  06:10:00")
    assert rows("update", machine({LOG: log, "/etc/localtime": zone}))[0]["installed_on"] == "2026-02-19"
    assert rows("update", machine({LOG: log}))[0]["installed_on"] == "2026-02-20"


def test_what_is_older_than_90_days_is_left_out() -> None:
    """The table stays small, however old the logs are; older logs are packed, and read too."""
    old = gzip.compress(entry("old:amd64 (1, 2)", "2025-11-01  08:00:00").encode())
    young = gzip.compress(entry("young:amd64 (1, 2)", "2026-01-05  08:00:00").encode())
    found = rows("update", machine({LOG: "", f"{LOG}.1.gz": young, f"{LOG}.2.gz": old}))
    assert [row["id"] for row in found] == ["young 2"]


def test_a_run_of_apt_that_failed_installed_nothing() -> None:
    """Its log says 'Error'."""
    assert (
        rows("update", machine({LOG: entry("a:amd64 (1, 2)", more="Error: dpkg returned an error code (1)\n")})) == []
    )


def test_only_the_security_archive_tells_that_an_update_is_one_of_security() -> None:
    """What its index lists is one; what it does not list may have been one, so that is unknown and never false."""
    index = "Package: a\nVersion: 2\nArchitecture: amd64\n\n"
    found = rows("update", machine({LOG: entry("a:amd64 (1, 2), b:amd64 (1, 2)"), INDEX: index}))
    assert {row["id"]: row["security"] for row in found} == {"a 2": True, "b 2": None}


def test_no_log_is_a_failure_and_an_empty_one_is_no_updates() -> None:
    """A system whose log is not known is not a system without updates."""
    assert "no other is known" in message("update", machine())
    assert rows("update", machine({LOG: ""})) == []


def test_dnf_tells_its_upgrades_with_their_zone() -> None:
    """'Upgraded' is the old package that went, 'Installed' is no update."""
    log = (
        "2026-02-25T02:00:05+0700 SUBDEBUG Upgrade: openssl-libs-1:3.2.4-3.fc41.x86_64\n"
        "2026-02-25T02:00:06+0700 SUBDEBUG Installed: kernel-core-6.14.5-300.fc41.x86_64\n"
        "2026-02-25T02:00:07+0700 SUBDEBUG Upgraded: openssl-libs-1:3.2.2-1.fc41.x86_64\n"
    )
    found = rows("update", machine({"/var/log/dnf.rpm.log": log}))
    assert [(row["id"], row["installed_on"]) for row in found] == [("openssl-libs 1:3.2.4-3.fc41", "2026-02-24")]
