"""Judges devices by a check, and the school by a target. Knows nothing of databases but a function that queries one.

``unknown`` comes from here, not from the rule's author: before the SQL is asked (a needed table failed, expired or
never came), and after it (no row, two rows, a word that is no verdict, an error).
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.facts import Outcome, compact, parse_utc, utc_text
from rules.tables import Verdict

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
    aliases: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    examples: tuple[Mapping[str, Any], ...] = ()

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


def parameters(limits: Mapping[str, float], now: datetime, today: str) -> dict[str, Any]:
    """Return what SQL may name: ``:now``, ``:today``, each limit, and for ``:x_days`` also ``:x_days_ago``."""
    named: dict[str, Any] = {"now": utc_text(now), "today": today, **limits}
    for name, value in limits.items():
        if name.endswith("_days"):
            named[f"{name}_ago"] = utc_text(now - timedelta(days=value))
    return named


def version(check: Check, limits: Mapping[str, float]) -> str:
    """Return a digest of what a verdict depends on beside the facts: the SQL, what it needs, and the limits."""
    text = json.dumps([check.sql, check.decides, sorted(limits.items())])
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
    now = parse_utc(named["now"])
    judged: list[Judgement] = []
    open_until: dict[str, datetime] = {}
    for device_id, coverage in devices.items():
        before = _before_sql(check, device_id, coverage, now)
        if before is None:
            open_until[device_id] = min(coverage[table].expires_at for table in check.decides)
        else:
            judged.append(before)
    if open_until:
        judged += _by_sql(check, open_until, query, named, waivers or {}, device_table)
    return judged


def _before_sql(check: Check, device_id: str, coverage: Mapping[str, Coverage], now: datetime) -> Judgement | None:
    until = now + FACTS_EXPIRE_AFTER
    not_here = None
    for table in check.decides:
        seen = coverage.get(table)
        if seen is None:
            return Judgement(check.id, device_id, Verdict.UNKNOWN, "never_came", until, {"table": table})
        if seen.outcome in {Outcome.FAILED, Outcome.TIMED_OUT}:
            details = {"table": table, "message": seen.message}
            return Judgement(check.id, device_id, Verdict.UNKNOWN, f"table_{seen.outcome.value}", until, details)
        if seen.expires_at <= now:
            details = {"table": table, "expired_at": utc_text(seen.expires_at)}
            return Judgement(check.id, device_id, Verdict.UNKNOWN, "expired", until, details)
        if seen.outcome is Outcome.NOT_HERE and not_here is None:
            details = {"table": table, "message": seen.message}
            not_here = Judgement(check.id, device_id, Verdict.NOT_APPLICABLE, "not_here", seen.expires_at, details)
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

    judged = []
    for device_id, until in open_until.items():
        mine = by_device.get(device_id, [])
        if failure is not None:
            one = Judgement(check.id, device_id, Verdict.UNKNOWN, "rule_failed", until, {"message": failure})
        elif len(mine) != 1:
            one = Judgement(check.id, device_id, Verdict.UNKNOWN, "rows_not_one", until, {"rows": len(mine)})
        else:
            one = _read(check, device_id, mine[0], until)
        judged.append(_waive(one, waivers.get(device_id)))
    return judged


MANY_DEVICES = 200
"""Above so many devices a rule is asked about all: both databases bound the number of parameters."""

_SQL_VERDICTS = {Verdict.PASS.value, Verdict.FAIL.value, Verdict.UNKNOWN.value, Verdict.NOT_APPLICABLE.value}


def _read(check: Check, device_id: str, row: Mapping[str, Any], until: datetime) -> Judgement:
    """Read one row of a rule's answer. A word that the rule did not declare is unknown, never a pass."""
    verdict, reason = row.get("verdict"), row.get("reason")
    if verdict not in _SQL_VERDICTS or reason not in check.reasons:
        details = {"verdict": verdict, "reason": reason}
        return Judgement(check.id, device_id, Verdict.UNKNOWN, "answer_not_understood", until, details)
    if row.get("until"):
        until = min(until, parse_utc(row["until"]))
    details = {name: value for name, value in row.items() if name not in {"device_id", "verdict", "reason", "until"}}
    return Judgement(check.id, device_id, Verdict(verdict), str(reason), until, details)


def _waive(judgement: Judgement, waiver: Waiver | None) -> Judgement:
    if waiver is None:
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
    counts: str
    """share: what passes over what exists; worst: the largest value; count: the sum of values."""
    unit: str
    remedy: Mapping[str, str]
    checks: tuple[str, ...] = ()
    sql: str | None = None
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    examples: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Demand:
    """What a plan asks of a target: its threshold, its levels, its clause, and the limits that its rules name."""

    target: str
    threshold: float
    clause: str
    levels: Mapping[int, float] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)


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
SELECT s.subject, s.device_id, s.asset_code, s.hostname, s.room, s.campus, s.source, s.computers AS count,
       v.rule, v.reason, v.details, v.since, v.until,
       CASE WHEN v.verdict IS NULL OR v.until <= :now THEN 'unknown' ELSE v.verdict END AS verdict
