"""Verdicts follow the facts, the clock and the officer; nothing stays green unseen."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from hub import devices
from hub.database import Database, Row
from hub.hub import Hub
from hub.judge import judge, judge_all, judge_ended, mark_outdated
from hub.tables import OWN
from hub.targets import measured, write_down
from hub.waiting import judged, wait
from rules.tables import Ownership
from tests.hub.conftest import Clock, Query
from tests.hub.reports import DEVICE, FIREWALL, report, send

CHECK = "firewall-enabled"
AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def verdict(ask: Query, check: str = CHECK) -> tuple[Any, ...]:
    """Return what a check says of the one device, why, and since when."""
    (row,) = ask("SELECT verdict, reason, since FROM verdict WHERE rule = :rule", rule=check)
    return row["verdict"], row["reason"], row["since"]


def told(hub: Hub, clock: Clock, sequence: int, **enabled: bool | None) -> str:
    """Send a report about the firewall and judge; return the device."""
    rows = [{**FIREWALL, "enabled": enabled["enabled"]}] if enabled else []
    answer = send(hub, report(clock(), sequence=sequence, tables={"device": [DEVICE], "firewall": rows}))
    judge_all(hub)
    return answer.device_id


def test_a_report_is_judged_and_the_verdict_knows_since_and_until(any_hub: Hub, clock: Clock, ask: Query) -> None:
    """The verdict holds until the facts expire; it is as old as the change to it, not as the last report."""
    told(any_hub, clock, 1, enabled=True)
    assert verdict(ask)[0::2] == ("pass", "2026-03-02T01:00:00Z")

    clock.advance(days=1)
    told(any_hub, clock, 2, enabled=True)
    assert verdict(ask)[0::2] == ("pass", "2026-03-02T01:00:00Z")
    assert [{"until": "2026-04-02T01:00:00Z"}] == ask("SELECT until FROM verdict WHERE rule = :rule", rule=CHECK)

    clock.advance(days=1)
    told(any_hub, clock, 3, enabled=False)
    assert verdict(ask)[0::2] == ("fail", "2026-03-04T01:00:00Z")


def test_a_state_that_was_not_seen_is_unknown(any_hub: Hub, clock: Clock, ask: Query) -> None:
    """Null never passes."""
    told(any_hub, clock, 1, enabled=None)

    assert verdict(ask)[0] == "unknown"


@pytest.mark.parametrize(("why", "reason"), [("failed", "table_failed"), ("timed_out", "table_timed_out")])
def test_a_section_that_could_not_be_read_makes_its_verdict_unknown(
    any_hub: Hub, clock: Clock, ask: Query, why: str, reason: str
) -> None:
    """The older rows are kept, and no verdict stands on them."""
    told(any_hub, clock, 1, enabled=True)
    clock.advance(hours=1)

    send(any_hub, report(clock(), sequence=2, tables={}, missing=[{"table": "firewall", "why": why}]))
    judge_all(any_hub)

    assert verdict(ask)[:2] == ("unknown", reason)


def test_a_table_that_never_came_is_unknown(any_hub: Hub, clock: Clock, ask: Query) -> None:
    """An empty table without a run is unknown, not 'none found'."""
    send(any_hub, report(clock(), tables={"device": [DEVICE]}))
    judge_all(any_hub)

    assert verdict(ask)[:2] == ("unknown", "never_came")


def test_a_verdict_turns_to_unknown_by_the_clock_alone(any_hub: Hub, clock: Clock, ask: Query) -> None:
    """A lab that was shut all summer is unknown in September, though no report came."""
    told(any_hub, clock, 1, enabled=True)

    clock.advance(days=31)
    judge_ended(any_hub)

    assert verdict(ask)[:2] == ("unknown", "table_expired")


def test_a_target_does_not_believe_an_old_verdict_that_nobody_judged_again(any_hub: Hub, clock: Clock) -> None:
    """Even where the job that judges stands still, what has run out counts as unknown."""
    told(any_hub, clock, 1, enabled=True)
    clock.advance(days=31)

    (found,) = [one for one in measured(any_hub) if one.target.id == "host-firewall"]

    assert ("unknown", 1) == (found.measurement.verdict.value, found.measurement.unknown)


def test_judging_ends_although_a_verdict_ends_within_the_minute(hub: Hub, clock: Clock, ask: Query) -> None:
    """What is judged ahead of its end and still holds is not judged over and over."""
    told(hub, clock, 1, enabled=True)
    hub.database.write(
        lambda connection: connection.execute(
            sa.text("UPDATE collection SET expires_at = '2026-03-02T01:01:00Z' WHERE \"table\" = 'firewall'")
        )
    )
    hub.database.write(lambda connection: wait(connection, ["nobody"]))

    judge_all(hub)

    assert judge(hub) == 0
    assert [] == ask("SELECT * FROM to_judge")


def test_what_changed_while_it_was_judged_is_judged_again(hub: Hub, clock: Clock, ask: Query) -> None:
    """A report that comes between the question and its answer leaves its mark."""
    device = told(hub, clock, 1, enabled=True)
    hub.database.write(lambda connection: wait(connection, [device], ["firewall"]))
    (row,) = ask("SELECT * FROM to_judge")
    hub.database.write(lambda connection: wait(connection, [device], ["firewall"]))

    hub.database.write(lambda connection: judged(connection, [(device, "firewall", int(str(row["mark"])))]))

    assert [{"device_id": device}] == ask("SELECT device_id FROM to_judge")


def test_only_rules_that_read_the_changed_table_are_asked(hub: Hub, clock: Clock, ask: Query) -> None:
    """A new firewall row does not judge the antivirus again."""
    told(hub, clock, 1, enabled=True)
    hub.database.write(
        lambda connection: connection.execute(
            sa.text("UPDATE verdict SET reason = 'untouched' WHERE verdict <> 'pass'")
        )
    )

    clock.advance(minutes=5)
    send(hub, report(clock(), sequence=2, tables={"firewall": [{**FIREWALL, "enabled": False}]}))
    judge(hub)

    reasons = {row["rule"]: row["reason"] for row in ask("SELECT rule, reason FROM verdict")}
    assert ("untouched", False) == (reasons["antivirus-enabled"], reasons[CHECK] == "untouched")


def test_a_waiver_exempts_until_its_last_day(any_hub: Hub, clock: Clock, ask: Query) -> None:
    """The whole of the last day still counts, by the school's clock."""
    waiver = {
        "rule": CHECK, "subject": DEVICE["hostname"], "reason": "Máy thử nghiệm", "granted_by": "Hiệu trưởng",
        "until": "2026-03-05",
    }  # fmt: skip
    any_hub.database.write(lambda connection: connection.execute(OWN["waiver"].insert().values(waiver)))
    told(any_hub, clock, 1, enabled=False)
    assert verdict(ask)[:2] == ("exempt", "waived")
    assert [{"until": "2026-03-05T17:00:00Z"}] == ask("SELECT until FROM verdict WHERE rule = :rule", rule=CHECK)

    clock.advance(days=4)
    judge_ended(any_hub)

    assert verdict(ask)[0] == "fail"


