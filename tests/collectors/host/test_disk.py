"""A disk's health is its own verdict, and what disks show before they fail."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.host.disk import Health, health, linux
from collectors.run import run
from collectors.sources.recording import RecordedLinux


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
