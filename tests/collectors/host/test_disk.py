"""A disk's health is its own verdict, and what disks show before they fail."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.host.disk import Health, health, linux
from collectors.run import run
from collectors.sources.recording import RecordedLinux
from collectors.sources.windows_disks import unswapped
from tests.collectors.host import windows_pcs


def ata(*table: dict[str, Any], passed: Any = True) -> dict[str, Any]:
    """Return what smartctl says of a SATA disk."""
    return {"smart_status": {"passed": passed}, "ata_smart_attributes": {"table": list(table)}}


def attribute(number: int, raw: int, when_failed: str = "") -> dict[str, Any]:
    """Return one line of a disk's table."""
    return {"id": number, "when_failed": when_failed, "raw": {"value": raw}}


def nvme(**log: int) -> dict[str, Any]:
    """Return what smartctl says of an NVMe disk, healthy but for some values."""
    healthy = {"available_spare": 100, "available_spare_threshold": 10, "percentage_used": 5, "media_errors": 0}
    return {"smart_status": {"passed": True}, "nvme_smart_health_information_log": {**healthy, **log}}


@pytest.mark.parametrize(
    ("smart", "expected"),
    [
        pytest.param(ata(attribute(5, 0), attribute(9, 40000)), Health.OK, id="old-and-well"),
        pytest.param(ata(attribute(5, 1)), Health.WARNING, id="reallocated"),
        pytest.param(ata(attribute(197, 3)), Health.WARNING, id="pending"),
        pytest.param(ata(attribute(1, 200000000)), Health.OK, id="raw-read-errors-mean-nothing"),
        pytest.param(ata(attribute(10, 0, "past")), Health.WARNING, id="fell-below-once"),
        pytest.param(ata(attribute(5, 900), passed=False), Health.FAILING, id="its-own-verdict"),
        pytest.param(nvme(), Health.OK, id="nvme"),
        pytest.param(nvme(percentage_used=100), Health.WARNING, id="nvme-worn-out"),
        pytest.param(nvme(percentage_used=99), Health.OK, id="nvme-nearly"),
        pytest.param(nvme(media_errors=1), Health.WARNING, id="nvme-media-errors"),
        pytest.param(nvme(available_spare=9), Health.WARNING, id="nvme-spare"),
        pytest.param({}, Health.UNKNOWN, id="nothing"),
        pytest.param(ata(attribute(5, 0), passed=None), Health.UNKNOWN, id="no-verdict"),
        pytest.param({"smart_status": None}, Health.UNKNOWN, id="null"),
    ],
)
def test_health(smart: dict[str, Any], expected: Health) -> None:
    """A disk is well only if it says so and shows no bad place; without its verdict the health is unknown."""
    assert expected == health(smart)


def test_a_size_below_nothing_is_not_told() -> None:
    """A damaged file gives no negative number of bytes."""
    host = RecordedLinux(Path(__file__).with_name("recordings") / "desktop")
    host._made["/sys/block/sda/size"] = b"-1"

    assert [row["size_bytes"] for row in run(linux, host).rows or () if row["name"] == "sda"] in ([None], [])


def test_a_stick_makes_no_series() -> None:
    """Each disk of the machine has one series with its health; what can be taken out has none."""
    section = run(linux, RecordedLinux(Path(__file__).with_name("recordings") / "desktop"))

    assert [(name, labels) for name, _, labels, _ in section.samples] == [
        ("baove_disk_health", {"disk": "sda", "health": "ok"}),
        ("baove_disk_health", {"disk": "sdb", "health": "warning"}),
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["passed", "table", "id", "raw", "value", "when_failed"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["smart_status", "ata_smart_attributes", "x"]), JSON, max_size=3))
def test_no_answer_of_smartctl_breaks_it(smart: dict[str, Any]) -> None:
    """Whatever the JSON holds, a disk is never well without having said so."""
    status = smart.get("smart_status")
    said = isinstance(status, dict) and status.get("passed") is True

    assert health(smart) is not Health.OK or said


def windows_health(drive: dict[str, Any], **classes: Any) -> tuple[str, str]:
    """Return kind and health of a Windows PC's only disk."""
    row = {"Index": 0, "Model": "TESTDISK", "MediaType": "Fixed hard disk media", "PNPDeviceID": "IDE\\A\\1", **drive}
    (found,) = windows_pcs.rows("disk", windows_pcs.pc(wmi={"Win32_DiskDrive": [row], **classes}))
    return found["kind"], found["health"]


