"""dpkg's versions sort as dpkg sorts them, and its database is read whole or not at all."""

import gzip
import itertools
import lzma
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from collectors.facts import Failed
from collectors.sources import debian
from collectors.sources.linux import LiveLinux
from tests.collectors.host.machines import machine

# Each is higher than the one before: deb-version(7)'s own cases, and those seen in archives.
RISING = (
    "0~~",
    "0~~a",
    "0~",
    "0",
    "0a",
    "0+",
    "0.9",
    "1.0~rc1-1",
    "1.0-1~bpo12+1",
    "1.0-1",
    "1.0-1+deb12u1",
    "1.0-1+deb12u2",
    "1.0-1+deb12u10",
    "1.0-1.1",
    "1.0-2",
    "1.0a-1",
    "1.0+dfsg-1",
    "1.10-1",
    "1:0.1",
    "2:0~",
)


@pytest.mark.parametrize(("lower", "higher"), list(itertools.pairwise(RISING)))
def test_versions_sort_as_deb_version_says(lower: str, higher: str) -> None:
    """A tilde sorts before the end, letters before other signs, numbers by value, the epoch first."""
    assert debian.version_key(lower) < debian.version_key(higher)


@pytest.mark.skipif(shutil.which("dpkg") is None, reason="needs dpkg to compare with")
@settings(max_examples=60, deadline=None)
@example("0", "0-0")
@example("1-", "1-0~")
@given(
    st.from_regex(r"([0-9]:)?[01][0-29a.+~]{0,6}(-[0a+~.]{1,5})?", fullmatch=True),
    st.from_regex(r"([0-9]:)?[01][0-29a.+~]{0,6}(-[0a+~.]{1,5})?", fullmatch=True),
)
def test_versions_sort_as_dpkg_itself_sorts_them(one: str, other: str) -> None:
    """For any two versions the answer is that of ``dpkg --compare-versions``."""
    said = subprocess.run(["dpkg", "--compare-versions", one, "lt", other], check=False).returncode == 0
    assert (debian.version_key(one) < debian.version_key(other)) == said


def test_a_database_that_was_cut_is_no_database() -> None:
    """Half a status file would make half of the software go away, so it fails."""
    whole = "Package: a\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n\n"
    assert [one.name for one in debian.installed(machine({debian.STATUS: whole}))] == ["a"]
    for text in (whole[:-1], whole + "Package: b\nStatus: install ok inst", "", "\n\n"):
        with pytest.raises(Failed):
            list(debian.installed(machine({debian.STATUS: text})))


def test_a_package_without_its_version_is_damage() -> None:
    """An installed package always has a version and an architecture."""
    text = "Package: a\nStatus: install ok installed\nArchitecture: all\n\n"
    with pytest.raises(Failed, match="damaged"):
        list(debian.installed(machine({debian.STATUS: text})))


def test_without_an_index_of_the_security_archive_nothing_is_known_of_it() -> None:
    """No index, or one that can't be opened, is None: not an archive that offers nothing."""
    other = f"{debian.LISTS}/deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages"
    security = f"{debian.LISTS}/deb.debian.org_debian-security_dists_bookworm-security_main_binary-amd64_Packages.lz4"
    text = "Package: a\nVersion: 2\nArchitecture: amd64\n\n"
    assert debian.security_versions(machine()) is None
    assert debian.security_versions(machine({other: text})) is None
    assert debian.security_versions(machine({other: text, security: "?"})) is None


def test_an_index_that_apt_packed_with_lz4_is_opened_by_apt() -> None:
    """The standard library has no lz4; apt's own helper has."""
    path = f"{debian.LISTS}/security.debian.org_dists_bookworm-security_main_binary-amd64_Packages.lz4"
    programs = {
        f"{debian.APT_HELPER} cat-file {path}": {"status": 0, "output": "Package: a\nVersion: 2\nArchitecture: all\n\n"}
    }
    offered = debian.security_versions(machine({path: "packed"}, programs=programs))
    assert offered == {("a", "all"): ["2"]}
    assert debian.offers(offered, "a", "amd64") == ["2"]


def test_a_products_version_is_without_debians_part() -> None:
    """Debian's '1:1.4.3+dfsg-1~deb12u1' is the maker's 1.4.3."""
    stanza = (
        "Package: clamav-base\nStatus: install ok installed\nArchitecture: all\nVersion: 1:1.4.3+dfsg-1~deb12u1\n\n"
    )
    assert debian.version_of(machine({debian.STATUS: stanza}), "clamav-base") == "1.4.3"
    assert debian.version_of(machine({debian.STATUS: stanza}), "clamav") is None
    assert debian.version_of(machine(), "clamav-base") is None


@pytest.mark.skipif(not Path(debian.APT_HELPER).exists(), reason="needs apt's own helper")
def test_apts_helper_is_found_where_it_lies(tmp_path: Path) -> None:
    """It is in no folder of programs, so it is run by its path."""
    packed = tmp_path / "x_Packages.xz"
    packed.write_bytes(lzma.compress(b"Package: a\n"))
    done = LiveLinux().run(debian.APT_HELPER, "cat-file", str(packed))
    assert done is not None
    assert (done.status, done.output) == (0, "Package: a\n")


@pytest.mark.parametrize("ending", [".gz", ".xz"])
def test_a_packed_index_that_was_cut_is_none(ending: str) -> None:
    """Half an archive offers nothing that counts."""
    packed = gzip.compress(b"x" * 999) if ending == ".gz" else lzma.compress(b"x" * 999)
    path = f"{debian.LISTS}/security.debian.org_dists_bookworm-security_main_binary-amd64_Packages{ending}"
    for data in (packed[:20], b"", packed[:12] + b"\xff" * 20):
        assert debian.security_versions(machine({path: data})) is None
