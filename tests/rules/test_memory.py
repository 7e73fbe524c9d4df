"""Rules over one PC's facts in memory, read-only and within a time limit."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collectors.facts import Outcome
from collectors.host import tables
from rules.engine import Query, QueryError
from rules.load import load
from rules.memory import THIS_PC, judge_one, open_memory, reading
from rules.tables import Verdict
from tests.rules.large_school import large_school, time_all_rules

RULEBOOK = load()
FACTS = tables()
NOW = datetime(2026, 3, 2, 1, 15, tzinfo=UTC)


@dataclass
class Section:
    """How a collector's run ended."""

    table: str
    outcome: Outcome
    rows: list[dict[str, Any]] | None = None
    message: str | None = None
    attempted_at: datetime = NOW


DEVICE = Section("device", Outcome.ROWS, [{"hostname": "may-1", "kind": "desktop"}])
PLAIN = {"family": "linux", "architecture": "x86_64", "is_server": False}


def test_a_single_pc_is_judged_by_every_check() -> None:
    """What was collected is judged; what failed, and what only the school knows, is unknown with its reason."""
    antivirus = {"name": "ClamAV", "protection": "enabled", "signatures_at": "2026-03-01T08:00:00Z"}
    sections = [
        DEVICE,
        Section("antivirus", Outcome.ROWS, [antivirus]),
        Section("firewall", Outcome.FAILED, message="root only"),
        Section("operating_system", Outcome.ROWS, [{**PLAIN, "name": "Debian GNU/Linux", "version": "12"}]),
    ]

    judged = {one.rule: one for one in judge_one(RULEBOOK, FACTS, sections, NOW)}

    assert set(RULEBOOK.checks) == set(judged)
    assert {THIS_PC} == {one.device_id for one in judged.values()}
    told = {rule: (one.verdict, one.reason) for rule, one in judged.items()}
    assert told["antivirus-enabled"] == (Verdict.PASS, "enabled")
    assert told["antivirus-licensed"] == (Verdict.PASS, "free")
    assert told["antivirus-accepted"] == (Verdict.UNKNOWN, "no_list")
    assert told["antivirus-signatures-fresh"] == (Verdict.PASS, "fresh")
    assert told["firewall-enabled"] == (Verdict.UNKNOWN, "table_failed")
    assert told["system-supported"] == (Verdict.PASS, "supported")
    assert told["no-open-malware"] == (Verdict.UNKNOWN, "never_came")
    assert judged["antivirus-signatures-fresh"].until == datetime(2026, 3, 8, 8, tzinfo=UTC)


def test_what_the_school_knows_can_be_handed_in() -> None:
    """With the school's list of accepted antivirus the PC can be judged by it."""
    sections = [DEVICE, Section("antivirus", Outcome.ROWS, [{"name": "ClamAV", "protection": "enabled"}])]

    judged = judge_one(RULEBOOK, FACTS, sections, NOW, school={"accepted_antivirus": [{"name": "ClamAV"}]})

    assert [Verdict.PASS] == [one.verdict for one in judged if one.rule == "antivirus-accepted"]


def test_no_section_at_all_is_unknown_everywhere() -> None:
    """A PC of which nothing was read passes nothing."""
    judged = judge_one(RULEBOOK, FACTS, [], NOW)

    assert {(Verdict.UNKNOWN, "never_came")} == {(one.verdict, one.reason) for one in judged}


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM verdict",
        "INSERT INTO room (room) VALUES ('x')",
        "DROP TABLE device",
        "CREATE TABLE mine (x TEXT)",
        "ATTACH DATABASE '/tmp/baove-never.db' AS other",
        "PRAGMA user_version = 3",
        "SELECT load_extension('nothing')",
        "VACUUM",
        "BEGIN",
    ],
)
def test_a_rule_can_only_read(statement: str) -> None:
    """Whatever a rule's SQL says, it changes nothing and opens nothing."""
    connection = open_memory(RULEBOOK, FACTS)

    with reading(connection) as query, pytest.raises(QueryError):
        query(statement, {})


ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT COUNT(*) AS n FROM n"


def test_a_rule_that_takes_too_long_is_stopped() -> None:
    """SQL has a time limit, and the connection answers the next question."""
    connection = open_memory(RULEBOOK, FACTS)

    with reading(connection, seconds=0.05) as query:
        with pytest.raises(QueryError, match=r"took longer than 0\.05 s"):
            query(ENDLESS, {})

        assert query("SELECT 1 AS one", {}) == [{"one": 1}]


def test_a_rule_cannot_fill_the_memory() -> None:
    """One value may not grow beyond bounds."""
    with reading(open_memory(RULEBOOK, FACTS)) as query, pytest.raises(QueryError):
        query("SELECT zeroblob(2000000000) AS big", {})


def test_reading_ends() -> None:
    """After the rules have read, the tables can be filled again."""
    connection = open_memory(RULEBOOK, FACTS)
    with reading(connection) as query:
        seen: Query = query
    connection.execute("DELETE FROM verdict")

    assert seen("SELECT COUNT(*) AS n FROM verdict", {}) == [{"n": 0}]


def test_a_rule_over_many_devices_gives_each_its_own_verdict() -> None:
    """Above the number of parameters that a database takes, a rule is asked about all at once."""
    connection = large_school(RULEBOOK, FACTS, devices=300, programs=1)

    _, verdicts = time_all_rules(RULEBOOK, FACTS, connection)

    assert len(verdicts) == 300 * len(RULEBOOK.checks)
    assert {"exposed"} == {one["reason"] for one in verdicts if one["rule"] == "no-exposed-ports"}


def test_facts_too_old_to_judge_by_are_unknown() -> None:
    """A section that was collected long ago is not judged as if it were new."""
    old = NOW - timedelta(days=40)
    sections = [
        Section("device", Outcome.ROWS, DEVICE.rows, attempted_at=old),
        Section("antivirus", Outcome.ROWS, [{"name": "ClamAV", "protection": "enabled"}], attempted_at=old),
    ]

    judged = {one.rule: one for one in judge_one(RULEBOOK, FACTS, sections, NOW)}

    assert (Verdict.UNKNOWN, "table_expired") == (
        judged["antivirus-enabled"].verdict, judged["antivirus-enabled"].reason,
    )  # fmt: skip
