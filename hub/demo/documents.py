"""The reports of the made-up school's PCs: the same documents that real agents send, made when they are due."""

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from collectors.facts import Outcome, digest, plain, table_of, utc_text
from collectors.host import collectors
from hub.demo import condition, hardware
from hub.demo.calendar import Calendar, read_calendar
from hub.demo.condition import At
from hub.demo.pcs import Life, Pc, ago, lives
from hub.tables import FACTS

SEED = 20262027
AGENT_VERSION = "0.1.0"
DAYS, SCHOOL_DAYS = 40, 20
"""The story covers so many days, and more where fewer school days than that lie within them: after a summer."""

EARLY = timedelta(hours=1)
"""A table is collected so much before its period is over, since reports do not come to the minute."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A report that is due: when, of which agent, and whether the PC was just switched on."""

    moment: datetime
    agent: "Agent"
    starts: bool


@dataclass(slots=True)
class Agent:
    """The agent of one PC: what it remembers from report to report."""

    life: Life
    today: date
    calendar: Calendar
    seed: int
    stream: str = ""
    sequence: int = 0
    started_at: datetime | None = None
    heard_on: date | None = None
    digests: dict[str, str] = field(default_factory=dict)
    collected: dict[str, datetime] = field(default_factory=dict)

    def report(self, moment: datetime, *, starts: bool) -> dict[str, Any]:
        """Return the report of a moment. A PC that was just switched on begins a new stream."""
        chance = random.Random(f"{self.seed} {self.life.now.number} {moment.isoformat()}")  # noqa: S311 - made up
        today = self.calendar.local(moment).date()
        since, pc = self.life.on(today)
        if starts or self.started_at is None:
            self.stream, self.sequence = f"{chance.getrandbits(128):032x}", 0
            self.started_at = moment - timedelta(seconds=chance.randint(50, 110))
        self.sequence += 1
        is_first_today = self.heard_on != today
        self.heard_on = today
        at = At(pc, since, moment, self.started_at, self.today, self.calendar, chance)
        whole: dict[str, Any] = {}
        unchanged: dict[str, Any] = {}
        missing: list[dict[str, Any]] = []
        collected_at = utc_text(moment - timedelta(seconds=12))
        for table in filled():
            last = self.collected.get(table)
            if not starts and last is not None and moment - last < periods()[table] - EARLY:
                continue
            self.collected[table] = moment
            found = section(at, table)
            if isinstance(found, _Missing):
                missing.append(
                    {
                        "table": table, "why": found.outcome.value, "attempted_at": collected_at,
                        "message": found.message,
                    }
                )  # fmt: skip
            elif self.digests.get(table) == found.digest and not (is_first_today and table_of(FACTS[table]).volatile):
                unchanged[table] = {"collected_at": collected_at, "digest": found.digest}
            else:
                whole[table] = {"collected_at": collected_at, "digest": found.digest, "rows": found.rows}
                self.digests[table] = found.digest
        return {
            "format": 1,
            "agent": AGENT_VERSION,
            "stream": self.stream,
            "sequence": self.sequence,
            "sent_at": utc_text(moment),
            "identifiers": identifiers(pc),
            "tables": whole,
            "unchanged": unchanged,
            "missing": missing,
            "metrics_port": None,
        }

    def is_on(self, moment: datetime) -> bool:
        """Say whether the PC would be switched on now."""
        pc = self.life.now
        local = self.calendar.local(moment)
        hour = local.hour + local.minute / 60
        within = pc.runs == "always" or _HOURS[pc.runs] + 1 <= hour <= HOME_TIME
        return within and pc.silent_school_days is None and _runs(pc, self.calendar, local.date())

    def again(self, wanted: Sequence[str]) -> None:
        """Send these tables whole the next time: the hub asked for them."""
        for table in wanted:
            self.digests.pop(table, None)
            self.collected.pop(table, None)


def documents(now: datetime, seed: int = SEED) -> Iterator[tuple[datetime, dict[str, Any]]]:
    """Yield each report up to now with the moment at which it came: always the same for the same now and seed."""
    for due in reports(now, seed):
        yield due.moment, due.agent.report(due.moment, starts=due.starts)


def reports(now: datetime, seed: int = SEED, told_at: datetime | None = None) -> Iterator[Planned]:
    """Yield what is due up to now, in the order of time. The story counts back from ``told_at``, else now."""
    yield from itertools.takewhile(lambda due: due.moment <= now, _planned(now, seed, told_at or now))


def agents(told_at: datetime, seed: int = SEED) -> list[Agent]:
    """Return an agent for each PC of the school, in a story whose days count back from a moment."""
    calendar = read_calendar()
    today = calendar.local(told_at).date()
    return [Agent(life, today, calendar, seed) for life in lives(school_days(calendar, told_at))]


def school_days(calendar: Calendar, told_at: datetime) -> list[date]:
    """Return the school days of the story, up to the day on which it is told."""
    return [day for day in calendar.days(told_at, DAYS, SCHOOL_DAYS) if calendar.is_school_day(day)]


