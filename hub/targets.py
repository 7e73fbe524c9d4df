"""What the plan's targets come to now, since when, and day by day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from collectors.facts import utc_text
from hub.database import Database
from hub.hub import Hub
from hub.tables import target_day, target_state
from rules import engine
from rules.engine import Demand, Measurement, Target


@dataclass(frozen=True, slots=True)
class Measured:
    """A target with what it came to. ``since``: when its verdict became this; None before that was written down."""

    target: Target
    demand: Demand
    measurement: Measurement
    since: str | None
    measured_at: str


_Key = tuple[int, str, int]
_kept: "WeakKeyDictionary[Database, tuple[_Key, list[Measured]]]" = WeakKeyDictionary()


def measured(hub: Hub) -> list[Measured]:
    """Return all targets of the school's plan, in its order. Measured once a minute, or when something changed."""
    now = hub.clock()
    key = (hub.database.commits, utc_text(now)[:16], id(hub.rulebook))
    kept = _kept.get(hub.database)
    if kept is None or kept[0] != key:
        kept = (key, _measure(hub, now))
        _kept[hub.database] = kept
    return kept[1]


def _measure(hub: Hub, now: datetime) -> list[Measured]:
    plan, zone = hub.plan(), hub.zone()
    with hub.database.reading() as query:
        since = {row["target"]: row for row in query("SELECT * FROM target_state", {})}
        found = []
        for name, demand in plan.demands.items():
            target = hub.rulebook.targets[name]
            named = engine.parameters(demand.limits, now, zone, demand.levels)
            one = engine.measure(target, demand, query, named)
            held = since.get(name)
            began = held["since"] if held is not None and held["verdict"] == one.verdict.value else None
            found.append(Measured(target, demand, one, began, utc_text(now)))
    return found


def write_down(hub: Hub) -> None:
    """Keep since when each target has its verdict, and today's line of its history."""
    found = measured(hub)
    now = hub.clock()
    day = now.astimezone(hub.zone()).date().isoformat()

    def write(connection: sa.Connection) -> None:
        names = [one.target.id for one in found]
        held = {row.target: row.verdict for row in connection.execute(sa.select(target_state))}
        for one in found:
            name, word = one.target.id, one.measurement.verdict.value
            if held.get(name) != word:
                connection.execute(target_state.delete().where(target_state.c.target == name))
                connection.execute(target_state.insert().values(target=name, verdict=word, since=utc_text(now)))
        connection.execute(target_day.delete().where(target_day.c.day == day, target_day.c.target.in_(names)))
        connection.execute(
            target_day.insert(),
            [
                {
                    "target": one.target.id, "day": day, "value": one.measurement.value,
                    "verdict": one.measurement.verdict.value, "population": one.measurement.population,
                    "unknown": one.measurement.unknown,
                }
                for one in found
            ],
        )  # fmt: skip

    if found:
        hub.database.write(write)


def as_json(hub: Hub, found: Sequence[Measured], language: str) -> list[dict[str, Any]]:
    """Return targets as programs read them: INTERFACES' "Targets as JSON"."""
    return [_one(hub, item, language) for item in found]


def _one(hub: Hub, item: Measured, language: str) -> dict[str, Any]:
    one = item.measurement
    plan = hub.plan()
    return {
        "id": item.target.id,
        "title": item.target.title[language],
        "clause": item.demand.clause,
        "sentence": plan.words_of(item.target.id),
        "verdict": one.verdict.value,
        "value": one.value,
        "unit": item.target.unit,
        "threshold": one.threshold,
        "level": one.level,
        "population": one.population,
        "passing": one.passing,
        "failing": one.failing,
        "unknown": one.unknown,
        "exempt": one.exempt,
        "not_applicable": one.not_applicable,
        "since": item.since,
        "valid_until": utc_text(one.valid_until) if one.valid_until else None,
        "evidence": [dict(row) for row in one.evidence],
        "remedy": item.target.remedy[language],
        "measured_at": item.measured_at,
        "error": one.error,
    }