@pytest.mark.parametrize("decision", ["retired", "not ours"])
def test_what_is_not_the_schools_is_not_judged(any_hub: Hub, clock: Clock, ask: Query, decision: str) -> None:
    """A guest's laptop neither fails nor passes for the school, and comes back when the officer says so."""
    device = told(any_hub, clock, 1, enabled=False)

    if decision == "retired":
        any_hub.database.write(lambda connection: devices.retire(connection, device, clock()))
    else:
        any_hub.database.write(lambda connection: devices.set_ownership(connection, device, Ownership.OTHER))
    judge_all(any_hub)
    assert [] == ask("SELECT * FROM verdict")

    any_hub.database.write(lambda connection: devices.unretire(connection, device))
    any_hub.database.write(lambda connection: devices.set_ownership(connection, device, Ownership.SCHOOL))
    judge_all(any_hub)
    assert verdict(ask)[0] == "fail"


def test_when_a_rule_changes_all_devices_are_judged_again(hub: Hub, clock: Clock, ask: Query) -> None:
    """A verdict keeps the version of the rule that gave it."""
    told(hub, clock, 1, enabled=True)
    hub.database.write(lambda connection: connection.execute(sa.text("UPDATE verdict SET version = 'older'")))

    mark_outdated(hub)
    judge(hub)

    assert [] == ask("SELECT * FROM verdict WHERE version = 'older'")


