"""Software: what is installed, neither more nor less, and an upgrade is a change of version."""

import shutil
import subprocess

import pytest

from collectors.facts import table_of
from collectors.host.software import Software, linux
from collectors.run import run
from collectors.sources.linux import LiveLinux
from tests.collectors.host.machines import machine, message, recorded, rows


@pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="needs dpkg-query to compare with")
def test_on_debian_the_rows_are_what_dpkg_query_lists() -> None:
    """This machine's packages by the collector are those of dpkg-query: name, version, architecture."""
    form = "${db:Status-Abbrev}\t${Package}\t${Version}\t${Architecture}\n"
    lines = subprocess.run(["dpkg-query", "-W", "-f", form], capture_output=True, text=True, check=True).stdout
    wanted = {tuple(line.split("\t")[1:]) for line in lines.splitlines() if line[1] in "itW"}
    found = [row for row in run(linux, LiveLinux()).rows or [] if row["source"] == "dpkg"]
    assert {(row["name"], row["version"], row["architecture"]) for row in found} == wanted
    assert len(found) == len(wanted)


def test_an_upgrade_changes_the_version_and_nothing_of_the_key() -> None:
    """History shows an upgrade as one change, not as a program that went and one that came."""
    files, said = recorded("healthy_debian")
    files["/var/lib/dpkg/status"] = files["/var/lib/dpkg/status"].replace(b"3.0.18-1~deb12u2", b"3.0.19-1~deb12u1")
    key = table_of(Software).key
    before = rows("software", machine(recorded("healthy_debian")[0], **said))
    after = rows("software", machine(files, **said))
    assert [tuple(row[name] for name in key) for row in before] == [tuple(row[name] for name in key) for row in after]
    assert {row["version"] for row in after if row["name"] == "openssl"} == {"3.0.19-1~deb12u1"}


def test_many_pcs_share_their_rows() -> None:
    """Rows of dpkg hold nothing that differs between two PCs with the same packages, so the hub keeps them once."""
    assert table_of(Software).shared
    assert {row["installed_on"] for row in rows("software", machine(recorded("healthy_debian")[0]))} == {None}


def test_two_kernels_of_rpm_are_two_rows() -> None:
    """Several kernels of one name side by side; the branch tells them apart, and is null for all others."""
    files, said = recorded("fedora_office")
    found = {(row["name"], row["branch"]) for row in rows("software", machine(files, **said))}
    assert ("kernel-core", "6.14.4-300.fc41") in found
    assert ("kernel-core", "6.14.5-300.fc41") in found
    assert ("bash", None) in found


def test_rpms_keys_are_no_software() -> None:
    """gpg-pubkey is a key that rpm keeps in its database."""
    files, said = recorded("fedora_office")
    assert "gpg-pubkey" not in {row["name"] for row in rows("software", machine(files, **said))}


def test_a_system_whose_packages_cannot_be_read_is_no_system_without_software() -> None:
    """An unknown package manager, a missing rpm and a database that was cut are failures."""
    assert "neither dpkg's nor rpm's" in message("software", machine())
    assert "install rpm" in message("software", machine({"/var/lib/rpm/Packages": ""}))
    assert "ends in the middle" in message("software", machine({"/var/lib/dpkg/status": "Package: a\nStat"}))


def test_a_flatpak_of_two_users_is_one_row_of_no_user() -> None:
    """Who installed it is not kept."""
    files = {f"/home/{who}/.local/share/flatpak/app/a.B/x86_64/stable/active/metadata": "x" for who in ("an", "binh")}
    status = "Package: a\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n\n"
    found = rows("software", machine({**files, "/var/lib/dpkg/status": status}))
    assert [(row["name"], row["scope"]) for row in found] == [("a", "machine"), ("a.B", "user")]


def test_a_snaps_yaml_is_read_without_a_library() -> None:
    """Quoted or not, the version is the text after 'version:'; a snap that is not mounted has none."""
    found = {row["name"]: row["version"] for row in rows("software", machine(recorded("ubuntu_lab")[0]))}
    assert found["core22"] == "20260101"
    assert found["firefox"] == "135.0.1-1"
    assert found["gcompris"] is None
