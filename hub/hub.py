"""The hub as one thing: its database, its rules and its clock."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hub.database import Database, DatabaseRefused, open_database
from rules.engine import utc_now
from rules.load import Plan, Rulebook, load
from rules.words import sentence

FILE_NAME = "hub.sqlite"
LOCK_NAME = "hub.lock"
DEFAULT_ZONE = "Asia/Ho_Chi_Minh"
"""The clock of a school that has not told its profile."""


@dataclass(frozen=True, slots=True)
class Hub:
    """An open hub. ``clock`` gives the time, UTC and to the second; the demonstration and tests give another."""

    database: Database
    rulebook: Rulebook
    clock: Callable[[], datetime] = utc_now
    made_up: bool = False
    """True where the school is the demonstration's: every page says so."""
    inbox: Path | None = None
    """The folder that is watched for files of PCs without a network."""

    def close(self) -> None:
        """Finish what was begun and let go of the database."""
        self.database.close()

    def school(self) -> Mapping[str, str] | None:
        """Return the school's row, or None before its profile was imported."""
        with self.database.reading() as query:
            return next(iter(query("SELECT * FROM school", {})), None)

    def zone(self) -> ZoneInfo:
        """Return the school's time zone."""
        return zone_of(self.school() or {})

    def plan(self) -> Plan:
        """Return the plan that the school is judged by; the newest where the profile names none that is there."""
        school = self.school()
        plans = self.rulebook.plans
        return plans.get(school["plan"] if school else "") or plans[max(plans)]


def zone_of(school: Mapping[str, Any]) -> ZoneInfo:
    """Return a school's time zone; a name that this machine does not know counts as not told."""
    try:
        return ZoneInfo(str(school.get("time_zone") or DEFAULT_ZONE))
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(DEFAULT_ZONE)


def open_hub(
    data: Path,
    database: str | None = None,
    *,
    clock: Callable[[], datetime] = utc_now,
    made_up: bool = False,
    inbox: Path | None = None,
) -> Hub:
    """Open the hub's database, in a folder or where ``database`` says. Raises DatabaseRefused, or Refused for rules."""
    rulebook = load()
    lock = None
    if database is None:
        try:
            data.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise DatabaseRefused(
                sentence(
                    "the folder {folder} can't be made: {why}; give another --data", folder=data, why=error.strerror
                )
            ) from error
        lock = data / LOCK_NAME
    url = database or f"sqlite:///{data / FILE_NAME}"
    return Hub(open_database(url, rulebook.data, lock), rulebook, clock, made_up, inbox)
