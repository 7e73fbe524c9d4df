"""Reports are state: lost, doubled, late or out of order, the hub ends with what the machine is, and no more."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub import devices
from hub.hub import FILE_NAME, Hub, open_hub
from hub.judge import judge_all
from hub.tables import OWN
from rules.tables import Ownership
from tests.hub.conftest import Clock, Query
from tests.hub.reports import DEVICE, FIREWALL, later, report, send

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def module(slot: str, size_gib: int) -> dict[str, Any]:
    """Return a memory module."""
    return {
        "slot": slot, "size_bytes": size_gib << 30, "kind": None, "speed_mhz": None, "vendor": None, "serial": None,
        "part_number": None,
    }  # fmt: skip


def program(name: str, version: str) -> dict[str, Any]:
    """Return a program."""
    return {
        "name": name, "version": version, "publisher": None, "installed_on": None, "source": "dpkg",
        "scope": "machine", "architecture": "amd64",
    }  # fmt: skip


def test_rows_are_stored_and_read_through_the_tables_view(any_hub: Hub, ask: Query) -> None:
    """A report's rows are the table's rows, with the device and the time of their collection."""
    answer = send(
        any_hub, report(AT, tables={"device": [DEVICE], "software": [program("gcc", "12"), program("vim", "9")]})
    )

    assert (True, []) == (answer.accepted, answer.resend)
    assert [("gcc", "2026-03-02T01:00:00Z"), ("vim", "2026-03-02T01:00:00Z")] == [
        (row["name"], row["collected_at"]) for row in ask("SELECT * FROM software ORDER BY name")
    ]
    assert answer.device_id == ask("SELECT device_id FROM device")[0]["device_id"]


def test_a_repeated_report_changes_nothing(any_hub: Hub, ask: Query) -> None:
    """An answer that got lost makes an agent send again; (stream, sequence) is stored once."""
    document = report(AT, tables={"device": [DEVICE], "memory_module": [module("A", 8)]})
    first = send(any_hub, document)

    second = send(any_hub, document)

    assert first.device_id == second.device_id
    assert [{"n": 1}] == ask("SELECT COUNT(*) AS n FROM report")
    assert [] == ask("SELECT * FROM change")


def test_unchanged_is_believed_only_where_the_hub_has_the_same(any_hub: Hub, clock: Clock, ask: Query) -> None:
    """The hub asks again for what it lacks, or has otherwise."""
    modules = [module("A", 8)]
    send(any_hub, report(AT, tables={"memory_module": modules}))

    answer = send(
        any_hub,
        report(
            clock.advance(hours=1), sequence=2, tables={},
            unchanged={"memory_module": modules, "firewall": [FIREWALL]},
        ),
    )  # fmt: skip

    assert ["firewall"] == answer.resend
    assert [{"collected_at": "2026-03-02T02:00:00Z"}] == ask("SELECT collected_at FROM memory_module")


def test_a_lost_report_heals(any_hub: Hub, clock: Clock, ask: Query) -> None:
    """The report that carried the new rows never came: the next one's digest betrays it."""
    send(any_hub, report(AT, tables={"memory_module": [module("A", 8)]}))
    now = [module("A", 4)]

    answer = send(any_hub, report(clock.advance(hours=2), sequence=3, tables={}, unchanged={"memory_module": now}))
    assert ["memory_module"] == answer.resend
    send(any_hub, report(clock.advance(minutes=1), sequence=4, tables={"memory_module": now}))

    assert [{"size_bytes": 4 << 30}] == ask("SELECT size_bytes FROM memory_module")


def test_what_came_went_and_changed_is_kept(any_hub: Hub, clock: Clock, ask: Query) -> None:
    """Memory that shrank, a program that went, one that came and one that was updated."""
    send(
        any_hub,
        report(AT, tables={"memory_module": [module("A", 8)], "software": [program("gcc", "12"), program("vim", "9")]}),
    )
    send(
        any_hub,
        report(
            clock.advance(days=1), sequence=2,
            tables={"memory_module": [module("A", 4)], "software": [program("gcc", "13"), program("zip", "3")]},
        ),
    )  # fmt: skip

    changes = {
        (row["table"], row["what"], json.loads(str(row["key"]))[0], row["field"]) for row in ask("SELECT * FROM change")
    }
    assert {
        ("memory_module", "changed", "A", "size_bytes"),
        ("software", "changed", "gcc", "version"),
        ("software", "went", "vim", None),
        ("software", "came", "zip", None),
    } == changes


