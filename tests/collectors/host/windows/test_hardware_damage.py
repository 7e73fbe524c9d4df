"""Whatever a Windows or a recording of one says, a collector ends in rows or says what is wrong; it never breaks."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.facts import Collector, Outcome, table_of
from collectors.host import for_system
from collectors.identifiers import identifiers
from collectors.run import run
from collectors.sources.registry import RegistryKey
from collectors.sources.windows import NoSuchClass
from collectors.sources.windows_recording import RecordedWindows
from tests.collectors.host.test_damage import damaged

TABLES = (
    *("battery", "device", "disk", "graphics", "memory_module", "monitor", "network_interface", "operating_system"),
    *("printer", "processor", "usb_device", "volume"),
)
RECORDINGS = Path(__file__).parents[1] / "recordings"
MINE = ("windows_laptop", "windows_lab", "windows_stick")

# What WMI may hand over in place of anything: live values have types, those of dumps are all text.
WORDS = st.sampled_from(
    [
        *(
            "",
            " ",
            "0",
            "1",
            "-1",
            "3",
            "TRUE",
            "4294967295",
            "9223372036854775807",
            "1e9",
            "x\0y",
            "á" * 300,
            "C:",
            "E:\\",
        ),
        *(
            "PCI\\VEN_8086\\1",
            "USB\\VID_04E8&PID_6860\\TEST",
            "USB\\VID_046D&PID_C077&MI_00\\5&1",
            "SCSI\\DISK&VEN_NVME\\1",
        ),
        *(
            "20260302081500.000000+420",
            "99999999999999.999999+999",
            "02:00:00:00:00:01",
            "255.255.255.255",
            "fe80::1%3",
        ),
        *("{603eeb71-3202-4b56-86e9-46e56b970dce}", "\ud800", "DISPLAY\\A\\1_0", "PhysicalDrive0"),
    ]
)
NUMBERS = st.integers(-(2**33), 2**66)
PLAIN = st.none() | st.booleans() | WORDS | NUMBERS | st.floats()
ANYTHING = PLAIN | st.lists(PLAIN, max_size=6) | st.dictionaries(st.sampled_from(["value", "x"]), PLAIN, max_size=2)
STORED = st.none() | WORDS | st.integers(0, 2**64 - 1) | st.binary(max_size=200) | st.tuples(WORDS, WORDS)


class AnyWindows:
    """A Windows that answers each question with whatever is drawn, and refuses some."""

    system = "windows"
    probes = ()

    def __init__(self, data: st.DataObject) -> None:
        self._draw = data.draw
        self._now = RecordedWindows(RECORDINGS / MINE[0]).now()
        self.is_root = self.is_server = self.is_lab = bool(data.draw(st.booleans()))

    def now(self) -> Any:
        """Return a time."""
        return self._now

    def hostname(self) -> str:
        """Return a name."""
        return "PM1-05"

    def _may_refuse(self) -> None:
        error = self._draw(
            st.sampled_from([None] * 9 + [PermissionError(13, "x", "root\\x"), OSError(5, "x", "HKLM\\x")])
        )
        if error is not None:
            raise error

    def wmi(self, namespace: str, class_name: str, *properties: str, where: str | None = None) -> list[dict[str, Any]]:
        """Return up to three instances."""
        self._may_refuse()
        if self._draw(st.integers(0, 12)) == 0:
            raise NoSuchClass(f"{namespace}:{class_name}{where}")
        return self._draw(st.lists(st.fixed_dictionaries(dict.fromkeys(properties, ANYTHING)), max_size=3))

    def registry(self, key: str, *, wow64: bool = False) -> RegistryKey | None:  # noqa: ARG002 - any key has anything
        """Return a key with every name that a collector could ask for."""
        self._may_refuse()
        if wow64 or self._draw(st.booleans()):
            return None
        names = (
            "edid locationinformation driverdesc ubr editionid installtime installdate csdversion displayversion port"
        )
        values = self._draw(st.dictionaries(st.sampled_from(names.split()), STORED, max_size=4))
        return RegistryKey(
            values, tuple(self._draw(st.lists(st.sampled_from(["0", "1", "{x}"]), max_size=2, unique=True)))
        )

    def firmware(self) -> bytes:
        """Return bytes."""
        self._may_refuse()
        return self._draw(st.binary(max_size=120))


def expect_no_bug(collector: Collector, host: Any) -> None:
    """Run a collector: it must end in a way that people can read, with rows of different keys."""
    section = run(collector, host)
    assert section.outcome in {Outcome.ROWS, Outcome.FAILED, Outcome.NOT_HERE}
    assert "please report" not in (section.message or "")
    key = table_of(collector.fact).key
    keys = [tuple(row[name] for name in key) for row in section.rows or ()]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("table", TABLES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_any_answer_ends_in_rows_or_in_a_sentence(table: str, data: st.DataObject) -> None:
    """Odd types, absent classes, refusals in the midst: no bug, and no two rows of one key."""
    expect_no_bug(for_system("windows")[table], AnyWindows(data))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_identifiers_are_credible_or_null(data: st.DataObject) -> None:
    """Whatever WMI says, an identifier is a text of a bounded length, or there is none."""
    for value in identifiers(AnyWindows(data)).values():  # type: ignore[arg-type] # drawn, not declared
        assert value is None or isinstance(value, list) or len(value) <= 64


FILES = [path for name in MINE for path in sorted((RECORDINGS / name).iterdir()) if path.name != "expected.json"]


def copies(data: st.DataObject) -> Iterator[RecordedWindows]:
    """Yield a recording with one to three of its files damaged, where it is still one."""
    name = data.draw(st.sampled_from(MINE))
    paths = [path for path in FILES if path.parent.name == name]
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            shutil.copyfile(path, Path(folder) / path.name)
        for path in data.draw(st.lists(st.sampled_from(paths), min_size=1, max_size=3, unique=True)):
            (Path(folder) / path.name).write_bytes(data.draw(damaged(path.read_bytes())))
        try:
            yield RecordedWindows(Path(folder))
        except ValueError as why:
            assert "recording" in str(why)  # noqa: PT017 - the sentence is what is tested


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_damaged_dumps_end_in_rows_or_in_a_sentence(data: st.DataObject) -> None:
    """Cut, doubled, foreign or full of rubbish: an error for the tables that need it, the others as they were."""
    for host in copies(data):
        for table in TABLES:
            expect_no_bug(for_system("windows")[table], host)


def test_twenty_thousand_instances_are_read(tmp_path: Path) -> None:
    """A dump of any length is read once, and no table grows beyond what it holds."""
    one = (
        'DeviceID=USB\\VID_046D&PID_C077\\5&amp;{0}&amp;0\r\nCompatibleID={{"USB\\Class_03"}}\r\nService=HidUsb\r\n\r\n'
    )
    text = "".join(one.format(number) for number in range(20000))
    (tmp_path / "Win32_PnPEntity.wmi").write_bytes(text.encode("utf-16"))
    section = run(for_system("windows")["usb_device"], RecordedWindows(tmp_path))
    assert len(section.rows or ()) == 20000
    assert section.duration_seconds < 10
