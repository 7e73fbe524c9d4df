"""What holds for the facts of any machine, over every recording and over this one."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from collectors.facts import Outcome, table_of
from collectors.host import for_system
from collectors.run import Section, run
from collectors.sources.linux import LiveLinux
from collectors.sources.recording import open_recording

RECORDINGS = Path(__file__).with_name("recordings")
NAMES = sorted(one.parent.name for one in RECORDINGS.glob("*/machine.json"))
HARDWARE = (
    "battery device disk graphics memory_module monitor network_interface printer processor usb_device volume".split()  # noqa: SIM905 - words
)

MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
USB_NUMBER = re.compile(r"[0-9a-f]{4}")
NOT_KNOWN = {"", "-1", "unknown serial", "To Be Filled By O.E.M.", "Not Specified", "Default string"}


def above(least: int) -> Callable[[Any], bool]:
    """Return a test of numbers."""
    return lambda value: isinstance(value, int) and value > least


def like(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    """Return a test of texts."""
    return lambda value: bool(pattern.fullmatch(value))


# What a column's values must be where they are not null; a column that is not here has its type to hold.
COLUMNS: dict[str, dict[str, Callable[[Any], bool]]] = {
    "battery": {"design_mwh": above(0), "full_mwh": above(0), "cycles": above(0)},
    "device": {"hostname": bool, "uuid": like(UUID)},
    "disk": {"size_bytes": above(0), "powered_on_hours": above(-1)},
    "graphics": {"memory_bytes": above(0), "name": bool},
    "memory_module": {"size_bytes": above(1023), "speed_mhz": above(0)},
    "monitor": {"year": lambda year: 1990 < year < 2200, "width_cm": above(0), "height_cm": above(0)},
    "network_interface": {"mac": like(MAC), "permanent_mac": like(MAC), "speed_mbps": above(0)},
    "printer": {"port": lambda port: "@" not in port and "?" not in port},
    "processor": {"cores": above(0), "threads": above(0), "max_mhz": above(0), "model": bool},
    "usb_device": {"vendor_id": like(USB_NUMBER), "product_id": like(USB_NUMBER)},
    "volume": {
        "size_bytes": above(0),
        "free_bytes": above(-1),
        "mount": like(re.compile(r"/.*|[A-Z]:.*|\\\\\?\\Volume\{.*")),
    },
}


def hosts() -> Iterator[Any]:
    """Yield every recording, and this machine as it is."""
    for name in NAMES:
        yield pytest.param(open_recording(RECORDINGS / name), id=name)
    yield pytest.param(LiveLinux(), id="this-machine")


HOSTS = list(hosts())


@pytest.fixture(params=HARDWARE)
def section(request: pytest.FixtureRequest, host: Any) -> Section:
    """Return how the run of one table's collector ended."""
    return run(for_system(host.system)[request.param], host)


@pytest.mark.parametrize("host", HOSTS)
def test_no_value_stands_for_not_known_but_null(section: Section) -> None:
    """A text is never empty nor a placeholder and a number never -1: what is not known is null."""
    for row in section.rows or ():
        for name, value in row.items():
            for one in value if isinstance(value, list) else [value]:
                assert one not in NOT_KNOWN, f"{section.table}.{name}"
                assert one != -1, f"{section.table}.{name}"


@pytest.mark.parametrize("host", HOSTS)
def test_columns_hold_what_they_promise(section: Section) -> None:
    """Sizes are above zero, MACs and UUIDs have their form, addresses hold no password."""
    for row in section.rows or ():
        for name, holds in COLUMNS[section.table].items():
            assert row[name] is None or holds(row[name]), f"{section.table}.{name}: {row[name]!r}"


@pytest.mark.parametrize("host", HOSTS)
def test_the_key_tells_rows_apart(section: Section) -> None:
    """No two rows of a machine have the same key: else the history would mix them up."""
    key = table_of(for_system("linux")[section.table].fact).key
    keys = [tuple(row[name] for name in key) for row in section.rows or ()]

    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("host", HOSTS)
def test_a_field_that_may_not_be_null_is_not(section: Section) -> None:
    """Fields that the class declares without None have a value in every row."""
    fields = table_of(for_system("linux")[section.table].fact).fields
    for row in section.rows or ():
        assert [one.name for one in fields if not one.nullable and row[one.name] is None] == []


@pytest.mark.parametrize("host", HOSTS)
def test_no_run_ends_in_a_bug(section: Section) -> None:
    """A run that fails says what could not be read; it never asks to be reported, whatever the files hold."""
    assert "please report" not in (section.message or "")
    assert (section.rows is None) == (section.outcome is not Outcome.ROWS) == bool(section.message)


def test_this_machine_has_a_device_and_a_processor() -> None:
    """Whatever machine runs this, with SMBIOS or without: it has a name, and a processor with a thread."""
    found = {name: run(for_system("linux")[name], LiveLinux()).rows for name in ("device", "processor")}

    assert found["device"] is not None
    assert len(found["device"]) == 1
    assert found["processor"]