def test_a_first_report_is_no_history(any_hub: Hub, ask: Query) -> None:
    """Nothing came or went before anything was known."""
    send(any_hub, report(AT, tables={"software": [program("gcc", "12")]}))

    assert [] == ask("SELECT * FROM change")


def test_a_failed_section_keeps_the_older_rows_and_says_so(any_hub: Hub, clock: Clock, ask: Query) -> None:
    """Only whole is compared with whole: a failure is no change of the machine."""
    send(any_hub, report(AT, tables={"firewall": [FIREWALL]}))
    failed = {"table": "firewall", "why": "failed", "message": "access denied"}

    send(any_hub, report(clock.advance(hours=1), sequence=2, tables={}, missing=[failed]))

    (row,) = ask("SELECT * FROM collection WHERE \"table\" = 'firewall'")
    assert ("failed", "access denied", "2026-03-02T01:00:00Z") == (row["outcome"], row["message"], row["collected_at"])
    assert [{"profile": "default"}] == ask("SELECT profile FROM firewall")
    assert [] == ask("SELECT * FROM change")


def test_what_is_not_here_any_more_has_no_rows(any_hub: Hub, clock: Clock, ask: Query) -> None:
    """A machine that has no such thing by design keeps no rows from when it had."""
    send(any_hub, report(AT, tables={"firewall": [FIREWALL]}))

    send(
        any_hub,
        report(clock.advance(hours=1), sequence=2, tables={}, missing=[{"table": "firewall", "why": "not_here"}]),
    )

    assert [] == ask("SELECT * FROM firewall")


def test_a_late_report_does_not_undo_a_newer_one(any_hub: Hub, clock: Clock, ask: Query) -> None:
    """What lay in a spool for a day tells of yesterday, not of now."""
    clock.advance(days=2)
    send(any_hub, report(later(AT, days=1), sequence=2, tables={"memory_module": [module("A", 4)]}))

    send(any_hub, report(AT, sequence=1, tables={"memory_module": [module("A", 8)]}))

    assert [{"size_bytes": 4 << 30}] == ask("SELECT size_bytes FROM memory_module")
    assert ["2026-03-02", "2026-03-03"] == [row["day"] for row in ask("SELECT day FROM presence ORDER BY day")]


def test_a_clock_that_runs_ahead_does_not_keep_facts_fresh(any_hub: Hub, clock: Clock, ask: Query) -> None:
    """Two years ahead: what is said to be collected then was collected now at the latest."""
    ahead = later(AT, days=730)

    send(any_hub, report(ahead, tables={"firewall": [FIREWALL]}))

    assert [{"collected_at": "2026-03-02T01:00:00Z"}] == ask("SELECT collected_at FROM firewall")
    assert clock() == AT


@pytest.mark.parametrize("wrong_by", [timedelta(days=-400), timedelta(hours=9)])
def test_a_wrong_clock_is_corrected_by_what_it_said(any_hub: Hub, ask: Query, wrong_by: timedelta) -> None:
    """The request's Date tells how wrong the PC's clock is; its facts are as old as they are."""
    said = AT + wrong_by

    send(any_hub, report(said - timedelta(minutes=10), tables={"firewall": [FIREWALL]}), AT, sent_date=said)

    assert [{"collected_at": "2026-03-02T00:50:00Z"}] == ask("SELECT collected_at FROM firewall")


def test_facts_expire_by_days_of_operation_or_by_the_calendar(any_hub: Hub, clock: Clock, ask: Query) -> None:
    """An antivirus counts for seven days on which the PC was on, a lab that was shut for thirty days at most."""
    expires = "SELECT expires_at FROM collection WHERE \"table\" = 'antivirus'"
    send(any_hub, report(AT, tables={"device": [DEVICE], "antivirus": []}))
    assert [{"expires_at": "2026-04-01T01:00:00Z"}] == ask(expires)

    for day in range(1, 8):
        send(any_hub, report(clock.advance(days=1), sequence=1 + day, tables={"device": [DEVICE]}))
    assert [{"expires_at": "2026-04-01T01:00:00Z"}] == ask(expires)
    send(any_hub, report(clock.advance(days=1), sequence=20, tables={"device": [DEVICE]}))

    assert [{"expires_at": "2026-03-10T01:00:00Z"}] == ask(expires)


