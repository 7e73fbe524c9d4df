"""Values as people read them: Vietnamese or English numbers, the school's own time, units of size.

What is not known is said so in words, never a blank and never 0.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum
from typing import Any

from collectors.facts import Field, parse_utc
from rules.words import sentence, translator

UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
STEP = 1024

_DAY_SECONDS = 86400
_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Formats:
    """How one reader reads: the language and the time zone of the school."""

    language: str
    zone: tzinfo

    def say(self, text: str, /, **arguments: Any) -> str:
        """Return a sentence in the reader's language, its ``{arguments}`` filled in."""
        return translator(self.language)(sentence(text, **arguments) if arguments else text)

    @property
    def unknown(self) -> str:
        """Return the words for what is not known."""
        return self.say("not known yet")

    def number(self, value: float | None, digits: int = 2) -> str:
        """Return a number with at most so many decimals: 1,94 and 12.500 in Vietnamese, 1.94 and 12,500 in English."""
        if value is None:
            return self.unknown
        text = f"{value:,.{digits}f}"
        if "." in text:
            text = text.rstrip("0").rstrip(".")
        if text == "-0":
            text = "0"
        return text.translate(str.maketrans(",.", ".,")) if self.language == "vi" else text

    def share(self, value: float | None) -> str:
        """Return a share of 1 as percent. Not quite all is never rounded up to 100 %, nor a few down to 0 %."""
        if value is None:
            return self.unknown
        percent = round(value * 100, 1)
        if percent == 100 and value < 1:  # noqa: PLR2004 - percent
            percent = 99.9
        if percent == 0 and value > 0:
            percent = 0.1
        return f"{self.number(percent, 1)} %"

    def size(self, value: float | None) -> str:
        """Return bytes in the unit that leaves fewest digits: 8 GiB."""
        if value is None:
            return self.unknown
        amount, unit = float(value), 0
        while abs(amount) >= STEP and unit < len(UNITS) - 1:
            amount, unit = amount / STEP, unit + 1
        return f"{self.number(amount, 1)} {UNITS[unit]}"

    def local(self, moment: str | datetime) -> datetime:
        """Return a time of the tables on the school's clock."""
        return (parse_utc(moment) if isinstance(moment, str) else moment).astimezone(self.zone)

    def moment(self, value: str | datetime | None) -> str:
        """Return a time on the school's clock: 02/03/2026 07:15, in English 2026-03-02 07:15."""
        if not value:
            return self.unknown
        return self.local(value).strftime("%d/%m/%Y %H:%M" if self.language == "vi" else "%Y-%m-%d %H:%M")

    def day(self, value: str | date | None) -> str:
        """Return a date: 02/03/2026, in English 2026-03-02. A time gives the date on the school's clock."""
        if not value:
            return self.unknown
        if isinstance(value, datetime) or (isinstance(value, str) and _UTC.fullmatch(value)):
            value = self.local(value).date()
        elif isinstance(value, str):
            value = date.fromisoformat(value)
        return value.strftime("%d/%m/%Y" if self.language == "vi" else "%Y-%m-%d")

    def short_day(self, value: str) -> str:
        """Return a date without its year, for the ends of a chart."""
        return date.fromisoformat(value).strftime("%d/%m" if self.language == "vi" else "%m-%d")

    def duration(self, seconds: float | None) -> str:
        """Return a length of time in its largest unit: '3 giờ'."""
        if seconds is None:
            return self.unknown
        size = next((size for size in (_DAY_SECONDS, 3600, 60, 1) if abs(seconds) >= size), 0)
        count = self.number(seconds / size, 0 if size > 1 else 1) if size else self.number(seconds * 1000, 1)
        if size == _DAY_SECONDS:
            return self.say("{count} days", count=count)
        if size == 3600:  # noqa: PLR2004 - an hour's
            return self.say("{count} hours", count=count)
        if size == 60:  # noqa: PLR2004 - a minute's
            return self.say("{count} minutes", count=count)
        return self.say("{count} seconds", count=count) if size else self.say("{count} ms", count=count)

    def ago(self, value: str | datetime | None, now: datetime) -> str:
        """Return how long ago something was."""
        if not value:
            return self.unknown
        moment = parse_utc(value) if isinstance(value, str) else value
        passed = (now.astimezone(UTC) - moment.astimezone(UTC)).total_seconds()
        if passed < 60:  # noqa: PLR2004 - seconds of a minute
            return self.say("just now")
        return self.say("{duration} ago", duration=self.duration(passed))

    def fact(self, field: Field, value: Any) -> str:  # noqa: PLR0911 - one return for each type
        """Return one field of a fact, in the unit that its name tells."""
        if value is None or value == "":
            return self.unknown
        if field.type is bool:
            return self.say("yes") if value else self.say("no")
        if field.type is datetime:
            return self.moment(value)
        if field.type is date:
            return self.day(value)
        if field.type is tuple:
            items = json.loads(value) if isinstance(value, str) else value
            return ", ".join(map(str, items)) or self.say("none")
        if isinstance(field.type, type) and issubclass(field.type, StrEnum):
            return self.say(str(value))
        if field.type in {int, float}:
            return self._measure(field.name, value)
        return str(value)

    def _measure(self, name: str, value: float) -> str:
        if name.endswith("_bytes"):
            return self.size(value)
        if name.endswith("_seconds"):
            return self.duration(value)
        if name.endswith("_percent"):
            return f"{self.number(value, 1)} %"
        for ending, unit in (("_mhz", "MHz"), ("_mbps", "Mbit/s"), ("_hours", "h"), ("_mwh", "mWh")):
            if name.endswith(ending):
                return f"{self.number(value, 0)} {unit}"
        if name.endswith("_bps"):
            return f"{self.number(value / 1e6, 1)} Mbit/s"
        # A year, a port or a build reads as it is, without a mark for thousands.
        return str(value) if isinstance(value, int) else self.number(value)

    def details(self, details: Mapping[str, Any], tables: Mapping[str, str]) -> dict[str, Any]:
        """Return what a reason's sentence names as this reader reads it: times, numbers, and tables by their names."""
        return {name: self._detail(name, value, tables) for name, value in details.items()}

    def _detail(self, name: str, value: Any, tables: Mapping[str, str]) -> Any:
        if name == "table" and value in tables:
            return tables[value]
        if isinstance(value, str) and _UTC.fullmatch(value):
            return self.moment(value)
        if isinstance(value, str) and _DAY.fullmatch(value):
            return self.day(value)
        if isinstance(value, float):
            return self.number(value)
        return self.say(value) if isinstance(value, str) and value else value
