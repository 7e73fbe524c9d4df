"""Judges devices by a check, and the school by a target. Knows nothing of databases but a function that queries one.

``unknown`` comes from here, not from the rule's author: before the SQL is asked (a needed table failed, expired or
never came), and after it (no row, two rows, a word that is no verdict, an error).
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from collectors.facts import Outcome, compact, parse_utc, utc_text
from rules.tables import VIEWS, Verdict

Query = Callable[[str, Mapping[str, Any]], Sequence[Mapping[str, Any]]]
"""Runs one SELECT, read-only and within a time limit. Raises QueryError."""

FACTS_EXPIRE_AFTER = timedelta(days=30)
"""Whatever the table says: what was seen longer ago than this in calendar days is not known any more."""

SQL_TIME_LIMIT_SECONDS = 5.0


class QueryError(Exception):
    """A rule's SQL that could not be run, or took too long: one sentence."""


@dataclass(frozen=True, slots=True)
class Check:
    """A rule about one device."""

    id: str
    title: Mapping[str, str]
    severity: str
    clause: str
    needs: tuple[str, ...]
    remedy: Mapping[str, str]
    reasons: Mapping[str, Mapping[str, str]]
    sql: str
    uses: tuple[str, ...] = ()
    not_here: str = "not_applicable"
    """The verdict where a needed table is not here by design. 'unknown' where each computer owes an answer: that
    Windows Server has no Security Center does not excuse it from having an antivirus."""
    aliases: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    examples: tuple[Mapping[str, Any], ...] = ()
    data: str = ""
    """A digest of the reference tables that it reads: when they change, it is another rule."""

    @property
    def decides(self) -> tuple[str, ...]:
        """The tables without which nothing is known. The SQL starts from ``device``, so that is always one."""
        return ("device", *(table for table in self.needs if table != "device"))


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the hub has of one table of one device."""

    outcome: Outcome
    expires_at: datetime
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Waiver:
    """A waiver of one check for one device, while it holds."""

    reason: str
    granted_by: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a check says of a device. ``details`` are what the reason's sentence names."""

    rule: str
    device_id: str
    verdict: Verdict
    reason: str
    until: datetime
    details: Mapping[str, Any] = field(default_factory=dict)


def parameters(
    limits: Mapping[str, float], now: datetime, zone: tzinfo, levels: Mapping[int, float] | None = None
) -> dict[str, Any]:
    """Return what SQL may name.

    ``:now``; ``:today``, the local date; ``:midnight``, when that date ends, in UTC; ``:tomorrow``, a day from now:
    what is said to have happened after it comes from a clock that is wrong; each limit, and for ``:x_days`` also
    ``:x_days_ago`` and ``:x_days_ahead``; for each level of a demand ``:level_2`` and so on.
    """
    today = now.astimezone(zone).date()
    midnight = datetime.combine(today + timedelta(days=1), time(), zone)
    named: dict[str, Any] = {
        "now": utc_text(now),
        "today": today.isoformat(),
        "midnight": utc_text(midnight),
        "tomorrow": utc_text(now + timedelta(days=1)),
        **limits,
    }
    for name, value in limits.items():
        if name.endswith("_days"):
            named[f"{name}_ago"] = utc_text(now - timedelta(days=value))
            named[f"{name}_ahead"] = utc_text(now + timedelta(days=value))
    for level, bound in (levels or {}).items():
        named[f"level_{level}"] = bound
    return named


def version(check: Check, limits: Mapping[str, float]) -> str:
    """Return a digest of what a verdict depends on beside the facts: SQL, views, reference tables and limits."""
    views = [select for name, select in VIEWS.items() if name in check.sql]
    text = json.dumps([check.sql, views, check.decides, check.not_here, check.data, sorted(limits.items())])
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def judge(
    check: Check,
    devices: Mapping[str, Mapping[str, Coverage]],
    query: Query,
    named: Mapping[str, Any],
    waivers: Mapping[str, Waiver] | None = None,
    device_table: str = "main.device",
) -> list[Judgement]:
    """Judge devices (each with its coverage by table) and give exactly one judgement for each.

    ``device_table`` is the qualified name of the table device: inside the rule, ``device`` holds only these devices.
    """
    now, decides = parse_utc(named["now"]), check.decides
    judged: list[Judgement] = []
    open_until: dict[str, datetime] = {}
    for device_id, coverage in devices.items():
        before = _before_sql(check, decides, device_id, coverage, now)
        if before is None:
            open_until[device_id] = min(coverage[table].expires_at for table in decides)
        else:
            judged.append(before)
    if open_until:
        judged += _by_sql(check, open_until, query, named, waivers or {}, device_table)
    return judged


