"""The hub's own jobs: judging what waits, writing down the targets, letting go of what is old."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hub import inbox, ingest, judge, targets
from hub.hub import Hub

KEEP_REPORTS = timedelta(days=90)
JUDGE_SECONDS = 2
CLOCK_SECONDS = 60
TARGETS_SECONDS = 60
FORGET_SECONDS = 6 * 3600
INBOX_SECONDS = 60

log = logging.getLogger(__name__)


def _forget(hub: Hub) -> None:
    hub.database.write(lambda connection: ingest.forget(connection, hub.clock() - KEEP_REPORTS))


def _judge(hub: Hub) -> None:
    while judge.judge(hub):
        pass


JOBS: dict[str, tuple[int, Callable[[Hub], object]]] = {
    "judge": (JUDGE_SECONDS, _judge),
    "clock": (CLOCK_SECONDS, judge.judge_ended),
    "targets": (TARGETS_SECONDS, targets.write_down),
    "forget": (FORGET_SECONDS, _forget),
    "inbox": (INBOX_SECONDS, inbox.watch),
}
"""Each job's period in seconds and what it does."""


def start(hub: Hub, succeeded: dict[str, float]) -> Callable[[], None]:
    """Run the jobs in threads of their own, noting each success; return what stops them."""
    from apscheduler.schedulers.background import BackgroundScheduler

    scheduler = BackgroundScheduler(timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1})
    for name, (seconds, work) in JOBS.items():

        def run(name: str = name, work: Callable[[Hub], object] = work) -> None:
            try:
                work(hub)
            except Exception:
                log.exception("the job %s failed", name)
            else:
                succeeded[name] = time.time()

        now = datetime.now(UTC)
        scheduler.add_job(run, "interval", seconds=seconds, id=name, next_run_time=now, misfire_grace_time=None)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    judge.mark_outdated(hub)
    scheduler.start()

    def stop() -> None:
        scheduler.shutdown()

    return stop
