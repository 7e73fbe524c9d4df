"""Frozen disks: what takes updates back at each start. Made by hand: no real one was recorded."""

from typing import Any

import pytest

from tests.collectors.host.windows_pcs import message, pc, rows, services

STATUS = r"HKLM\SOFTWARE\WOW6432Node\Faronics\Deep Freeze 6"


@pytest.mark.parametrize(
    ("word", "state"),
    [("Frozen", "frozen"), ("Thawed", "thawed"), ("Thawed and Locked", "thawed"), ("?", None), (None, None)],
)
def test_deep_freeze_tells_its_state(word: str | None, state: str | None) -> None:
    """A word that nobody knows is unknown, neither frozen nor thawed."""
    keys: dict[str, dict[str, Any]] = services(DeepFrz=0, DFServ=2)
    if word is not None:
        keys[STATUS] = {"DF Status": word}
    assert rows("frozen_disk", pc(keys)) == [{"product": "deep_freeze", "state": state, "thaw_window": None}]


@pytest.mark.parametrize(("enabled", "state"), [("TRUE", "frozen"), ("FALSE", "thawed"), (None, None)])
def test_the_write_filter_of_windows(enabled: str | None, state: str | None) -> None:
    """UWF_Filter tells whether the filter is on now."""
    host = pc(services(uwfvol=0), {"UWF_Filter": [{"CurrentEnabled": enabled}]})
    assert [(row["product"], row["state"]) for row in rows("frozen_disk", host)] == [("uwf", state)]


def test_shadow_defender_is_there_and_says_nothing() -> None:
    """Its driver shows that it is installed."""
    assert [(row["product"], row["state"]) for row in rows("frozen_disk", pc(services(diskpt=0)))] == [
        ("shadow_defender", None)
    ]


def test_none_is_known_by_the_whole_list_of_services() -> None:
    """Some exported services are no list: then nobody knows."""
    assert rows("frozen_disk", pc(services(Spooler=2))) == []
    assert "services" in message("frozen_disk", pc({r"HKLM\SYSTEM\CurrentControlSet\Services\Spooler": {"Start": 2}}))
