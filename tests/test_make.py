"""The Makefile: what a newcomer types first."""

import re
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]


def test_make_alone_lists_what_there_is() -> None:
    """`make` changes nothing, and lists each command with a word on what it does."""
    listed = subprocess.run(
        ["make", "--no-print-directory"], cwd=TOP, capture_output=True, text=True, check=True
    ).stdout
    names = re.findall(r"^([\w-]+) +\S", listed, re.MULTILINE)
    declared = re.search(r"^\.PHONY: (help .+)$", (TOP / "Makefile").read_text(), re.MULTILINE)

    assert declared is not None
    assert sorted(names) == sorted(declared[1].split())


def test_the_locks_agree() -> None:
    """What runs in tests is what runs at a school: the lock for tests holds the same versions, and more."""
    run, dev = (re.findall(r"^[\w.\[\]-]+==\S+", (TOP / name).read_text(), re.MULTILINE) for name in LOCKS)

    assert run
    assert set(run) - set(dev) == set()


def test_each_pin_has_its_hashes() -> None:
    """A lock file names no registry, and each version in it has its hashes."""
    for name in LOCKS:
        text = (TOP / name).read_text()

        assert "://" not in text
        assert [pin for pin in re.split(r"\n(?=\S)", text.strip()) if "--hash=sha256:" not in pin] == []


LOCKS = ("requirements.lock", "requirements-dev.lock")
