"""How the agent on this PC fares, read from its data folder alone."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from agent import cache, lock, spool, state
from collectors.facts import Outcome, parse_utc
from collectors.settings import SettingsError, Value
from rules.words import Sentence, sentence

SLACK = timedelta(minutes=10)

OUTCOMES = {
    None: sentence("never run"),
    "rows": sentence("collected"),
    "not_here": sentence("this PC has no such thing"),
    "failed": sentence("could not be collected"),
    "timed_out": sentence("took too long"),
}
"""How a collector ended, for people."""


def status(settings: Mapping[str, Value], now: datetime | None = None) -> dict[str, Any]:
    """Return what ``status --json`` prints. Raises SettingsError where the data folder may not be read."""
    data = settings["data"].value
    now = now or datetime.now(UTC)
    try:
        list((data / "cache").iterdir())
        running = lock.is_held(data)
    except FileNotFoundError:
        running = False
    except OSError as why:
        raise SettingsError("{folder} may not be read: {why}; try as root", folder=data, why=why.strerror) from why
    remembered = state.load(data / "state.json")
    kept = cache.read(data / "cache")
    waiting = spool.waiting(data / "spool")
    hub = remembered.hub or settings["hub"].value  # the running agent's own, which the command line may have told it
    tables = {
        entry.table: _table(kept.get(entry.table), entry.every_seconds, now, running=running)
        for entry in remembered.entries
    }
    every = remembered.report_every_seconds or settings["report_every"].value
    said = {
        "running": running,
        "data": str(data),
        "hub": hub,
        "device_id": remembered.device_id,
        "report_every_seconds": every,
        "last_report_at": remembered.last_made_at,
        "last_acknowledged_at": remembered.last_acknowledged_at,
        "last_error": remembered.last_error,
        "last_error_at": remembered.last_error_at,
        "reports": {
            "made": remembered.made,
            "acknowledged": remembered.acknowledged,
            "rejected": remembered.rejected,
            "dropped": remembered.dropped,
        },
        "spool": {"reports": len(waiting), "bytes": spool.size_bytes(data / "spool")},
        "killed": remembered.killed,
        "tables": tables,
    }
    return {**said, "falls_short": _falls_short(said, now)}


def _table(kept: cache.Kept | None, every_seconds: int, now: datetime, *, running: bool) -> dict[str, Any]:
    if kept is None:
        return {"outcome": None, "attempted_at": None, "every_seconds": every_seconds, "overdue": running}
    age = now - parse_utc(kept.section.attempted_at)
    return {
        "outcome": kept.section.outcome,
        "attempted_at": kept.section.attempted_at,
        "last_success_at": kept.last_success_at,
        "duration_seconds": kept.section.duration_seconds,
        "message": kept.section.message,
        "every_seconds": every_seconds,
        "overdue": running and age > timedelta(seconds=every_seconds) + SLACK,
    }


def _falls_short(said: Mapping[str, Any], now: datetime) -> list[str]:
    """Return a sentence for each thing that is not as it should be."""
    found: list[str] = []
    if not said["running"]:
        found.append(sentence("the agent does not run"))
    for table, one in said["tables"].items():
        if one["outcome"] in {Outcome.FAILED, Outcome.TIMED_OUT}:
            found.append(sentence("{table} could not be collected: {why}", table=table, why=one["message"]))
        elif one["overdue"]:
            found.append(sentence("{table} is overdue", table=table))
    if said["hub"] is not None:
        at, every = said["last_acknowledged_at"], timedelta(seconds=said["report_every_seconds"])
        if at is None:
            found.append(sentence("the hub has not taken any report yet"))
        elif now - parse_utc(at) > 2 * every + SLACK:
            found.append(sentence("the hub has not taken a report since {at}", at=at))
        if said["last_error"]:
            found.append(said["last_error"])
    if said["reports"]["dropped"]:
        found.append(
            sentence("reports were dropped since the spool was full: {count}", count=said["reports"]["dropped"])
        )
    return found


def as_text(said: Mapping[str, Any], say: Callable[[str], str] = str) -> str:
    """Return the status for people, in the language of ``say`` and on this PC's clock."""
    top = [
        (say("agent"), say("running") if said["running"] else say("not running")),
        (say("data"), said["data"]),
        (say("hub"), said["hub"] or say("none: nothing is sent")),
        (say("device"), said["device_id"] or say("not known to a hub yet")),
        (say("last report"), _local(said["last_report_at"]) or say("none")),
        (say("acknowledged"), _local(said["last_acknowledged_at"]) or say("none")),
        (say("waiting"), say(sentence("{reports} reports, {bytes} bytes", **said["spool"]))),
    ]
    width = max(len(name) for name, _ in top)
    lines = [f"{name:{width}}  {value}" for name, value in top]
    if said["tables"]:
        width = max(map(len, said["tables"]))
        lines.append("")
    for table, one in said["tables"].items():
        times = said["killed"].get(table)
        killed = f", {say(sentence('killed {times} times', times=times))}" if times else ""
        message = f": {say(one['message'])}" if one.get("message") else ""
        at, outcome = _local(one["attempted_at"]) or "-", say(OUTCOMES[one["outcome"]])
        lines.append(f"{table:{width}}  {at:19}  {outcome}{killed}{message}")
    return "\n".join([*lines, *(f"! {_told(one, say)}" for one in said["falls_short"])])


def _local(at: str | None) -> str:
    return f"{parse_utc(at).astimezone():%Y-%m-%d %H:%M:%S}" if at else ""


def _told(one: str, say: Callable[[str], str]) -> str:
    if isinstance(one, Sentence) and one.arguments.get("why"):
        one = sentence(one.template, **{**one.arguments, "why": say(one.arguments["why"])})
    return say(one)
