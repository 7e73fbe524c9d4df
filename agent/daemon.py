"""The daemon: it wakes each minute, has collected what is due, and reports. It imports no collector."""

import contextlib
import gc
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from agent import cache, files, lock, process, report, schedule, spool, state, supervise
from agent import send as sending
from agent.exposition import Shown, serve
from agent.settings import NOTHING_TOLD, Here, here, is_loopback
from collectors.facts import Outcome, utc_text
from collectors.settings import Value
from collectors.sources.probe import Probe
from rules.words import language_of, sentence, translator

RETRY_SECONDS = (60.0, 120.0, 300.0, 900.0, 1800.0)
"""How long to wait after each failure to reach the hub in a row; the last holds from then on."""

COLLECT_AGAIN_SECONDS = 600.0
"""How long to wait where the collecting process could not even start."""


SENDING_SECONDS = 30.0
"""What waits is sent for so long at one wake-up: a hub that answers slowly must not keep the agent from collecting."""

NOT_SPOOLED = -1

CHECK_SECONDS = 6 * 3600.0
"""Verdicts change when a fact does, and by the clock: so often they are asked for where no fact changed."""

CHECK_WITHIN_SECONDS = 60.0


class CannotRun(Exception):  # noqa: N818 - what is so
    """The daemon can't run here: one sentence."""


class Stopped(BaseException):
    """Somebody asked the daemon to end. No Exception: nothing on the way may take it for a failure."""


PROBING = "connectivity"
"""The table that is collected anew at once where the hub asks for other probes."""


@dataclass(slots=True)
class Agent:
    """A running daemon's memory."""

    hub: str | None
    data: Path
    here: Here
    report_every: int
    metrics_port: int | None
    state: state.State
    spread: float
    stream: str = field(default_factory=report.new_stream)
    sequence: int = 0
    plan: schedule.Schedule = field(default_factory=schedule.Schedule)
    kept: dict[str, cache.Kept] = field(default_factory=dict)
    fresh: set[str] = field(default_factory=set)
    identifiers: dict[str, Any] | None = None
    shown: Shown = field(default_factory=Shown)
    started: bool = False
    failures: int = 0
    retry_at: float = 0.0
    collect_at: float = 0.0
    check_at: float = 0.0
    checks: tuple[tuple[str, bool], ...] = ()

    @property
    def cache(self) -> Path:
        """The folder of the last sections."""
        return self.data / "cache"

    @property
    def spool(self) -> Path:
        """The folder of the reports that wait."""
        return self.data / "spool"

    @property
    def every(self) -> int:
        """How often to report: the hub's word, where it said one."""
        return self.state.report_every_seconds or self.report_every


@dataclass(frozen=True, slots=True)
class Options:
    """What the daemon is told at its start."""

    data: Path
    hub: str | None
    metrics_listen: tuple[str, int]
    here: Here
    report_every: int


def options(settings: Mapping[str, Value]) -> Options:
    """Return what the settings tell the daemon."""
    hub, data, listen, every = (settings[name].value for name in ("hub", "data", "metrics_listen", "report_every"))
    return Options(data, hub, listen, here(settings), every)


def become(options: Options) -> NoReturn:
    """
    Turn this process into the daemon. Raises CannotRun.

    On Linux the command line's own modules are left behind by an exec: what was imported once stays in memory for as
    long as the daemon runs, and threads need no memory pools of their own.
    """
    prepare(options.data)
    said = json.dumps({**asdict(options), "data": str(options.data)})
    if hasattr(os, "posix_spawn"):
        os.environ["MALLOC_ARENA_MAX"] = "1"
        command = process.command("agent.daemon", said)
        os.execv(command[0], command)  # noqa: S606 - this very program
    main(said)


