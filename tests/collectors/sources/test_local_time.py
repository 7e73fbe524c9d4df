"""Times in logs: local, and read as the machine that wrote them meant them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.sources.local_time import LOCALTIME, of_epoch, reader, zone
from tests.collectors.host.machines import machine, recorded

HO_CHI_MINH = recorded("healthy_debian")[0][LOCALTIME]


@pytest.mark.parametrize("text", ["2026-03-02  08:15:00", "2026-03-02T08:15:00", "Mon Mar  2 08:15:00 2026 -> x"])
def test_local_times_become_utc(text: str) -> None:
    """Viet Nam is seven hours ahead; a machine without a zone keeps UTC, as the C library does."""
    assert reader(machine({LOCALTIME: HO_CHI_MINH}))(text) == datetime(2026, 3, 2, 1, 15, tzinfo=UTC)
    assert reader(machine())(text) == datetime(2026, 3, 2, 8, 15, tzinfo=UTC)


@given(st.text())
def test_any_other_text_is_no_time(text: str) -> None:
    """None, never an error."""
    read = reader(machine())(text)
    assert read is None or isinstance(read, datetime)


@pytest.mark.parametrize(
    "text", ["", "2026-02-30 08:15:00", "Mon Mrz  2 08:15:00 2026", "0000-00-00 00:00:00", "yesterday"]
)
def test_a_time_that_cannot_be_is_none(text: str) -> None:
    """A day that no calendar has is no time."""
    assert reader(machine())(text) is None


@settings(max_examples=300)
@given(st.binary(max_size=200) | st.integers(0, len(HO_CHI_MINH)).map(lambda end: HO_CHI_MINH[:end]))
def test_a_damaged_zone_is_utc(data: bytes) -> None:
    """Logs are still read."""
    assert zone(machine({LOCALTIME: data})) is not None


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers())
def test_seconds_that_no_calendar_has_are_none(seconds: float) -> None:
    """And so are those before 1970, which a broken clock writes."""
    moment = of_epoch(seconds)
    assert moment is None or moment.timestamp() == int(seconds)
