"""The device checks over this one PC: the same rules as on the hub, over facts in memory."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent import cache
from agent.collect import sections
from agent.settings import NOTHING_TOLD, Here
from agent.supervise import Collected
from collectors.facts import Outcome, compact, parse_utc, utc_text

FALLS_SHORT = frozenset({"fail", "unknown"})
WORDS = {
    "pass": {"vi": "đạt", "en": "pass"},
    "fail": {"vi": "không đạt", "en": "fail"},
    "unknown": {"vi": "chưa biết", "en": "unknown"},
    "not_applicable": {"vi": "không áp dụng", "en": "not applicable"},
    "exempt": {"vi": "miễn", "en": "exempt"},
}


@dataclass(frozen=True, slots=True)
class Seen:
    """A section as the rules want it, decoded."""

    table: str
    outcome: Outcome
    attempted_at: datetime
    rows: list[dict[str, Any]] | None
    message: str | None


def seen(section: Collected) -> Seen:
    """Decode a section."""
    at, rows = parse_utc(section.attempted_at), json.loads(section.rows)
    return Seen(section.table, Outcome(section.outcome), at, rows, section.message)


def judged(found: Sequence[Seen], now: datetime) -> list[dict[str, Any]]:
    """Return what each check says, with its words in both languages. Raises rules.problems.Refused."""
    from collectors import host
    from rules.load import load, reason_text
    from rules.memory import judge_one

    rulebook = load()
    zone = datetime.now().astimezone().tzinfo or UTC
    said = []
    for one in judge_one(rulebook, host.tables(), found, now, zone=zone):
        check = rulebook.checks[one.rule]
        said.append(
            {
                "check": check.id,
                "title": dict(check.title),
                "severity": check.severity,
                "verdict": one.verdict.value,
                "reason": one.reason,
                "text": {language: reason_text(rulebook, check, one, language) for language in ("vi", "en")},
                "remedy": dict(check.remedy),
                "until": utc_text(one.until),
                "details": dict(one.details),
            }
        )
    return said


def check(here: Here = NOTHING_TOLD, recording: Path | None = None) -> list[dict[str, Any]]:
    """Collect here, or over a recording, and judge. Raises supervise.Refusal and rules.problems.Refused."""
    identifiers, found = sections((), here, recording)
    now = parse_utc(identifiers.now) if recording else datetime.now(UTC)
    return judged([seen(section) for section in found.values()], now)


def as_text(said: Sequence[Mapping[str, Any]], language: str) -> str:
    """Return the same for people: what falls short first, with what to do."""
    lines = []
    for one in sorted(said, key=lambda one: (one["verdict"] not in FALLS_SHORT, one["verdict"], one["check"])):
        lines.append(f"{WORDS[one['verdict']][language]:14} {one['title'][language]}: {one['text'][language]}")
        if one["verdict"] in FALLS_SHORT:
            lines.append(f"{'':14} → {one['remedy'][language]}")
    return "\n".join(lines)


def main() -> None:
    """Judge what the cache in a folder holds, for the daemon's metrics: a process of its own, since it needs much."""
    folder = Path(sys.argv[1])
    found = []
    for table, one in cache.read(folder).items():
        rows = cache.rows(folder, table)
        section = one.section
        at = parse_utc(section.attempted_at)
        found.append(Seen(table, Outcome(section.outcome), at, json.loads(rows), section.message))
    verdicts = {one["check"]: one["verdict"] for one in judged(found, datetime.now(UTC))}
    passing = [[check, verdict == "pass"] for check, verdict in verdicts.items() if verdict in {"pass", "fail"}]
    sys.stdout.write(compact().encode(passing))