def _before_sql(
    check: Check, decides: Sequence[str], device_id: str, coverage: Mapping[str, Coverage], now: datetime
) -> Judgement | None:
    until = now + FACTS_EXPIRE_AFTER
    not_here = None
    for table in decides:
        seen = coverage.get(table)
        if seen is None:
            return Judgement(check.id, device_id, Verdict.UNKNOWN, "never_came", until, {"table": table})
        if seen.outcome in {Outcome.FAILED, Outcome.TIMED_OUT}:
            details = {"table": table, "message": seen.message}
            return Judgement(check.id, device_id, Verdict.UNKNOWN, f"table_{seen.outcome.value}", until, details)
        if seen.expires_at <= now:
            details = {"table": table, "expired_at": utc_text(seen.expires_at)}
            return Judgement(check.id, device_id, Verdict.UNKNOWN, "table_expired", until, details)
        if seen.outcome is Outcome.NOT_HERE and not_here is None:
            details = {"table": table, "message": seen.message}
            verdict = Verdict(check.not_here)
            not_here = Judgement(check.id, device_id, verdict, "not_here", seen.expires_at, details)
    return not_here


def _by_sql(
    check: Check,
    open_until: Mapping[str, datetime],
    query: Query,
    named: Mapping[str, Any],
    waivers: Mapping[str, Waiver],
    device_table: str,
) -> list[Judgement]:
    chosen = {f"device_{number}": device_id for number, device_id in enumerate(open_until)}
    few = len(chosen) <= MANY_DEVICES
    only = f" WHERE device_id IN ({', '.join(':' + name for name in chosen)})" if few else ""
    sql = f"WITH device AS (SELECT * FROM {device_table}{only})\nSELECT * FROM (\n{check.sql}\n) AS judged"
    rows: Sequence[Mapping[str, Any]] = []
    failure: str | None = None
    try:
        rows = query(sql, {**named, **chosen} if few else named)
    except QueryError as why:
        failure = str(why)
    by_device: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_device.setdefault(str(row.get("device_id")), []).append(row)

    now = parse_utc(named["now"])
    judged = []
    for device_id, until in open_until.items():
        mine = by_device.get(device_id, [])
        if failure is not None:
            one = Judgement(check.id, device_id, Verdict.UNKNOWN, "rule_failed", until, {"message": failure})
        elif len(mine) != 1:
            one = Judgement(check.id, device_id, Verdict.UNKNOWN, "rows_not_one", until, {"rows": len(mine)})
        else:
            one = _read(check, device_id, mine[0], until, named, now)
        judged.append(_waive(one, waivers.get(device_id), now))
    return judged


MANY_DEVICES = 200
"""Above so many devices a rule is asked about all: both databases bound the number of parameters."""

_SQL_VERDICTS = {Verdict.PASS.value, Verdict.FAIL.value, Verdict.UNKNOWN.value, Verdict.NOT_APPLICABLE.value}


def _read(
    check: Check, device_id: str, row: Mapping[str, Any], until: datetime, named: Mapping[str, Any], now: datetime
) -> Judgement:
    """Read one row of a rule's answer. A word that the rule did not declare is unknown, never a pass."""
    verdict, reason = row.get("verdict"), row.get("reason")
    if verdict not in _SQL_VERDICTS or reason not in check.reasons:
        details = {"verdict": verdict, "reason": reason}
        return Judgement(check.id, device_id, Verdict.UNKNOWN, "answer_not_understood", until, details)
    try:
        ends = holds_until(row, named)
    except (TypeError, ValueError):
        details = {"verdict": verdict, "reason": reason, "until": row.get("until")}
        return Judgement(check.id, device_id, Verdict.UNKNOWN, "answer_not_understood", until, details)
    details = {name: value for name, value in row.items() if name not in _OF_THE_ENGINE}
    until = until if ends is None else min(until, ends)
    if until <= now:
        details |= {"verdict": verdict, "reason": reason}
        return Judgement(check.id, device_id, Verdict.UNKNOWN, "answer_not_understood", until, details)
    return Judgement(check.id, device_id, Verdict(verdict), str(reason), until, details)


_OF_THE_ENGINE = {"device_id", "verdict", "reason", "until", "until_days"}