def test_a_target_keeps_since_when_and_its_days(any_hub: Hub, clock: Clock, ask: Query) -> None:
    """Its history has one line a day, its 'since' moves only when the verdict does."""
    told(any_hub, clock, 1, enabled=True)
    write_down(any_hub)
    clock.advance(hours=5)
    write_down(any_hub)
    clock.advance(days=1)
    told(any_hub, clock, 2, enabled=False)
    write_down(any_hub)

    (state,) = ask("SELECT verdict, since FROM target_state WHERE target = 'host-firewall'")
    days = ask("SELECT day, verdict, value FROM target_day WHERE target = 'host-firewall' ORDER BY day")
    assert {"verdict": "fail", "since": "2026-03-03T06:00:00Z"} == state
    assert [("2026-03-02", "pass", 1), ("2026-03-03", "fail", 0)] == [tuple(row.values()) for row in days]
    assert clock() > AT


def test_a_verdict_that_ended_takes_no_other_change_off_the_list(any_hub: Hub, clock: Clock, ask: Query) -> None:
    """Judging by the clock asks some rules only; what came in a report meanwhile still waits for the others."""
    device = told(any_hub, clock, 1, enabled=True)
    any_hub.database.write(
        lambda connection: connection.execute(
            sa.text("UPDATE verdict SET until = :now WHERE rule = 'disks-healthy'"), {"now": "2026-03-02T01:00:00Z"}
        )
    )
    clock.advance(minutes=1)
    send(any_hub, report(clock(), sequence=2, tables={"firewall": [{**FIREWALL, "enabled": False}]}))

    judge_ended(any_hub)
    assert [{"device_id": device, "table": "firewall"}] == ask('SELECT device_id, "table" FROM to_judge')
    judge(any_hub)

    assert verdict(ask)[0] == "fail"


def test_what_comes_while_it_is_judged_is_judged_too(
    any_hub: Hub, clock: Clock, ask: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report may come after it was read who waits and before it is written that they no longer do."""
    told(any_hub, clock, 1, enabled=True)
    clock.advance(minutes=1)
    send(any_hub, report(clock(), sequence=2, tables={"disk": []}))
    reading, times = type(any_hub.database).reading, iter(range(1, 100))

    @contextlib.contextmanager
    def interrupted(database: Database) -> Iterator[Callable[..., list[Row]]]:
        with reading(database) as query:
            yield query
        if next(times) == 1:
            send(any_hub, report(clock(), sequence=3, tables={"firewall": [{**FIREWALL, "enabled": False}]}))

    monkeypatch.setattr(type(any_hub.database), "reading", interrupted)
    while judge(any_hub):
        pass
    monkeypatch.undo()

    assert verdict(ask)[0] == "fail"


def test_what_a_pc_reached_before_it_was_moved_says_nothing_of_its_new_room(
    any_hub: Hub, clock: Clock, ask: Query
) -> None:
    """A lab's PC that is carried into a classroom has not measured there yet; one that never moved has."""
    rooms = [{"room": "P1", "campus": "TT", "kind": "classroom", "computers_expected": 0},
             {"room": "PM1", "campus": "TT", "kind": "computer_lab", "computers_expected": 0}]  # fmt: skip
    any_hub.database.write(lambda connection: connection.execute(OWN["room"].insert(), rooms))
    reached = {"target": "example.edu.vn:443", "purpose": "internet", "kind": "tcp", "ok": True}
    tables: dict[str, Any] = {"device": [DEVICE], "connectivity": [reached]}
    device = send(any_hub, report(clock(), tables=tables)).device_id

    def verdict_in(room: str) -> str:
        any_hub.database.write(lambda connection: devices.set_room(connection, device, room))
        (found,) = [one for one in measured(any_hub) if one.target.id == "classroom-internet"]
        return found.measurement.verdict.value

    assert verdict_in("P1") == "pass"
    assert verdict_in("PM1") == "unknown"
    clock.advance(hours=1)
    send(any_hub, report(clock(), sequence=2, tables=tables))
    assert verdict_in("P1") == "unknown"
    clock.advance(hours=1)
    send(any_hub, report(clock(), sequence=3, tables=tables))
    assert verdict_in("P1") == "pass"
    assert [{"room": "P1"}] == ask("SELECT room FROM managed_device")