def main(said: str | None = None) -> NoReturn:
    """Run the daemon on options in JSON, and end with the exit code that says how it went."""
    given: dict[str, Any] = json.loads(said if said is not None else sys.argv[1])
    listen, told = tuple(given["metrics_listen"]), given["here"]
    place = Here(tuple(Probe(**one) for one in told["probes"]), told["is_lab"])
    try:
        run(Options(Path(given["data"]), given["hub"], listen, place, given["report_every"]))
    except CannotRun as why:
        print(f"baove: {translator(language_of(os.environ))(why.args[0])}", file=sys.stderr)  # noqa: T201 - a command
        sys.exit(2)
    except Stopped:
        log("agent stopped")
        sys.exit(0)


def run(options: Options, sleep: Callable[[float], object] = time.sleep) -> NoReturn:
    """Run until somebody ends it. Raises CannotRun, and Stopped when it was asked to end.

    ``sleep`` is how to wait for some seconds: a Windows service is ended there, since no signal reaches it.
    """
    data, hub, listen = options.data, options.hub, options.metrics_listen
    prepare(data)
    held = lock.take(data)
    if held is None:
        raise CannotRun(sentence("another agent already runs on {folder}", folder=data))
    agent = start(data, hub, options.here, options.report_every)
    try:
        server = serve(listen, lambda: agent.shown)
    except OSError as why:
        address = f"{listen[0]}:{listen[1]}"
        raise CannotRun(
            sentence("can't serve metrics on {address}: {why}", address=address, why=why.strerror or "refused")
        ) from why
    agent.metrics_port = server.server_address[1]
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    log(f"agent started on {data}, metrics on {listen[0]}:{agent.metrics_port}, hub {hub or 'none'}")
    gc.collect()
    gc.freeze()  # what was imported is never garbage
    while True:
        now = cycle(agent)
        sleep(schedule.sleep_seconds(agent.plan, now, agent.retry_at if agent.failures else None))


def _stop(number: int, _: object) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)
    raise Stopped


def _luck() -> float:
    """Return a random number from 0 up to 1, that no clone of the disk shares."""
    return int.from_bytes(os.urandom(4)) / (1 << 32)