def holds_until(row: Mapping[str, Any], named: Mapping[str, Any]) -> datetime | None:
    """Return until when a row of a rule's answer holds; None: its author knows no end.

    ``until`` is a time, or a local date: the last day on which it holds. ``until_days`` are added to it, since no
    arithmetic with dates is the same in both databases. Raises ValueError or TypeError for what is neither.
    """
    said = row.get("until")
    if not said:
        return None
    days = timedelta(days=float(row.get("until_days") or 0))
    if len(said) == len("2026-03-02"):
        return parse_utc(named["midnight"]) + (date.fromisoformat(said) - date.fromisoformat(named["today"])) + days
    return parse_utc(said) + days


def _waive(judgement: Judgement, waiver: Waiver | None, now: datetime) -> Judgement:
    if waiver is None or waiver.ends_at <= now:
        return judgement
    details = {"reason": waiver.reason, "granted_by": waiver.granted_by}
    until = min(judgement.until, waiver.ends_at)
    return Judgement(judgement.rule, judgement.device_id, Verdict.EXEMPT, "waived", until, details)


def details_text(details: Mapping[str, Any]) -> str:
    """Return a judgement's details as the table verdict keeps them."""
    return compact().encode(dict(details))


@dataclass(frozen=True, slots=True)
class Target:
    """A demand of the plan: how it is counted over the school."""

    id: str
    title: Mapping[str, str]
    population: str
    """What is counted: 'computers', 'classrooms' and so on; the word by which a profile says that it has none."""
    counts: str
    """share: what passes over what exists; worst: the largest value; count: what falls short, which must be none."""
    unit: str
    remedy: Mapping[str, str]
    checks: tuple[str, ...] = ()
    sql: str | None = None
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What the words in the rows of its evidence say to people: its reasons, and what a cell may list."""
    aliases: tuple[str, ...] = ()
    examples: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Demand:
    """What a plan asks of a target: its threshold, its levels, its clause, and the limits that its rules name."""

    target: str
    threshold: float
    clause: str
    sentence: str = ""
    """The short name of the clause's sentence that demands it."""
    levels: Mapping[int, float] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    citations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a target came to. ``value`` counts every unknown as falling short."""

    target: str
    verdict: Verdict
    value: float | None
    threshold: float
    level: int | None
    population: int
    passing: int
    failing: int
    unknown: int
    exempt: int
    not_applicable: int
    valid_until: datetime | None
    evidence: Sequence[Mapping[str, Any]]
    error: str | None = None


EVIDENCE_OF_CHECKS = """
SELECT s.subject, s.device_id, s.asset_code, s.hostname, s.room, s.campus, s.source, s.computers AS count, s.condition,
       v.rule, CASE WHEN v.until <= :now THEN 'ran_out' ELSE v.reason END AS reason, v.details, v.since, v.until,
       CASE WHEN v.verdict IS NULL OR v.until <= :now THEN 'unknown' ELSE v.verdict END AS verdict
