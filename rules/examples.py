"""The rules' own tests: each rule carries examples, tables in and verdict out, which run on any database."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from collectors.facts import Field, Outcome, parse_utc, utc_text
from rules.engine import Check, Coverage, Judgement, Measurement, Query, Target, judge, measure, parameters
from rules.load import Rulebook
from rules.memory import THIS_PC, insert, newest, open_memory, reading, tables_of
from rules.problems import Problem
from rules.words import Sentence, sentence

NOW = "2026-03-02T01:15:00Z"
"""When an example happens that says no time: a Monday, 08:15 at the school."""

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
HOLDS = timedelta(days=30)

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
Database = Callable[[Rows], AbstractContextManager[tuple[Query, str]]]
"""Holds these rows for a while; gives a query over them and the qualified name of the table device."""


class Wrong(Exception):  # noqa: N818 - what an example is
    """An example that cannot be run: which field, and what was expected there."""

    def __init__(self, field: str, expected: Sentence) -> None:
        super().__init__(expected)
        self.field, self.expected = field, expected


def in_memory(rulebook: Rulebook, facts: Mapping[str, type]) -> Database:
    """Return the database of the standard library, made anew for each example."""
    columns = tables_of(rulebook, facts)

    @contextmanager
    def database(rows: Rows) -> Iterator[tuple[Query, str]]:
        connection = open_memory(rulebook, facts)
        for name, mine in rows.items():
            insert(connection, name, columns[name], mine)
        try:
            with reading(connection) as query:
                yield query, "main.device"
        finally:
            connection.close()

    return database


def filled(
    rulebook: Rulebook, facts: Mapping[str, type], given: Mapping[str, Any], now: str
) -> dict[str, list[dict[str, Any]]]:
    """Return an example's rows with what they do not tell: null where it may be, else the plainest of the type.

    A fact's row without a device is this PC's, collected now. Raises Wrong for tables and fields that do not exist.
    """
    columns = tables_of(rulebook, facts)
    made: dict[str, list[dict[str, Any]]] = {}
    for name, rows in given.items():
        if name not in columns:
            raise Wrong("given", sentence("expected the name of a table, found {name}", name=name))
        fields = {one.name: one for one in columns[name]}
        made[name] = []
        for row in rows:
            for key in row:
                if key not in fields:
                    raise Wrong("given", sentence("expected a field of {table}, found {name}", table=name, name=key))
            plain = {key: _neutral(field, now) for key, field in fields.items()}
            made[name].append({**plain, **row})
    return made


def _neutral(field: Field, now: str) -> Any:
    if field.name == "device_id":
        return None if field.nullable else THIS_PC
    if field.name == "collected_at":
        return now
    if field.nullable:
        return None
    plain: Mapping[type, Any] = {int: 0, float: 0.0, bool: False, tuple: [], datetime: now, date: now[:10]}
    return plain.get(field.type, "x")


def judged(
    rulebook: Rulebook, facts: Mapping[str, type], check: Check, example: Mapping[str, Any], database: Database
) -> Judgement:
    """Return what a check says in one of its examples. Raises Wrong."""
    now = example.get("now", NOW)
    rows = filled(rulebook, facts, {"device": [{}], **example.get("given", {})}, now)
    coverage = {table: Coverage(Outcome.ROWS, parse_utc(now) + HOLDS) for table in check.decides}
    for table, outcome in example.get("missing", {}).items():
        coverage[table] = Coverage(Outcome(outcome), parse_utc(now) + HOLDS, "made up")
    limits = {**newest(rulebook).limits_of(rulebook, check.id), **example.get("limits", {})}
    with database(rows) as (query, device_table):
        named = parameters(limits, parse_utc(now), ZONE)
        (one,) = judge(check, {THIS_PC: coverage}, query, named, device_table=device_table)
    return one


def measured(
    rulebook: Rulebook, facts: Mapping[str, type], target: Target, example: Mapping[str, Any], database: Database
) -> Measurement:
    """Return what a target comes to in one of its examples. Raises Wrong."""
    now = example.get("now", NOW)
    demand = newest(rulebook).demands[target.id]
    with database(filled(rulebook, facts, example.get("given", {}), now)) as (query, _):
        limits = {**demand.limits, **example.get("limits", {})}
        return measure(target, demand, query, parameters(limits, parse_utc(now), ZONE, demand.levels))


def run_examples(
    rulebook: Rulebook, facts: Mapping[str, type], database: Database | None = None
) -> tuple[int, list[Problem]]:
    """Run every example. Returns how many there were, and a problem for each that came out differently.

    ``facts``: the fact classes by table (``collectors.host.tables()``). Without a database they run in memory.
    """
    database = database or in_memory(rulebook, facts)
    problems: list[Problem] = []
    ran = 0
    for kind, rules in (("checks", rulebook.checks), ("targets", rulebook.targets)):
        for rule in rules.values():
            for number, example in enumerate(rule.examples, 1):
                ran += 1
                file, line = f"{kind}/{rule.id}.yaml", getattr(example, "line", None) or None
                try:
                    if isinstance(rule, Check):
                        found = _difference(example, judged(rulebook, facts, rule, example, database))
                    else:
                        found = _difference_of_target(example, measured(rulebook, facts, rule, example, database))
                except Wrong as wrong:
                    found = wrong.expected
                if found:
                    problems.append(Problem(file, line, f"examples {number}", found))
    return ran, problems


def _difference(example: Mapping[str, Any], came: Judgement) -> Sentence | None:
    wanted = list(example.get("gives", ()))
    found = [came.verdict.value, came.reason, utc_text(came.until)][: max(len(wanted), 2)]
    if wanted == found:
        return None
    told = "" if came.reason in wanted else f" ({dict(came.details)})"
    return sentence("expected {wanted}, found {found}{told}", wanted=wanted, found=found, told=told)


def _difference_of_target(example: Mapping[str, Any], came: Measurement) -> Sentence | None:
    told = f" ({came.error})" if came.error else ""
    for name, wanted in example.get("gives", {}).items():
        found: Any = getattr(came, name, None)
        if isinstance(found, datetime):
            found = utc_text(found)
        if name == "evidence":
            wanted = [dict(one) for one in wanted]  # noqa: PLW2901 - what is compared
            pairs = list(zip(wanted, found, strict=False))
            found = [{key: row.get(key) for key in want} for want, row in pairs] + found[len(pairs) :]
        if found != wanted:
            return sentence("expected {wanted}, found {found}{told}", wanted={name: wanted}, found=found, told=told)
    return None
