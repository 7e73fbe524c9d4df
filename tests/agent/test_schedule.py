"""The schedule: pure functions of two clocks, so sleep and clock jumps are only numbers."""

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from agent.schedule import (
    LEAST_BETWEEN_REPORTS_SECONDS,
    SPREAD_SECONDS,
    WAKE_SECONDS,
    Entry,
    Jump,
    Moment,
    Schedule,
    collected,
    due,
    hurry,
    jump,
    paced,
    report_due,
    reported,
    sleep_seconds,
    wake,
)

HOURLY, DAILY = Entry("volume", 3600), Entry("monitor", 86400)
ENTRIES = [HOURLY, DAILY]

clock = st.floats(0, 1e9, allow_nan=False)
steps = st.lists(st.tuples(st.floats(0, 1e6), st.floats(-1e9, 1e9)), max_size=20)


def at(elapsed: float, offset: float = 1.7e9) -> Moment:
    """Return a moment of a clock that nobody set."""
    return Moment(elapsed, elapsed + offset)


def test_everything_is_due_at_the_start() -> None:
    """What a disk says of earlier runs is not believed: it may be another machine's."""
    assert due(Schedule(), ENTRIES, at(5)) == ["volume", "monitor"]


def test_nothing_is_due_right_after_it_ran() -> None:
    """A table rests for its period."""
    after = collected(Schedule(), ["volume", "monitor"], at(5))

    assert due(after, ENTRIES, at(5 + 3500)) == []
    assert due(after, ENTRIES, at(5 + 3600)) == ["volume"]
    assert due(after, ENTRIES, at(5 + 86400)) == ["volume", "monitor"]


def test_a_table_keeps_its_hour_when_wake_ups_are_a_little_early() -> None:
    """Wake-ups stand a minute apart; one that is a few seconds early must not push a table to the next one."""
    after = collected(Schedule(), ["volume"], at(0))

    assert due(after, [HOURLY], at(3600 - 5)) == ["volume"]


@given(st.floats(3600, 1e7))
def test_what_was_missed_in_sleep_is_due_once(slept: float) -> None:
    """However many periods were slept through, a table runs once."""
    before = collected(wake(Schedule(), at(0), 0, 0), ["volume"], at(0))
    woken = wake(before, at(slept), SPREAD_SECONDS, 0.5)

    assert jump(before.seen, at(slept)) is Jump.SLEPT
    assert due(woken, [HOURLY], at(slept)) == ["volume"]
    assert due(collected(woken, ["volume"], at(slept)), [HOURLY], at(slept + WAKE_SECONDS)) == []


@given(st.floats(121, 1e9), st.booleans())
def test_a_clock_that_was_set_makes_everything_due(by: float, back: bool) -> None:
    """Forwards or backwards: the times of the last facts were told by a wrong clock."""
    before = collected(wake(Schedule(), at(0), 0, 0), ["volume", "monitor"], at(0))
    now = Moment(60, 1.7e9 + 60 + (-by if back else by))
    after = wake(before, now, 0, 0)

    assert jump(before.seen, now) is Jump.CLOCK_SET
    assert due(after, ENTRIES, now) == ["volume", "monitor"]
    assert due(collected(after, ["volume", "monitor"], now), ENTRIES, Moment(120, now.wall + 60)) == []


@given(st.floats(-100, 100))
def test_a_slow_correction_of_the_clock_is_no_jump(by: float) -> None:
    """Time synchronisation moves the clock a little at a time."""
    assert jump(at(0), Moment(60, 1.7e9 + 60 + by)) is None


@given(clock, clock, steps)
def test_no_order_of_sleep_and_jumps_stops_the_schedule(
    elapsed: float, wall: float, moves: list[tuple[float, float]]
) -> None:
    """Whatever the clocks do, a table is due again at the latest one period after its last run."""
    plan, now = Schedule(), Moment(elapsed, wall)
    for forward, set_by in moves:
        plan = wake(plan, now, SPREAD_SECONDS, 0.3)
        plan = collected(plan, due(plan, ENTRIES, now), now)
        if report_due(plan, now):
            plan = reported(plan, now, 3600)

        assert 0 < sleep_seconds(plan, now) <= WAKE_SECONDS
        assert plan.report_at is not None
        assert now.elapsed <= plan.report_at <= now.elapsed + 3600 + SPREAD_SECONDS
        now = Moment(now.elapsed + forward, now.wall + forward + set_by)
    plan = wake(plan, Moment(now.elapsed + 86400, now.wall), 0, 0)

    assert due(plan, ENTRIES, Moment(now.elapsed + 86400, now.wall)) == ["volume", "monitor"]


def test_forty_pcs_switched_on_together_report_apart() -> None:
    """Their first reports stand within the spread, and no second sees a crowd."""
    luck = random.Random(3)  # noqa: S311 - a test
    seconds = Counter(int(wake(Schedule(), at(7), SPREAD_SECONDS, luck.random()).report_at or 0) for _ in range(40))

    assert max(seconds.values()) <= 3
    assert all(7 <= second <= 7 + SPREAD_SECONDS for second in seconds)


def test_forty_pcs_woken_together_report_apart() -> None:
    """After sleep an overdue report gets a new random time."""
    luck = random.Random(3)  # noqa: S311 - a test
    asleep = reported(wake(Schedule(), at(0), 0, 0), at(0), 3600)
    times = {wake(asleep, at(30000), SPREAD_SECONDS, luck.random()).report_at for _ in range(40)}

    assert len(times) == 40
    assert all(time is not None and 30000 <= time <= 30000 + SPREAD_SECONDS for time in times)


def test_a_pc_keeps_its_place_within_the_period() -> None:
    """A report that was made a minute late does not move those after it."""
    plan = wake(Schedule(), at(0), 300, 0.5)

    assert reported(plan, at(150 + 60), 3600).report_at == 150 + 3600


def test_what_the_hub_lacks_comes_soon_but_never_often() -> None:
    """A hub that asks again and again gets a report each five minutes, no more."""
    plan = hurry(reported(wake(Schedule(), at(0), 0, 0), at(0), 3600), at(1))

    assert plan.report_at == LEAST_BETWEEN_REPORTS_SECONDS
    assert hurry(plan, at(1000)).report_at == LEAST_BETWEEN_REPORTS_SECONDS


def test_a_shorter_period_holds_at_once() -> None:
    """A hub that asks for a report each ten minutes does not wait a day for the first."""
    plan = reported(wake(Schedule(), at(0), 0, 0), at(0), 86400)

    assert paced(plan, at(0), 600).report_at == 600
    assert paced(plan, at(0), 1e6).report_at == 86400