FROM school_computer AS s
LEFT JOIN verdict AS v ON v.device_id = s.device_id AND v.rule IN ({checks})
ORDER BY s.room, s.hostname, s.subject, v.rule
"""

DECLARED_NONE = "SELECT what FROM declared_none WHERE what = :population"

_RANK = {word: place for place, word in enumerate(("fail", "unknown", "pass", "exempt", "not_applicable"))}
_LEAVES = {"exempt", "not_applicable"}


def measure(target: Target, demand: Demand, query: Query, named: Mapping[str, Any]) -> Measurement:
    """Ask for a target's evidence and count it. ``named`` are ``parameters`` with the demand's limits and levels."""
    none = False
    try:
        if target.sql is not None:
            rows = [_dated(row, named) for row in query(target.sql, {**named, "threshold": demand.threshold})]
        else:
            names = {f"check_{number}": check for number, check in enumerate(target.checks)}
            sql = EVIDENCE_OF_CHECKS.format(checks=", ".join(f":{name}" for name in names))
            rows = _together(query(sql, {**named, **names}), target.checks)
        if not rows:
            none = bool(query(DECLARED_NONE, {"population": target.population}))
    except QueryError as why:
        return count(target, demand, [], error=str(why))
    except (TypeError, ValueError) as why:
        return count(target, demand, [], error=f"until: {why}")
    return count(target, demand, rows, none=none)


def _dated(row: Mapping[str, Any], named: Mapping[str, Any]) -> dict[str, Any]:
    ends = holds_until(row, named)
    made = {name: value for name, value in row.items() if name != "until_days"}
    return {**made, "until": utc_text(ends) if ends else None}


_OF_THE_COMPUTER = (
    "subject", "device_id", "asset_code", "hostname", "room", "campus", "source", "count", "condition",
)  # fmt: skip
_OF_THE_CHECK = ("rule", "verdict", "reason", "details", "since", "until")


def _together(rows: Iterable[Mapping[str, Any]], checks: Sequence[str]) -> list[dict[str, Any]]:
    """Make one row of the rows of a computer's checks: the worst of them decides, and their reasons stand under it.

    A computer that its record calls broken or disposed is counted only while it still says something of itself.
    """
    subjects: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        subject = row["source"], row["subject"]
        if subject not in subjects:
            subjects[subject] = {name: row[name] for name in _OF_THE_COMPUTER} | {"verdict": "unknown", "checks": {}}
        if row["rule"] is not None:
            subjects[subject]["checks"][row["rule"]] = {name: row[name] for name in _OF_THE_CHECK}
    for mine in subjects.values():
        said = mine["checks"]
        mine["checks"] = list(said.values())
        words = [said[check]["verdict"] if check in said else "unknown" for check in checks]
        mine["verdict"] = min(words, key=_RANK.__getitem__)
        if mine["condition"] in {"broken", "disposed"} and set(words) == {"unknown"}:
            mine["verdict"] = "not_applicable"
        ends = [one["until"] for one in mine["checks"] if one["verdict"] != "unknown"]
        mine["until"] = min(ends, default=None)
    return list(subjects.values())


def count(
    target: Target,
    demand: Demand,
    rows: Sequence[Mapping[str, Any]],
    *,
    none: bool = False,
    error: str | None = None,
) -> Measurement:
    """Count evidence: what is exempt or not applicable leaves the denominator.

    A target passes only if it still would with every unknown failing, and fails only if it would with every unknown
    passing. ``none``: the school's profile says that there is nothing to count.
    """
    tally = dict.fromkeys(Verdict, 0)
    for row in rows:
        tally[_word(row)] += _size(row)
    passing, failing, unknown = tally[Verdict.PASS], tally[Verdict.FAIL], tally[Verdict.UNKNOWN]
    population = passing + failing + unknown
    value: float | None = None
    if population == 0:
        verdict = Verdict.UNKNOWN
        if error is None and tally[Verdict.EXEMPT]:
            verdict = Verdict.EXEMPT
        elif error is None and (none or tally[Verdict.NOT_APPLICABLE]):
            verdict = Verdict.NOT_APPLICABLE
    elif target.counts == "share":
        value = passing / population
        verdict = _between(value >= demand.threshold, (passing + unknown) / population >= demand.threshold)
    else:
        value = _value(target, rows)
        verdict = _between(failing == 0 and unknown == 0, failing == 0)
    ends = [row["until"] for row in rows if row.get("until")]
    return Measurement(
        target.id, verdict, value, demand.threshold, _level(target, demand, value), population, passing, failing,
        unknown, tally[Verdict.EXEMPT], tally[Verdict.NOT_APPLICABLE], parse_utc(min(ends)) if ends else None, rows,
        error,
    )  # fmt: skip


def _word(row: Mapping[str, Any]) -> Verdict:
    word = row.get("verdict")
    return Verdict(word) if word in _RANK else Verdict.UNKNOWN


def _size(row: Mapping[str, Any]) -> int:
    """Return how many things a row stands for: one, unless it says."""
    said = row.get("count")
    return 1 if said is None else int(said)


def _value(target: Target, rows: Sequence[Mapping[str, Any]]) -> float | None:
    """Return the worst value, or how much falls short; None where a row that counts has none to tell."""
    if target.counts == "count":
        failing = [row for row in rows if _word(row) is Verdict.FAIL]
        return float(sum(_size(row) if row.get("value") is None else row["value"] for row in failing))
    open_rows = [row for row in rows if _word(row) not in _LEAVES]
    values = [row.get("value") for row in open_rows]
    return None if None in values else max(float(value) for value in values if value is not None)


def _between(at_worst: bool, at_best: bool) -> Verdict:
    if at_worst:
        return Verdict.PASS
    return Verdict.UNKNOWN if at_best else Verdict.FAIL


def _level(target: Target, demand: Demand, value: float | None) -> int | None:
    """Return the highest level that is surely reached: the value counts every unknown as falling short."""
    if value is None:
        return None
    reached = [
        level
        for level, bound in demand.levels.items()
        if (value >= bound if target.counts == "share" else value <= bound)
    ]
    return max(reached, default=None)


def utc_now() -> datetime:
    """Return the time, to the second as tables have it."""
    return datetime.now(UTC).replace(microsecond=0)
