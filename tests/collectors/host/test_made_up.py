"""Recordings are made up: what is committed can point to no machine and no person."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

RECORDINGS = Path(__file__).with_name("recordings")
FOLDERS = sorted(one for one in RECORDINGS.iterdir() if (one / "machine.json").exists())

_MAC = re.compile(r"(?<![0-9a-fA-F:.-])[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}(?![0-9a-fA-F:])")
_SERIAL_FILE = re.compile(r"/(\w*serial|serial_number)$")
_SERIAL_FIELD = re.compile(r'"(?:serial_number|serial)": *"([^"]*)"')
_DOCUMENTED = "00:00:5e:00:53:"  # RFC 7042: for documentation
_NO_SERIALS = {"", "0", "00000000", "Default string", "None", "To Be Filled By O.E.M."}


def is_made_up(mac: str) -> bool:
    """Return whether no maker could have given a MAC: the local bit is set, or it is one for documentation."""
    return bool(int(mac[:2], 16) & 2) or mac.lower().startswith(_DOCUMENTED) or len(set(mac.split(":"))) == 1


def texts(folder: Path) -> list[str]:
    """Return every text file of a recording."""
    return [
        one.read_text("utf-8", "replace") for one in folder.rglob("*") if one.is_file() and one.name != "expected.json"
    ]


@pytest.mark.parametrize("folder", [pytest.param(one, id=one.name) for one in FOLDERS])
def test_every_mac_is_made_up(folder: Path) -> None:
    """MACs are locally administered or those that RFC 7042 keeps for documentation."""
    found = {mac for text in texts(folder) for mac in _MAC.findall(text)}

    assert [mac for mac in sorted(found) if not is_made_up(mac)] == []


@pytest.mark.parametrize("folder", [pytest.param(one, id=one.name) for one in FOLDERS])
def test_every_serial_is_made_up(folder: Path) -> None:
    """Serials begin with TEST, or are the placeholders that a recording is about."""
    said: dict[str, Any] = json.loads((folder / "machine.json").read_text("utf-8"))
    files = {path: text.strip() for path, text in said.get("files", {}).items() if _SERIAL_FILE.search(path)}
    printed = [serial for text in texts(folder) for serial in _SERIAL_FIELD.findall(text.replace('\\"', '"'))]
    found = {*files.values(), *map(str.strip, printed)}

    assert [one for one in sorted(found) if one not in _NO_SERIALS and not one.lstrip("/").startswith("TEST")] == []


def test_a_real_looking_mac_would_be_found() -> None:
    """The search finds a maker's address in a text."""
    assert [is_made_up(mac) for mac in _MAC.findall("ether d8:cb:8a:12:34:56 and 02:00:00:00:00:01")] == [False, True]
