"""In which hours a lab PC was in use: no names, no programs, nothing of what was done."""

import struct
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Annotated

from collectors.facts import Failed, NotHere, collector, fact
from collectors.host.setting import automatic_login, windows_automatic_login
from collectors.sources.linux import Linux
from collectors.sources.local_time import of_epoch
from collectors.sources.windows import SessionEvent, Windows

DAYS = 7
_Span = tuple[int, int]


@fact(
    key="hour",
    why="To see how much the labs are used, lab PCs only (target lab-use)",
    history=False,  # each hour is news
)
class Usage:
    """One past hour in which somebody used the PC. An hour without a row was not used, or the PC was off."""

    hour: Annotated[datetime, "The start of the hour, UTC"]
    active_seconds: Annotated[int, "So many seconds of it was somebody signed in at the PC itself"]
    includes_idle: Annotated[bool, "True: time in which nobody touched the signed-in PC could not be taken off"]


@collector(every="1h", within="10s")
def linux(host: Linux) -> Iterator[Usage]:
    """Add up the sessions of the last 7 days in wtmp(5), whole hours only, those over the network left out.

    Nothing of this PC watches keys or screens, so a pupil who left without signing out counts until the PC goes off:
    ``includes_idle`` says so. A session whose end was not written (the plug was pulled) ends with the last thing that
    was; one of more than a day is a clock that jumped, and counts for nothing. Where the PC signs in by itself, being
    signed in says nothing of use, and Debian 13 writes no wtmp any more: both are failures, not hours of nothing.
    """
    if not host.is_lab:
        raise NotHere("this PC is not set up as one of a computer lab, and of no other are the hours of use collected")
    if automatic_login(host)[0]:
        raise Failed("this PC signs in by itself, so that somebody is signed in does not show that it is used")
    data = b"".join(host.read_bytes(path) for path in ("/var/log/wtmp.1", "/var/log/wtmp") if host.exists(path))
    if not host.exists("/var/log/wtmp"):
        raise Failed("this system writes no /var/log/wtmp, and nothing else tells of sessions that are over")
    yield from _used(_sessions(data, host.now()), host.now())


@collector(every="1h", within="30s")
def windows(host: Windows) -> Iterator[Usage]:
    """Add up the sessions of the last 7 days by the system's event log, whole hours only, as on Linux.

    Winlogon writes there when somebody signs in or out, without a name; starts and stops of the PC end what they cut.
    """
    if not host.is_lab:
        raise NotHere("this PC is not set up as one of a computer lab, and of no other are the hours of use collected")
    if windows_automatic_login(host)[0]:
        raise Failed("this PC signs in by itself, so that somebody is signed in does not show that it is used")
    now = host.now()
    events = host.session_events(now - timedelta(days=DAYS + 1))
    yield from _used(_spans(events, now), now)


def _spans(events: Iterable[SessionEvent], now: datetime) -> Iterator[_Span]:
    """Yield (start, end) of each time in which somebody was signed in. A start of the PC shows that an end was lost."""
    since: int | None = None
    last = 0
    for event in sorted(events, key=lambda one: one.at):
        at = int(event.at.timestamp())
        if event.kind == "sign_in" and since is None:
            since = at
        elif event.kind in {"sign_out", "stop"} and since is not None:
            yield since, at
            since = None
        elif event.kind == "start" and since is not None:
            yield since, max(last, since)
            since = None
        last = at
    if since is not None:
        yield since, int(now.timestamp())


def _used(spans: Iterator[_Span], now: datetime) -> Iterator[Usage]:
    end = now.replace(minute=0, second=0, microsecond=0)
    start = end - timedelta(days=DAYS)
    hours: dict[datetime, int] = {}
    for hour, seconds in _by_hour(_merged(spans), start, end):
        hours[hour] = hours.get(hour, 0) + seconds
    for hour, seconds in sorted(hours.items()):
        yield Usage(hour=hour, active_seconds=seconds, includes_idle=True)


# struct utmp of glibc on 64 bit: type, process, line, id, user, host, exit status, session, seconds, microseconds,
# address, and 20 bytes that nobody uses.
_RECORD = struct.Struct("<hxxi32s4s32s256shhiII16s20x")
_LONGEST_SECONDS = 86400
_BOOT, _RUN_LEVEL, _USER, _DEAD = 2, 1, 7, 8


def _sessions(data: bytes, now: datetime) -> Iterator[_Span]:
    """Yield (start, end) of each session at the PC itself, in seconds since 1970.

    Raises Failed where a time lies in the future or before 1970's first day: then the rest can't be trusted either.
    """
    if len(data) % _RECORD.size:
        raise Failed("/var/log/wtmp is no whole number of records: it is damaged, or of another kind of processor")
    open_since: dict[bytes, int] = {}
    last = 0
    for kind, _, line, _, user, source, _, _, _, at, _, _ in _RECORD.iter_unpack(data):
        if of_epoch(at) is None or at > now.timestamp() + 86400 or not 0 <= kind <= _DEAD + 1:
            raise Failed("/var/log/wtmp holds times or kinds that can't be: it is damaged")
        name = line.rstrip(b"\0")
        is_shutdown = kind == _RUN_LEVEL and user.rstrip(b"\0") == b"shutdown"
        if kind == _BOOT or is_shutdown:
            for since in open_since.values():
                yield since, at if is_shutdown else max(last, since)
            open_since = {}
        elif kind == _USER and (not source.rstrip(b"\0") or source.startswith(b":")):
            open_since.setdefault(name, at)
        elif kind == _DEAD and name in open_since:
            yield open_since.pop(name), at
        last = at
    for since in open_since.values():
        yield since, int(now.timestamp())


def _merged(spans: Iterator[_Span]) -> Iterator[_Span]:
    """Yield the times in which at least one session was open, each once."""
    end = 0
    for since, until in sorted(spans):
        if until > end and until - since <= _LONGEST_SECONDS:
            yield max(since, end), until
            end = until


def _by_hour(spans: Iterator[_Span], start: datetime, end: datetime) -> Iterator[tuple[datetime, int]]:
    first, last = int(start.timestamp()), int(end.timestamp())
    for since, until in spans:
        at, stop = max(since, first), min(until, last)
        while at < stop:
            turn = min(stop, at - at % 3600 + 3600)
            yield datetime.fromtimestamp(at - at % 3600, start.tzinfo), turn - at
            at = turn