def log(text: str) -> None:
    """Write one event to standard error."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"{utc_text(datetime.now(UTC))} {text}\n")
        sys.stderr.flush()


def prepare(data: Path) -> None:
    """Make the data folder, and delete what a killed agent left unfinished. Raises CannotRun."""
    try:
        for folder in (data, data / "cache", data / "spool"):
            files.make_folder(folder)
            files.sweep(folder)
    except OSError as why:
        raise CannotRun(
            sentence("can't keep anything in {folder}: {why}", folder=data, why=why.strerror or "refused")
        ) from why


def start(data: Path, hub: str | None, here: Here = NOTHING_TOLD, report_every: int = 3600) -> Agent:
    """Return a daemon that has done nothing yet, over a prepared folder."""
    remembered = state.load(data / "state.json")
    state.for_hub(remembered, hub)
    spread = 0.0 if hub and is_loopback(urlsplit(hub).hostname or "") else schedule.SPREAD_SECONDS
    return Agent(hub, data, here, report_every, None, remembered, spread)


def cycle(agent: Agent, now: schedule.Moment | None = None) -> schedule.Moment:
    """Do all that a wake-up asks for, and return the moment at its end."""
    fixed = now is not None
    now = now or schedule.moment()
    what = schedule.jump(agent.plan.seen, now)
    if what is not None:
        log({schedule.Jump.SLEPT: "the machine slept", schedule.Jump.CLOCK_SET: "the clock was set"}[what])
    agent.plan = schedule.wake(agent.plan, now, agent.spread, _luck())
    if now.elapsed >= agent.collect_at:
        collect(agent, now)
    now = now if fixed else schedule.moment()
    if agent.hub and agent.identifiers is not None and schedule.report_due(agent.plan, now):
        make_report(agent, now)
    if agent.hub and now.elapsed >= agent.retry_at:
        send_waiting(agent, now)
    show(agent)
    return now if fixed else schedule.moment()


def collect(agent: Agent, now: schedule.Moment) -> None:
    """Have collected what is due."""
    tables = schedule.due(agent.plan, agent.state.entries, now) if agent.started else None
    if tables == []:
        return
    told = tuple(Probe(**one) for one in agent.state.probes if Probe(**one) not in agent.here.probes)
    asked = replace(agent.here, probes=(*agent.here.probes, *told))
    try:
        with contextlib.closing(supervise.collecting(tables, asked)) as run_of_child:  # killed with us, whatever comes
            for said in run_of_child:
                _heed(agent, said)
    except (supervise.Refusal, OSError) as why:
        agent.collect_at = now.elapsed + COLLECT_AGAIN_SECONDS
        log(f"nothing was collected: {why}")
        return
    agent.plan = schedule.collected(agent.plan, tables or [entry.table for entry in agent.state.entries], now)
    agent.started = True
    remember(agent)
    if now.elapsed >= agent.check_at:
        agent.check_at = now.elapsed + CHECK_SECONDS
        agent.checks = checks(agent)


def _heed(agent: Agent, said: supervise.Said) -> None:
    if isinstance(said, list):
        if not agent.started:
            agent.state.entries = said
    elif isinstance(said, supervise.Identifiers):
        recognise(agent, report.with_weak_id(said.found, agent.data))
    else:
        before = agent.kept.get(said.table)
        agent.kept[said.table] = cache.keep(agent.cache, said, before)
        agent.fresh.add(said.table)
        section = agent.kept[said.table].section
        if said.killed:
            agent.state.killed[said.table] = agent.state.killed.get(said.table, 0) + 1
        if before is None or _seen(before.section) != _seen(section):
            agent.check_at = 0.0
        changed = before is None or before.section.message != section.message
        if changed and section.outcome in {Outcome.FAILED, Outcome.TIMED_OUT}:
            log(f"{section.table} {section.outcome}: {section.message}")


def _seen(section: supervise.Collected) -> tuple[str, str | None]:
    return section.outcome, section.digest


def checks(agent: Agent) -> tuple[tuple[str, bool], ...]:
    """Return which checks pass on this PC and which fail; those that are unknown are left out."""
    command = process.command("agent.check", str(agent.cache))
    try:
        done = subprocess.run(  # noqa: S603 - ours
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=CHECK_WITHIN_SECONDS,
            check=True,
            creationflags=process.NO_WINDOW,
        )
        return tuple((check, passes) for check, passes in json.loads(done.stdout))
    except (OSError, subprocess.SubprocessError, ValueError) as why:
        log(f"the checks could not be run: {type(why).__name__}")
        return ()


def recognise(agent: Agent, identifiers: dict[str, Any]) -> None:
    """Take the identifiers. What an image brought along from the machine that it was made on is thrown away."""
    if agent.identifiers is None:
        if state.same_machine(agent.state.identifiers, identifiers):
            agent.kept = cache.read(agent.cache)
        else:
            log("this is another machine than the one that the data folder is from: starting anew")
            cache.forget(agent.cache)
            spool.clear(agent.spool)
            agent.state = state.State(hub=agent.hub, entries=agent.state.entries)
    agent.identifiers = agent.state.identifiers = identifiers


def make_report(agent: Agent, now: schedule.Moment) -> None:
    """Write a report into the spool; where the disk takes nothing, send it from memory."""
    at = datetime.fromtimestamp(now.wall, UTC)
    agent.plan = schedule.reported(agent.plan, now, agent.every)
    volatile = {entry.table for entry in agent.state.entries if entry.volatile}
    chosen = report.choose(agent.kept, agent.fresh, agent.state.known, volatile, at)
    contents, rows = report.readable(chosen, lambda table: cache.rows(agent.cache, table))
    agent.sequence += 1
    top = report.head(agent.stream, agent.sequence, utc_text(at), agent.identifiers or {})
    body = report.packed(report.pieces(top, contents, rows, agent.metrics_port))
    try:
        kept, dropped = spool.add(agent.spool, body)
    except OSError as why:
        log(f"the report can't be kept on the disk: {why.strerror}")
        if not _deliver(agent, body, now):
            return
        agent.state.known = report.now_known(agent.state.known, contents, 0, at)
    else:
        agent.state.known = report.now_known(agent.state.known, contents, kept.number, at)
        for number in dropped:
            state.forget_report(agent.state, number)
        if dropped:
            agent.state.dropped += len(dropped)
            log(f"the oldest reports were dropped, since the spool is full: {len(dropped)}")
    agent.fresh.clear()
    agent.state.made += 1
    agent.state.last_made_at = utc_text(at)
    remember(agent)


def send_waiting(agent: Agent, now: schedule.Moment) -> None:
    """Send what waits, the oldest first, until the hub fails."""
    began = time.monotonic()
    for one in spool.waiting(agent.spool):
        if time.monotonic() - began > SENDING_SECONDS:
            return
        try:
            body = one.path.read_bytes()
        except OSError as why:
            log(f"a report can't be read back: {why.strerror}")
            state.forget_report(agent.state, one.number)
            spool.remove(one)
            continue
        taken = _deliver(agent, body, now, one.number)
        if taken is None:
            return
        spool.remove(one)
        remember(agent)


def _deliver(agent: Agent, body: bytes, now: schedule.Moment, number: int = NOT_SPOOLED) -> bool | None:
    """Send one report; return whether the hub took it, and None where it did not answer as a hub."""
    at = utc_text(datetime.fromtimestamp(now.wall, UTC))
    try:
        answer = sending.send(agent.hub or "", body, agent.kept)
    except sending.Away as why:
        wait = RETRY_SECONDS[min(agent.failures, len(RETRY_SECONDS) - 1)]
        agent.failures += 1
        agent.retry_at = now.elapsed + wait * (1 + _luck() / 4)
        _note(agent, str(why), at)
        return None
    except sending.Rejected as why:
        agent.state.rejected += 1
        state.forget_report(agent.state, number)
        _note(agent, f"a report was dropped: {why}", at)
        return False
    agent.failures, agent.retry_at = 0, 0.0
    agent.state.acknowledged += 1
    agent.state.last_acknowledged_at = at
    agent.state.last_error = agent.state.last_error_at = None
    state.settle_report(agent.state, number)
    obey(agent, answer, now)
    return True


def obey(agent: Agent, answer: sending.Answer, now: schedule.Moment) -> None:
    """Do the three things that an answer may ask for."""
    agent.state.device_id = answer.device_id or agent.state.device_id
    if answer.resend:
        agent.state.known = {table: known for table, known in agent.state.known.items() if table not in answer.resend}
        agent.plan = schedule.hurry(agent.plan, now)
    if answer.report_every_seconds is not None:
        agent.state.report_every_seconds = answer.report_every_seconds
        agent.plan = schedule.paced(agent.plan, now, agent.every)
    if answer.probes is not None:
        asked = [{"purpose": one.purpose, "target": one.target} for one in answer.probes]
        if asked != agent.state.probes:
            agent.state.probes, agent.plan = asked, schedule.again(agent.plan, PROBING)


def _note(agent: Agent, error: str, at: str) -> None:
    if error != agent.state.last_error:
        log(error)
    agent.state.last_error, agent.state.last_error_at = error, at


def remember(agent: Agent) -> None:
    """Write the state; a disk that takes nothing costs a whole report after the next start."""
    try:
        state.save(agent.data / "state.json", agent.state)
    except OSError as why:
        log(f"the state can't be kept on the disk: {why.strerror}")


def show(agent: Agent) -> None:
    """Give /metrics what is now known."""
    agent.shown = Shown(
        dict(agent.kept),
        dict(agent.state.killed),
        agent.checks,
        len(spool.waiting(agent.spool)),
        agent.state.last_acknowledged_at,
    )