FROM school_computer AS s
LEFT JOIN verdict AS v ON v.device_id = s.device_id AND v.rule IN ({checks})
ORDER BY s.room, s.hostname, s.subject, v.rule
"""

_RANK = {word: place for place, word in enumerate(("fail", "unknown", "pass", "exempt", "not_applicable"))}


def measure(target: Target, demand: Demand, query: Query, named: Mapping[str, Any]) -> Measurement:
    """Ask for a target's evidence and count it."""
    try:
        if target.sql is not None:
            rows = query(target.sql, {**named, "threshold": demand.threshold})
        else:
            names = {f"check_{number}": check for number, check in enumerate(target.checks)}
            sql = EVIDENCE_OF_CHECKS.format(checks=", ".join(f":{name}" for name in names))
            rows = _together(query(sql, {**named, **names}), target.checks)
    except QueryError as why:
        return count(target, demand, [], str(why))
    return count(target, demand, rows)


def _together(rows: Iterable[Mapping[str, Any]], checks: Sequence[str]) -> list[dict[str, Any]]:
    """Make one row of the rows of a computer's checks: the worst of them decides, and their reasons stand under it."""
    subjects: dict[str, dict[str, Any]] = {}
    for row in rows:
        mine = subjects.setdefault(
            f"{row['source']}:{row['subject']}",
            {name: row[name] for name in ("device_id", "asset_code", "hostname", "room", "campus", "source", "count")}
            | {"subject": row["subject"], "verdict": "not_applicable", "checks": [], "until": None},
        )
        if row["rule"] is not None:
            said = {name: row[name] for name in ("rule", "verdict", "reason", "details", "since", "until")}
            if row["verdict"] != "unknown" or row["until"] > "":
                mine["checks"].append(said)
    for mine in subjects.values():
        words = [one["verdict"] for one in mine["checks"]]
        words += ["unknown"] * (len(checks) - len(words))  # a check that never judged it
        mine["verdict"] = min(words, key=_RANK.__getitem__)
        mine["until"] = min((one["until"] for one in mine["checks"]), default=None)
    return list(subjects.values())


def count(target: Target, demand: Demand, rows: Sequence[Mapping[str, Any]], error: str | None = None) -> Measurement:
    """Count evidence. A target passes only if it still would with every unknown failing, and fails only if it would
    with every unknown passing; what is exempt or not applicable leaves the denominator.
    """  # noqa: D205 - one thought
    tally = dict.fromkeys(Verdict, 0)
    for row in rows:
        word = row.get("verdict")
        tally[Verdict(word) if word in _RANK else Verdict.UNKNOWN] += int(row.get("count") or 1)
    passing, failing, unknown = tally[Verdict.PASS], tally[Verdict.FAIL], tally[Verdict.UNKNOWN]
    population = passing + failing + unknown
    value: float | None = None
    if population == 0:
        only_excused = bool(rows) and error is None
        verdict = Verdict.NOT_APPLICABLE if only_excused else Verdict.UNKNOWN
        if only_excused and tally[Verdict.EXEMPT]:
            verdict = Verdict.EXEMPT
    elif target.counts == "share":
        value = passing / population
        verdict = _between(value >= demand.threshold, (passing + unknown) / population >= demand.threshold)
    else:
        open_rows = [row for row in rows if row.get("verdict") not in {"exempt", "not_applicable"}]
        values = [float(row["value"]) for row in open_rows if row.get("value") is not None]
        if values:
            value = max(values) if target.counts == "worst" else sum(values)
        verdict = _between(failing == 0 and unknown == 0, failing == 0)
    level = _level(target, demand, value, complete=unknown == 0 or target.counts == "share")
    ends = [row["until"] for row in rows if row.get("until")]
    return Measurement(
        target.id, verdict, value, demand.threshold, level, population, passing, failing, unknown,
        tally[Verdict.EXEMPT], tally[Verdict.NOT_APPLICABLE], parse_utc(min(ends)) if ends else None, rows, error,
    )  # fmt: skip


def _between(at_worst: bool, at_best: bool) -> Verdict:
    if at_worst:
        return Verdict.PASS
    return Verdict.UNKNOWN if at_best else Verdict.FAIL


def _level(target: Target, demand: Demand, value: float | None, *, complete: bool) -> int | None:
    """Return the highest level that is surely reached."""
    if value is None or not complete:
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