def test_days_of_operation_are_local_dates(any_hub: Hub, ask: Query) -> None:
    """Half past six in the morning in Viet Nam is still yesterday in UTC."""
    send(any_hub, report(datetime(2026, 3, 1, 23, 30, tzinfo=UTC)))

    assert [{"day": "2026-03-02"}] == ask("SELECT day FROM presence")


def test_a_refused_row_takes_nothing_else_with_it(any_hub: Hub, ask: Query) -> None:
    """A section that does not fit is failed; the rest of the report is taken."""
    send(any_hub, report(AT, tables={"firewall": [{"profile": None}], "device": [DEVICE]}))

    outcomes = {row["table"]: row["outcome"] for row in ask("SELECT * FROM collection")}
    assert {"firewall": "failed", "device": "rows"} == outcomes


def test_a_system_installed_anew_is_one_line_of_history(any_hub: Hub, clock: Clock, ask: Query) -> None:
    """Thousands of programs that changed at once are told in one line with their counts."""
    before = [program(f"old{number}", "1") for number in range(300)]
    after = [program(f"new{number}", "1") for number in range(300)]
    send(any_hub, report(AT, tables={"software": before}))

    send(any_hub, report(clock.advance(days=1), sequence=2, tables={"software": after}))

    (row,) = ask("SELECT * FROM change")
    assert {"rows": 300, "came": 300, "went": 300, "changed": 0} == json.loads(str(row["after"]))


