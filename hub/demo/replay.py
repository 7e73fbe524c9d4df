"""Lets a hub hear the made-up school's reports: those of the last weeks at once, then new ones while it runs."""

import dataclasses
import random
import tempfile
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from functools import partial
from itertools import groupby
from pathlib import Path

import sqlalchemy as sa

from collectors.facts import compact, parse_utc, utc_text
from hub import devices, targets
from hub.database import set_setting
from hub.demo.calendar import Calendar, read_calendar, write_profile
from hub.demo.documents import SEED, Agent, Planned, agents, reports, school_days
from hub.demo.pcs import ago
from hub.hub import Hub
from hub.ingest import ingest
from hub.judge import judge_all
from hub.reports import decode
from hub.school import Known, apply, read_profile
from rules.tables import Ownership

EVENING_HOUR = 16.7
"""Each day of the past is judged at this hour of the school's clock, when all its reports have come."""

LIVE_SECONDS = 20.0
"""While the demonstration runs, a few PCs report in each such time."""

LIVE_REPORTS = 2

TOLD_AT = "demo_told_at"
"""The hub's setting that keeps from when the story's days count back."""


def fill(hub: Hub, now: datetime, seed: int = SEED) -> int:
    """Import the profile and take in every report up to now, judging day by day; return how many reports came.

    A hub that was filled before takes in what has become due since: the story goes on from where it was first told, and
    what was changed by hand stays until the next school year.
    """
    _import_profile(hub, now)
    told_at = _told_at(hub)
    if told_at is None:
        told_at = now
        hub.database.write(lambda connection: set_setting(connection, TOLD_AT, utc_text(now)))
    calendar = read_calendar()
    taught = school_days(calendar, told_at)
    due = reports(now, seed, told_at)
    return sum(_take_day(hub, now, calendar, taught, day) for day in _by_day(hub, calendar, due))


def _import_profile(hub: Hub, now: datetime) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_profile(now, Path(folder))
        profile = read_profile(Path(folder), Known(hub.rulebook.plans, hub.rulebook.checks))
    (school,) = profile.rows["school"]
    known = hub.school()
    if known is None or known["year"] != school.year:
        hub.database.write(lambda connection: apply(connection, profile))


def _told_at(hub: Hub) -> datetime | None:
    with hub.database.reading() as query:
        rows = query("SELECT value FROM hub_setting WHERE name = :name", {"name": TOLD_AT})
    return parse_utc(rows[0]["value"]) if rows else None


def live(hub: Hub, stop: threading.Event, seed: int = SEED) -> None:
    """Let a few PCs that would be on report now and then, until ``stop`` is set."""
    chance = random.Random(seed)  # noqa: S311 - made up
    crew = agents(_told_at(hub) or hub.clock(), seed)
    while not stop.wait(LIVE_SECONDS):
        now = hub.clock()
        awake = [agent for agent in crew if agent.is_on(now)]
        for agent in chance.sample(awake, min(LIVE_REPORTS, len(awake))):
            hub.database.write(partial(hear, agent=agent, moment=now))


def hear(connection: sa.Connection, agent: Agent, moment: datetime, *, starts: bool = False) -> str:
    """Take in the report of a moment as if it came over the network; return the device that it is of."""
    document = agent.report(moment, starts=starts)
    answer = ingest(connection, decode(compact().encode(document).encode()), moment)
    agent.again(answer.resend)
    return answer.device_id


def _by_day(hub: Hub, calendar: Calendar, due: Iterator[Planned]) -> Iterator[list[Planned]]:
    """Yield the reports that the hub has not heard yet, day by day."""
    with hub.database.reading() as query:
        heard = query("SELECT MAX(received_at) AS at FROM report", {})[0]["at"]
    since = parse_utc(heard) if heard else datetime.min.replace(tzinfo=UTC)
    new = (one for one in due if one.moment > since)
    for _, of_day in groupby(new, key=lambda one: calendar.local(one.moment).date()):
        yield list(of_day)


def _take_day(hub: Hub, now: datetime, calendar: Calendar, taught: Sequence[date], due: Sequence[Planned]) -> int:
    """Take in the reports of one day in one transaction, then judge as the hub would have that evening."""
    day = calendar.local(due[0].moment).date()
    evening = min(now, calendar.at(day, EVENING_HOUR).astimezone(UTC))

    def take(connection: sa.Connection) -> None:
        for one in due:
            device_id = hear(connection, one.agent, one.moment, starts=one.starts)
            _decide(connection, device_id, one, day, taught)

    hub.database.write(take)
    if not taught or day < taught[0]:
        return len(due)  # only the servers were on: a school of two computers is no beginning of a history
    then = dataclasses.replace(hub, clock=lambda: evening)
    judge_all(then)
    targets.write_down(then)
    return len(due)


def _decide(connection: sa.Connection, device_id: str, one: Planned, day: date, taught: Sequence[date]) -> None:
    """Do what the made-up officer did: retire a device, or say that one is not the school's."""
    pc = one.agent.life.now
    if pc.not_ours:
        devices.set_ownership(connection, device_id, Ownership.OTHER)
    if pc.retired_school_days is not None and day < ago(taught, pc.retired_school_days):
        devices.retire(connection, device_id, one.moment)
