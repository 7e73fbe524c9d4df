"""What is due, as pure functions of two clocks.

Periods are counted on a clock that nobody sets and that runs on while the machine sleeps (``elapsed``); the time of day
(``wall``) only shows that somebody set the clock. At the start everything is due: a disk may be a clone's or frozen,
so what it says of earlier runs is not believed.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

WAKE_SECONDS = 60.0
"""The daemon wakes this often, so that sleep and clock jumps are noticed."""

SLEPT_AFTER_SECONDS = 5 * WAKE_SECONDS
JUMP_SECONDS = 120.0
"""The two clocks may drift apart by less than this between two wake-ups: a slow correction is no jump."""

SPREAD_SECONDS = 300.0
"""PCs that are switched on together, or woken together, report at random times within so long."""

LEAST_BETWEEN_REPORTS_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, on both clocks, in seconds."""

    elapsed: float
    wall: float


def moment() -> Moment:
    """Return now."""
    elapsed = time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
    return Moment(elapsed, time.time())


class Jump(StrEnum):
    """What happened between two wake-ups."""

    SLEPT = "slept"
    CLOCK_SET = "clock_set"


@dataclass(frozen=True, slots=True)
class Entry:
    """How often a table is collected, and whether it has fields that change all the time."""

    table: str
    every_seconds: int
    volatile: bool = False


@dataclass(frozen=True, slots=True)
class Schedule:
    """Where the schedule stands. ``ran`` and ``report_at`` are on the elapsed clock."""

    ran: Mapping[str, float] = field(default_factory=dict)
    seen: Moment | None = None
    report_at: float | None = None
    reported: float | None = None


def jump(before: Moment | None, now: Moment) -> Jump | None:
    """Return what happened since the last wake-up, if anything: set clocks outrank sleep."""
    if before is None:
        return None
    elapsed = now.elapsed - before.elapsed
    if elapsed < 0 or abs(now.wall - before.wall - elapsed) > JUMP_SECONDS:
        return Jump.CLOCK_SET
    return Jump.SLEPT if elapsed > SLEPT_AFTER_SECONDS else None


def wake(schedule: Schedule, now: Moment, spread: float, luck: float) -> Schedule:
    """
    Return the schedule as it stands at a wake-up; ``luck`` is a random number from 0 up to 1.

    After the clock was set everything is due: the times of the last facts were told by a wrong clock. After sleep the
    report gets a new random time, since the PCs of a room wake together.
    """
    what = jump(schedule.seen, now)
    at = schedule.report_at
    if at is None or what is Jump.CLOCK_SET or (what is Jump.SLEPT and at <= now.elapsed):
        at = now.elapsed + spread * luck
    return replace(schedule, seen=now, report_at=at, ran={} if what is Jump.CLOCK_SET else schedule.ran)


def due(schedule: Schedule, entries: Iterable[Entry], now: Moment) -> list[str]:
    """Return the tables to collect now. What was missed while the machine slept is due once."""
    return [
        entry.table
        for entry in entries
        if entry.table not in schedule.ran
        or not 0 <= now.elapsed - schedule.ran[entry.table] < entry.every_seconds - WAKE_SECONDS / 2
    ]


def collected(schedule: Schedule, tables: Iterable[str], now: Moment) -> Schedule:
    """Return the schedule after tables were collected. They ran at the wake-up, so what is together stays so."""
    return replace(schedule, ran={**schedule.ran, **dict.fromkeys(tables, now.elapsed)})


def again(schedule: Schedule, table: str) -> Schedule:
    """Return a schedule by which a table is due now."""
    return replace(schedule, ran={one: ran for one, ran in schedule.ran.items() if one != table})


def report_due(schedule: Schedule, now: Moment) -> bool:
    """Return whether it is time to report."""
    return schedule.report_at is not None and schedule.report_at <= now.elapsed


def reported(schedule: Schedule, now: Moment, every: float) -> Schedule:
    """Return the schedule after a report was made: the next one keeps this PC's place within the period."""
    at = now.elapsed + every
    if schedule.report_at is not None and now.elapsed < schedule.report_at + every < at:
        at = schedule.report_at + every
    return replace(schedule, report_at=at, reported=now.elapsed)


def paced(schedule: Schedule, now: Moment, every: float) -> Schedule:
    """Return the schedule under a new period: the next report is no farther away than that."""
    if schedule.report_at is None:
        return schedule
    return replace(schedule, report_at=min(schedule.report_at, now.elapsed + every))


def hurry(schedule: Schedule, now: Moment) -> Schedule:
    """Return the schedule with a report soon, since the hub lacks something: at most one in five minutes."""
    earliest = now.elapsed
    if schedule.reported is not None:
        earliest = max(earliest, schedule.reported + LEAST_BETWEEN_REPORTS_SECONDS)
    at = earliest if schedule.report_at is None else min(earliest, schedule.report_at)
    return replace(schedule, report_at=at)


def sleep_seconds(schedule: Schedule, now: Moment, backoff_until: float | None = None) -> float:
    """Return how long to sleep: a wake-up's length, less where a report stands before that."""
    ends = [now.elapsed + WAKE_SECONDS]
    ends += [at for at in (schedule.report_at, backoff_until) if at is not None and at > now.elapsed]
    return min(ends) - now.elapsed