_STATES = st.lists(
    st.fixed_dictionaries({"memory": st.integers(1, 3), "programs": st.sets(st.sampled_from("abcd"))}),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(states=_STATES, arrivals=st.data())
def test_lost_doubled_late_and_shuffled_reports_end_in_the_newest_state(
    tmp_path_factory: pytest.TempPathFactory, states: list[dict[str, Any]], arrivals: st.DataObject
) -> None:
    """Whatever happens on the way, once a report that carries everything has come, the hub has that state."""
    opened = open_hub(tmp_path_factory.mktemp("hub"), clock=lambda: later(AT, days=9))
    try:
        documents = [
            report(
                later(AT, hours=number), sequence=number,
                tables={
                    "memory_module": [module("A", state["memory"])],
                    "software": [program(name, "1") for name in sorted(state["programs"])],
                },
            )
            for number, state in enumerate(states)
        ]  # fmt: skip
        order = arrivals.draw(st.lists(st.sampled_from(range(len(documents))), max_size=12))
        for number in [*order, len(documents) - 1, *order]:
            send(opened, documents[number])
        with opened.database.reading() as query:
            sizes = [row["size_bytes"] >> 30 for row in query("SELECT size_bytes FROM memory_module", {})]
            names = {row["name"] for row in query("SELECT name FROM software", {})}
            reports = query("SELECT COUNT(*) AS n FROM report", {})[0]["n"]
    finally:
        opened.close()

    assert ([states[-1]["memory"]], states[-1]["programs"]) == (sizes, names)
    assert len({*order, len(documents) - 1}) == reports


def reached(kind: str, *, ok: bool, at: str | None) -> dict[str, Any]:
    """Return one step towards a target."""
    return {
        "target": "https://example.edu.vn/", "purpose": "internet", "kind": kind, "ok": ok, "last_success_at": at,
        "duration_seconds": 0.1, "error": None,
    }  # fmt: skip


def test_when_a_probe_last_succeeded_is_remembered(any_hub: Hub, clock: Clock, ask: Query) -> None:
    """One attempt that fails does not make the hub forget the success of an hour ago."""
    send(any_hub, report(AT, tables={"connectivity": [reached("http", ok=True, at="2026-03-02T01:00:00Z")]}))

    send(
        any_hub,
        report(clock.advance(hours=1), sequence=2, tables={"connectivity": [reached("http", ok=False, at=None)]}),
    )

    (row,) = ask("SELECT ok, last_success_at FROM connectivity")
    assert (False, "2026-03-02T01:00:00Z") == (bool(row["ok"]), row["last_success_at"])


def test_the_answer_asks_to_probe_what_the_profile_names(any_hub: Hub, clock: Clock) -> None:
    """The school's own PCs probe the profile's addresses, of their campus or of all; a guest's laptop none."""
    targets: list[dict[str, Any]] = [
        {"purpose": "internet", "target": "https://example.edu.vn/", "campus": None},
        {"purpose": "sector", "target": "https://elsewhere.example/", "campus": "TG"},
    ]
    any_hub.database.write(lambda connection: connection.execute(OWN["probe_target"].insert(), targets))
    first = send(any_hub, report(AT))
    assert [("internet", "https://example.edu.vn/")] == [(one.purpose, one.target) for one in first.probes]

    any_hub.database.write(lambda connection: devices.set_ownership(connection, first.device_id, Ownership.OTHER))
    assert [] == send(any_hub, report(clock.advance(hours=1), sequence=2)).probes


def test_a_clock_that_was_reset_makes_no_days_of_operation(any_hub: Hub, clock: Clock, ask: Query) -> None:
    """An empty battery puts the PC into the year 2000 until it has the network: it was not watched since then."""
    signatures = {"name": "ClamAV", "protection": "enabled", "signatures_at": "2024-05-01T00:00:00Z"}
    dawn = datetime(2000, 1, 1, tzinfo=UTC)
    send(any_hub, report(dawn, tables={"device": [DEVICE]}), AT, sent_date=AT)
    send(any_hub, report(AT, sequence=2, tables={"device": [DEVICE], "antivirus": [signatures]}), AT, sent_date=AT)
    judge_all(any_hub)

    assert [{"day": "2026-03-02"}] == ask("SELECT day FROM presence")
    assert [{"verdict": "unknown", "reason": "not_seen_so_long"}] == ask(
        "SELECT verdict, reason FROM verdict WHERE rule = 'antivirus-signatures-fresh'"
    )
    assert clock() == AT


def test_days_that_come_late_from_a_known_pc_count(any_hub: Hub, ask: Query) -> None:
    """Carried in on a stick half a year later: the PC was on, and its signatures are so much older."""
    send(any_hub, report(AT), AT)

    send(any_hub, report(later(AT, days=10), stream="stick", tables={}), later(AT, days=180))

    assert ["2026-03-02", "2026-03-12"] == [row["day"] for row in ask("SELECT day FROM presence ORDER BY day")]


def test_what_is_not_here_has_to_be_looked_for_again(any_hub: Hub, clock: Clock, ask: Query) -> None:
    """That a PC had no disk counts for as many days of operation as what a disk said would."""
    none = [{"table": "antivirus", "why": "not_here"}]
    send(any_hub, report(AT, tables={"device": [DEVICE]}, missing=none))
    for day in range(1, 9):
        send(any_hub, report(clock.advance(days=1), sequence=1 + day, tables={"device": [DEVICE]}))

    assert [{"expires_at": "2026-03-10T01:00:00Z"}] == ask(
        "SELECT expires_at FROM collection WHERE \"table\" = 'antivirus'"
    )


def test_a_new_column_is_filled_though_the_pc_is_unchanged(tmp_path: Path) -> None:
    """An update of the hub knows a field that it left out before: the agent's digest is the same, the rows are not."""
    opened = open_hub(tmp_path, clock=lambda: AT)
    send(opened, report(AT, tables={"device": [DEVICE], "firewall": [FIREWALL]}))
    opened.close()
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        for view in ("school_computer", "device"):
            connection.execute(f"DROP VIEW {view}")
        connection.execute("ALTER TABLE fact_device DROP COLUMN asset_tag")
        connection.execute("UPDATE hub_setting SET value = 'older' WHERE name = 'shape:device'")

    opened = open_hub(tmp_path, clock=lambda: AT)
    same = {"device": [DEVICE], "firewall": [FIREWALL]}
    answer = send(opened, report(later(AT, hours=1), sequence=2, tables={}, unchanged=same))
    opened.close()

    assert ["device"] == answer.resend
