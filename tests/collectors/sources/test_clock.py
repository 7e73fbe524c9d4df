"""The clock, by one question to a time server."""

import socket
import struct
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.sources import clock
from tests.collectors.host.machines import machine
from tests.collectors.host.machines import rows as linux_rows
from tests.collectors.host.windows_pcs import SERVICES, pc, rows

_1970 = 2_208_988_800


def answer(at: float, *, mode: int = 0x24, stratum: int = 2) -> bytes:
    """Return what a server says whose clock shows this time, in seconds since 1970."""
    whole, fraction = int(at) + _1970, int(at % 1 * (1 << 32))
    times = [whole % (1 << 32), fraction] * 4
    return struct.pack("!BBBb11I", mode, stratum, 6, -20, 0, 0, 0, *times)


@pytest.mark.parametrize(("ahead", "took"), [(0.0, 0.5), (75.25, 0.5), (-3600.0, 0.0)])
def test_the_difference_of_both_clocks(ahead: float, took: float) -> None:
    """The way there and back counts half on each side."""
    now = 1_772_400_000.0
    found = clock.parse(answer(now + took / 2), now + ahead, now + took + ahead)
    assert found == pytest.approx(ahead, abs=0.001)


def test_the_numbers_begin_anew_in_2036() -> None:
    """Seconds since 1900 no longer fit; the nearest era is meant."""
    now = 2_100_000_000.0
    assert clock.parse(answer(now), now, now) == pytest.approx(0, abs=0.001)


@pytest.mark.parametrize(
    "said",
    [b"", b"x" * 47, answer(1.0, mode=0xE4), answer(1.0, mode=0x23), answer(1.0, stratum=0), answer(1.0, stratum=16)],
)
def test_what_is_no_answer(said: bytes) -> None:
    """Too short, a server that does not know the time itself, a client's packet, a refusal."""
    assert clock.parse(said, 1.0, 1.0) is None


@given(said=st.binary(max_size=80), sent=st.floats(0, 1e10), took=st.floats(0, 10))
def test_any_bytes_are_an_answer_or_none(said: bytes, sent: float, took: float) -> None:
    """Nothing that comes breaks the reader."""
    found = clock.parse(said, sent, sent + took)
    assert found is None or isinstance(found, float)


def test_a_server_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over UDP, and once."""
    import time

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        monkeypatch.setattr(clock, "PORT", server.getsockname()[1])

        def serve() -> None:
            _, who = server.recvfrom(512)
            server.sendto(answer(time.time() - 90), who)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        assert clock.offset("127.0.0.1") == pytest.approx(90, abs=5)
        thread.join(5)


def test_no_answer_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that does not resolve, and a server that is silent: nobody knows, and nobody waits for long."""
    monkeypatch.setattr(clock, "TIMEOUT_SECONDS", 0.1)
    with pytest.raises(OSError):  # noqa: PT011 - its words are the system's
        clock.offset("nowhere.invalid")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        monkeypatch.setattr(clock, "PORT", silent.getsockname()[1])
        with pytest.raises(TimeoutError):
            clock.offset("127.0.0.1")


def test_the_offset_is_a_setting_where_it_is_known() -> None:
    """In whole seconds, by the server that the PC asks itself; where none answers there is no such row."""
    server = {rf"{SERVICES}\W32Time\Parameters": {"Type": "NTP", "NtpServer": "time.windows.com,0x9"}}
    said = {row["name"]: row["value"] for row in rows("setting", pc(server, clock_offset=75.6))}
    assert said["clock_offset_seconds"] == "76"
    assert "clock_offset_seconds" not in {row["name"] for row in rows("setting", pc(server))}
    assert "clock_offset_seconds" not in {row["name"] for row in rows("setting", pc(clock_offset=1))}
    chrony = machine({"/etc/chrony/chrony.conf": "pool 2.debian.pool.ntp.org iburst\n"}, clock_offset=-0.3)
    assert {row["name"]: row["value"] for row in linux_rows("setting", chrony)}["clock_offset_seconds"] == "0"