def _planned(now: datetime, seed: int, told_at: datetime) -> Iterator[Planned]:
    calendar = read_calendar()
    days = calendar.days(now, DAYS, SCHOOL_DAYS)
    taught = school_days(calendar, told_at)
    crew = agents(told_at, seed)
    for day in days:
        due = [one for agent in crew for one in _on_day(agent, calendar, day, taught, first=day == days[0])]
        yield from sorted(due, key=lambda one: (one.moment, one.agent.life.now.number))


_HOURS = {"class_days": 6.9, "lab_days": 7.2, "working_days": 7.4, "seldom": 8.3, "always": 0.6}
"""When PCs are switched on, in hours of the local day; a server then starts no new run, it only reports."""

_ATTENDANCE = {"class_days": 0.95, "lab_days": 1.0, "working_days": 0.97, "seldom": 0.3, "always": 1.0}
"""The share of its days on which a PC is switched on."""

HOME_TIME = 16.5
"""The hour at which the last PC is switched off."""

LATER_HOURS = 7.1
"""The second report of a day comes so much after the first."""

ONCE_UNTIL_DAYS = 10
"""Longer ago than this, but for the first two school days, one report a day stands for all of them."""


def _on_day(agent: Agent, calendar: Calendar, day: date, taught: Sequence[date], *, first: bool) -> Iterator[Planned]:
    pc = agent.life.now
    chance = random.Random(f"{agent.seed} {pc.number} {day.isoformat()}")  # noqa: S311 - made up
    if not _runs(pc, calendar, day) or chance.random() > _ATTENDANCE[pc.runs]:
        return
    if pc.silent_school_days is not None and day > ago(taught, pc.silent_school_days):
        return
    morning = calendar.at(day, _HOURS[pc.runs] + chance.uniform(0, 0.5)).astimezone(UTC).replace(microsecond=0)
    yield Planned(morning, agent, first or pc.runs != "always")
    if day not in taught[:2] and (agent.today - day).days > ONCE_UNTIL_DAYS:
        return
    yield Planned(morning + timedelta(hours=LATER_HOURS, seconds=chance.randint(0, 900)), agent, starts=False)


def _runs(pc: Pc, calendar: Calendar, day: date) -> bool:
    """Say whether a PC would be switched on: a server always, an office's on working days, the others when taught."""
    if pc.runs == "always":
        return True
    if pc.runs == "working_days":
        return calendar.is_working_day(day)
    if pc.runs == "lab_days":
        return calendar.lab_is_used(pc.room or "", day)
    return calendar.is_school_day(day)


def identifiers(pc: Pc) -> dict[str, Any]:
    """Return what a PC says of its hardware."""
    wired = not pc.wifi and not hardware.model_of(pc).get("wifi")
    return {
        "smbios_uuid": pc.uuid,
        "system_serial": pc.serial,
        "board_serial": pc.board_serial,
        "disk_serials": [] if pc.weak else [pc.disk_serial],
        "macs": [pc.mac] if wired and not pc.weak else [],
        "weak_id": f"{random.Random(pc.hostname).getrandbits(128):032x}" if pc.weak else None,  # noqa: S311 - made up
    }


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows as JSON has them, with their digest."""

    rows: Sequence[Mapping[str, Any]]
    digest: str


@dataclass(frozen=True, slots=True)
class _Missing:
    """Why a table is missing."""

    outcome: Outcome
    message: str


def section(at: At, table: str) -> _Rows | _Missing:
    """Return what a PC's collector of a table gives at a moment."""
    if table in at.pc.failed:
        return _Missing(Outcome.FAILED, at.pc.failed[table])
    if table in at.pc.timed_out:
        return _Missing(Outcome.TIMED_OUT, at.pc.timed_out[table])
    lacks = (hardware.NOT_HERE.get(table) or condition.NOT_HERE.get(table) or _here)(at.pc)
    if lacks is not None:
        return _Missing(Outcome.NOT_HERE, lacks)
    if table in hardware.TABLES:
        return _steady(at.pc, table)
    return _rows(table, condition.TABLES[table](at))


def _here(_pc: Pc) -> str | None:
    return None


@cache
def _steady(pc: Pc, table: str) -> _Rows:
    return _rows(table, hardware.TABLES[table](pc))


def _rows(table: str, facts: Iterator[Any]) -> _Rows:
    rows = [plain(fact) for fact in facts]
    return _Rows(rows, digest(table_of(FACTS[table]), rows))


@cache
def filled() -> tuple[str, ...]:
    """Return the tables that the made-up PCs fill; a collector that is newer than the story is not among them."""
    return tuple(table for table in FACTS if table in hardware.TABLES or table in condition.TABLES)


@cache
def periods() -> Mapping[str, timedelta]:
    """Return how often each table is collected."""
    return {table: timedelta(seconds=min(one.every_seconds for one in mine)) for table, mine in collectors().items()}
