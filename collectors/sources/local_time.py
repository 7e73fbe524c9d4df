"""Times as logs have them: local, without their zone, in English words."""

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo

from collectors.sources.files import content
from collectors.sources.linux import Linux

LOCALTIME = "/etc/localtime"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)[ T]+(\d\d):(\d\d):(\d\d)")
_CTIME = re.compile(r"\w{3} (\w{3}) +(\d{1,2}) (\d\d):(\d\d):(\d\d) (\d{4})")


def zone(host: Linux) -> tzinfo:
    """Return the machine's time zone: UTC where it has set none, as the C library does."""
    data = content(host, LOCALTIME)
    if data is None:
        return UTC
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo.from_file(_Whole(data))
    except Exception:  # noqa: BLE001 - seen of damaged files: EOFError, struct.error, AssertionError; none is documented
        return UTC


class _Whole(io.BytesIO):
    """A file that refuses to read beyond its end: zoneinfo looks for the end of a cut one forever (Python 3.11)."""

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        if size is not None and len(found) < size:
            raise EOFError
        return found


def reader(host: Linux) -> Callable[[str], datetime | None]:
    """Return what reads '2026-03-02  08:15:00' or 'Mon Mar  2 08:15:00 2026' at the start of a text, to UTC."""
    here = zone(host)

    def read(text: str) -> datetime | None:
        try:
            if found := _ISO.match(text):
                return utc(datetime(*(int(one) for one in found.groups()), tzinfo=here))  # type: ignore[arg-type,misc]
            if (found := _CTIME.match(text)) and found[1] in _MONTHS:
                month, (day, hour, minute, second, year) = _MONTHS.index(found[1]) + 1, map(int, found.groups()[1:])
                return utc(datetime(year, month, day, hour, minute, second, tzinfo=here))
        except (ValueError, OverflowError):
            return None
        return None

    return read


def month(name: str) -> int | None:
    """Return the number of a month's English short name."""
    return _MONTHS.index(name) + 1 if name in _MONTHS else None


def utc(moment: datetime) -> datetime:
    """Return a time in UTC, in whole seconds."""
    return moment.astimezone(UTC).replace(microsecond=0)


def of_epoch(seconds: float) -> datetime | None:
    """Return the time of so many seconds since 1970; None where no calendar has it."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC) if seconds > 0 else None
    except (ValueError, OverflowError, OSError):
        return None