def physical(**said: Any) -> list[dict[str, Any]]:
    """Return what MSFT_PhysicalDisk says of a healthy SSD, but for some values."""
    return [{"DeviceId": "0", "MediaType": 4, "BusType": 11, "HealthStatus": 0, "OperationalStatus": [2], **said}]


def predicts(*, failure: bool) -> list[dict[str, Any]]:
    """Return what Windows makes of the disk's SMART."""
    return [{"InstanceName": "IDE\\A\\1_0", "PredictFailure": failure}]


@pytest.mark.parametrize(
    ("drive", "classes", "expected"),
    [
        pytest.param({"Status": "OK"}, {"MSFT_PhysicalDisk": physical()}, ("ssd", "ok"), id="well"),
        pytest.param({}, {}, ("unknown", "unknown"), id="says-nothing"),
        pytest.param({"Status": "OK"}, {}, ("unknown", "ok"), id="windows-7"),
        pytest.param({"Status": "Pred Fail"}, {}, ("unknown", "failing"), id="windows-7-dying"),
        pytest.param(
            {"Status": "OK"},
            {"MSFT_PhysicalDisk": physical(), "MSStorageDriver_FailurePredictStatus": predicts(failure=True)},
            ("ssd", "failing"),
            id="predicted",
        ),
        pytest.param({}, {"MSFT_PhysicalDisk": physical(HealthStatus=1)}, ("ssd", "warning"), id="warning"),
        pytest.param({}, {"MSFT_PhysicalDisk": physical(HealthStatus=2)}, ("ssd", "failing"), id="unhealthy"),
        pytest.param({}, {"MSFT_PhysicalDisk": physical(HealthStatus=5)}, ("ssd", "unknown"), id="unknown"),
        pytest.param({}, {"MSFT_PhysicalDisk": physical(OperationalStatus=[5])}, ("ssd", "failing"), id="state-5"),
        pytest.param({}, {"MSFT_PhysicalDisk": physical(MediaType=3, SpindleSpeed=7200)}, ("hdd", "ok"), id="turning"),
        pytest.param({}, {"MSFT_PhysicalDisk": physical(MediaType=0, BusType=17)}, ("nvme", "ok"), id="nvme"),
        pytest.param({}, {"MSFT_PhysicalDisk": physical(BusType=7)}, ("removable", "unknown"), id="external"),
        pytest.param(
            {},
            {
                "MSFT_PhysicalDisk": physical(),
                "MSFT_StorageReliabilityCounter": [{"DeviceId": "0", "Wear": 100, "ReadErrorsUncorrected": 0}],
            },
            ("ssd", "warning"),
            id="worn-out",
        ),
    ],
)
def test_health_on_windows(drive: dict[str, Any], classes: dict[str, Any], expected: tuple[str, str]) -> None:
    """Any witness of a failure is enough; well is only what somebody said to be."""
    assert windows_health(drive, **classes) == expected


def test_the_same_bad_places_warn_on_windows() -> None:
    r"""The disk's own SMART table, as root\wmi hands it over, is read like smartctl's."""
    table = [16, 0, *(5, 51, 0, 100, 100, 3, 0, 0, 0, 0, 0, 0), *(9, 50, 0, 95, 95, 0x10, 0x27, 0, 0, 0, 0, 0)]
    data = [{"InstanceName": "ide\\a\\1_0", "VendorSpecific": table + [0] * (512 - len(table))}]
    classes = {"MSFT_PhysicalDisk": physical(), "MSStorageDriver_FailurePredictData": data}
    assert windows_health({"Status": "OK"}, **classes) == ("ssd", "warning")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("42566332666666303539622d6632643731622031", "VB2cff0f95-b2f7db11"),
        ("2020202057202d44435731433041334133353637", "WD-WCC1A0A35376"),
        ("WD-WCC1A0A35376", "WD-WCC1A0A35376"),
        ("0123456789abcdef", "0123456789abcdef"),
        ("S3Z8NB0K123456", "S3Z8NB0K123456"),
    ],
)
def test_a_swapped_serial_comes_right(said: str, expected: str) -> None:
    """Windows 7 gives hexadecimal digits with every two letters swapped; what gives no letters is left as it is."""
    assert unswapped(said) == expected
