"""The cache: the last section of each table, whole on disk."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import cache
from agent.supervise import Collected

SECTION = Collected(
    "disk", "rows", "2026-03-02T01:15:00Z", 0.1, "aa", None, (("m", "help", {"disk": "sda"}, 1.0),), b'[{"name":"sda"}]'
)
FAILED = replace(SECTION, outcome="failed", digest=None, message="no", samples=(), rows=b"null")


def test_what_was_kept_is_read_back(tmp_path: Path) -> None:
    """Its rows stay on the disk, the rest comes into memory."""
    kept = cache.keep(tmp_path, SECTION, None)

    assert kept.section == replace(SECTION, rows=b"null")
    assert cache.read(tmp_path) == {"disk": kept}
    assert cache.rows(tmp_path, "disk") == SECTION.rows


def test_a_failed_section_keeps_the_time_of_the_last_good_one(tmp_path: Path) -> None:
    """And none of its rows: a section is whole or it is an error."""
    good = cache.keep(tmp_path, SECTION, None)
    bad = cache.keep(tmp_path, replace(FAILED, attempted_at="2026-03-02T02:15:00Z"), good)

    assert (bad.has_rows, bad.last_success_at) == (False, "2026-03-02T01:15:00Z")
    assert cache.rows(tmp_path, "disk") == b"null"


def test_what_can_not_be_kept_is_a_failure_that_says_why(tmp_path: Path) -> None:
    """Rows that are not on the disk could not be sent from there."""
    kept = cache.keep(tmp_path / "absent", SECTION, None)

    assert (kept.section.outcome, kept.section.digest, kept.section.samples) == ("failed", None, ())
    assert kept.section.message == "No such file or directory: the section could not be kept on the PC's disk"


def test_another_machines_sections_are_forgotten(tmp_path: Path) -> None:
    """None stays."""
    cache.keep(tmp_path, SECTION, None)
    cache.forget(tmp_path)

    assert cache.read(tmp_path) == {}
    with pytest.raises(FileNotFoundError):
        cache.rows(tmp_path, "disk")


@given(
    st.binary(max_size=80) | st.sampled_from([b"{}\n[]\n", b"[]\n", b'{"last_success_at":null}\n', b'{"samples":7}\n'])
)
def test_a_damaged_section_is_as_an_absent_one(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Whatever a power cut left: the others are read, and the daemon goes on."""
    folder = tmp_path_factory.mktemp("cache")
    cache.keep(folder, replace(SECTION, table="volume"), None)
    (folder / "disk.json").write_bytes(content)

    assert cache.read(folder).keys() == {"volume"}
