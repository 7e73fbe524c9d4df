"""Unknown comes from the engine, and a target counts so that nothing passes unseen."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.facts import Outcome, utc_text
from rules.engine import (
    Check,
    Coverage,
    Demand,
    Measurement,
    QueryError,
    Target,
    Waiver,
    count,
    holds_until,
    judge,
    measure,
    parameters,
    version,
)
from rules.tables import Verdict

NOW = datetime(2026, 3, 2, 1, 15, tzinfo=UTC)
LATER = NOW + timedelta(days=3)
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NAMED = parameters({"signature_days": 7}, NOW, ZONE, {2: 2})
CHECK = Check(
    id="one",
    title={"vi": "một", "en": "one"},
    severity="high",
    clause="V.4",
    needs=("disk", "volume"),
    remedy={"vi": "sửa", "en": "mend"},
    reasons={"good": {"vi": "tốt", "en": "good"}, "bad": {"vi": "xấu", "en": "bad"}},
    sql="SELECT 1",
)
GOOD = Coverage(Outcome.ROWS, LATER)
WHOLE = {"device": GOOD, "disk": GOOD, "volume": GOOD}


def answering(*rows: Mapping[str, Any]) -> Any:
    """Return a query that gives these rows whatever it is asked."""
    return lambda _sql, _named: list(rows)


def never(_sql: str, _named: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Fail when asked: the engine must have decided before."""
    pytest.fail("the SQL was asked")


PASS = {"device_id": "a", "verdict": "pass", "reason": "good"}


@pytest.mark.parametrize(
    ("coverage", "verdict", "reason"),
    [
        ({"device": GOOD, "disk": GOOD}, Verdict.UNKNOWN, "never_came"),
        ({**WHOLE, "disk": Coverage(Outcome.FAILED, LATER, "no")}, Verdict.UNKNOWN, "table_failed"),
        ({**WHOLE, "disk": Coverage(Outcome.TIMED_OUT, LATER, "no")}, Verdict.UNKNOWN, "table_timed_out"),
        ({**WHOLE, "disk": Coverage(Outcome.ROWS, NOW)}, Verdict.UNKNOWN, "table_expired"),
        ({**WHOLE, "disk": Coverage(Outcome.NOT_HERE, NOW)}, Verdict.UNKNOWN, "table_expired"),
        ({**WHOLE, "disk": Coverage(Outcome.NOT_HERE, LATER, "no")}, Verdict.NOT_APPLICABLE, "not_here"),
        (
            {**WHOLE, "disk": Coverage(Outcome.NOT_HERE, LATER), "volume": Coverage(Outcome.FAILED, LATER)},
            Verdict.UNKNOWN,
            "table_failed",
        ),
    ],
)
def test_what_is_not_known_is_decided_before_the_sql(
    coverage: Mapping[str, Coverage], verdict: Verdict, reason: str
) -> None:
    """A needed table that failed, expired or never came is unknown; otherwise one that is not here does not apply."""
    (judged,) = judge(CHECK, {"a": coverage}, never, NAMED)

    assert (verdict, reason) == (judged.verdict, judged.reason)
    assert judged.until > NOW


def test_what_every_computer_owes_does_not_lapse_because_it_is_not_here() -> None:
    """A check may say that 'not here' is unknown: a server without Security Center still needs an antivirus."""
    import dataclasses

    check = dataclasses.replace(CHECK, not_here="unknown")
    (judged,) = judge(check, {"a": {**WHOLE, "disk": Coverage(Outcome.NOT_HERE, LATER)}}, never, NAMED)

    assert (judged.verdict, judged.reason) == (Verdict.UNKNOWN, "not_here")


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "rows_not_one"),
        ([PASS, PASS], "rows_not_one"),
        ([{**PASS, "device_id": "b"}], "rows_not_one"),
        ([{**PASS, "verdict": None}], "answer_not_understood"),
        ([{**PASS, "verdict": "ok"}], "answer_not_understood"),
        ([{**PASS, "verdict": "exempt"}], "answer_not_understood"),
        ([{**PASS, "reason": "splendid"}], "answer_not_understood"),
        ([{**PASS, "until": "soon"}], "answer_not_understood"),
        ([{**PASS, "until": "2026-02-30"}], "answer_not_understood"),
        ([{**PASS, "until": utc_text(NOW)}], "answer_not_understood"),
    ],
)
def test_an_answer_that_is_none_is_unknown(rows: Sequence[Mapping[str, Any]], reason: str) -> None:
    """No row, two rows, a word that is no verdict, a reason without a sentence, an end that has passed: no pass."""
    (judged,) = judge(CHECK, {"a": WHOLE}, answering(*rows), NAMED)

    assert (Verdict.UNKNOWN, reason) == (judged.verdict, judged.reason)


def test_sql_that_fails_makes_every_device_unknown() -> None:
    """A rule that cannot run is an error that is shown, not a blank."""

    def broken(_sql: str, _named: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        raise QueryError("no such column")

    judged = judge(CHECK, {"a": WHOLE, "b": WHOLE}, broken, NAMED)

    assert [("a", "rule_failed"), ("b", "rule_failed")] == [(one.device_id, one.reason) for one in judged]
    assert {Verdict.UNKNOWN} == {one.verdict for one in judged}


def test_a_verdict_holds_no_longer_than_the_facts() -> None:
    """Nothing stays green unseen: the first table to expire ends the verdict, and so does the rule's own end."""
    coverage = {**WHOLE, "volume": Coverage(Outcome.ROWS, NOW + timedelta(days=1))}

    (by_facts,) = judge(CHECK, {"a": coverage}, answering(PASS), NAMED)
    (by_rule,) = judge(CHECK, {"a": coverage}, answering({**PASS, "until": utc_text(NOW + timedelta(hours=1))}), NAMED)

    assert by_facts.until == NOW + timedelta(days=1)
    assert by_rule.until == NOW + timedelta(hours=1)


def test_a_waiver_counts_while_it_holds() -> None:
    """A waiver turns the rule's answer into exempt, says who granted it, and ends on its day."""
    holds = {"a": Waiver("vì phần mềm cũ", "Hiệu trưởng", NOW + timedelta(days=1))}
    ended = {"a": Waiver("vì phần mềm cũ", "Hiệu trưởng", NOW)}
    fails = answering({**PASS, "verdict": "fail", "reason": "bad"})

    (excused,) = judge(CHECK, {"a": WHOLE}, fails, NAMED, holds)
    (not_excused,) = judge(CHECK, {"a": WHOLE}, fails, NAMED, ended)

    assert (excused.verdict, excused.until) == (Verdict.EXEMPT, NOW + timedelta(days=1))
    assert excused.details == {"reason": "vì phần mềm cũ", "granted_by": "Hiệu trưởng"}
    assert not_excused.verdict is Verdict.FAIL


def test_a_local_date_holds_until_it_ends_at_the_school() -> None:
    """The last day of support is a date: the verdict turns at midnight in the school's own time."""
    assert holds_until({"until": "2026-03-02"}, NAMED) == datetime(2026, 3, 2, 17, tzinfo=UTC)
    assert holds_until({"until": "2026-03-04", "until_days": 1}, NAMED) == datetime(2026, 3, 5, 17, tzinfo=UTC)
    assert holds_until({"until": "2026-03-02T01:00:00Z", "until_days": 7}, NAMED) == datetime(2026, 3, 9, 1, tzinfo=UTC)
    assert holds_until({"until": None, "until_days": 7}, NAMED) is None


def test_sql_may_name_the_local_day_and_the_limits() -> None:
    """At 01:15 UTC it is the second of March at the school; a limit in days is also a moment."""
    late = parameters({}, datetime(2026, 3, 1, 18, tzinfo=UTC), ZONE)

    assert NAMED == {
        "now": "2026-03-02T01:15:00Z",
        "today": "2026-03-02",
        "midnight": "2026-03-02T17:00:00Z",
        "tomorrow": "2026-03-03T01:15:00Z",
        "signature_days": 7,
        "signature_days_ago": "2026-02-23T01:15:00Z",
        "signature_days_ahead": "2026-03-09T01:15:00Z",
        "level_2": 2,
    }
    assert late["today"] == "2026-03-02"


def target(counts: str) -> Target:
    """Return a target that counts so."""
    return Target("t", {"vi": "t", "en": "t"}, "computers", counts, "ratio", {"vi": "s", "en": "m"}, checks=("one",))


WORDS = st.sampled_from(["pass", "fail", "unknown", "exempt", "not_applicable", "nonsense", None])
ROWS = st.lists(
    st.builds(
        lambda word, size, value: {"verdict": word, "count": size, "value": value},
        WORDS,
        st.one_of(st.none(), st.integers(0, 40)),
        st.one_of(st.none(), st.floats(0, 50)),
    ),
    max_size=12,
)
COUNTS = st.sampled_from(["share", "worst", "count"])
THRESHOLDS = st.sampled_from([0.0, 0.5, 0.8, 0.95, 1.0])


def counted(counts: str, threshold: float, rows: list[dict[str, Any]]) -> Measurement:
    """Count rows by a threshold."""
    return count(target(counts), Demand("t", threshold, "V.4", levels={2: threshold}), rows)


def with_unknown_as(word: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with every unknown turned into this."""
    sure = {"pass", "fail", "exempt", "not_applicable"}
    return [row if row["verdict"] in sure else {**row, "verdict": word} for row in rows]


@given(COUNTS, THRESHOLDS, ROWS)
def test_a_pass_would_still_pass_with_every_unknown_failing(
    counts: str, threshold: float, rows: list[dict[str, Any]]
) -> None:
    """And a fail would still fail with every unknown passing; what is in between is unknown."""
    came = counted(counts, threshold, rows)
    worst = counted(counts, threshold, with_unknown_as("fail", rows)).verdict
    best = counted(counts, threshold, with_unknown_as("pass", rows)).verdict

    if came.population:
        assert (came.verdict is Verdict.PASS) == (worst is Verdict.PASS)
        assert (came.verdict is Verdict.FAIL) == (best is Verdict.FAIL)
    else:
        assert came.verdict not in {Verdict.PASS, Verdict.FAIL}


@given(COUNTS, THRESHOLDS, ROWS, st.data())
def test_an_unknown_that_turns_out_to_fail_never_makes_a_pass(
    counts: str, threshold: float, rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    """To learn of one thing that falls short can't make the school better than it was."""
    unknown = [place for place, row in enumerate(rows) if row["verdict"] in {"unknown", "nonsense", None}]
    if unknown:
        place = data.draw(st.sampled_from(unknown))
        before = counted(counts, threshold, rows).verdict
        after = counted(
            counts, threshold, [*rows[:place], {**rows[place], "verdict": "fail"}, *rows[place + 1 :]]
        ).verdict

        assert not (after is Verdict.PASS and before is not Verdict.PASS)


@given(COUNTS, THRESHOLDS, ROWS)
def test_what_is_excused_leaves_the_denominator_and_is_counted_beside_it(
    counts: str, threshold: float, rows: list[dict[str, Any]]
) -> None:
    """Taking the excused rows away changes neither value nor population."""
    kept = [row for row in rows if row["verdict"] not in {"exempt", "not_applicable"}]
    came, bare = counted(counts, threshold, rows), counted(counts, threshold, kept)
    everything = sum(1 if row["count"] is None else row["count"] for row in rows)

    assert (came.value, came.population, came.level) == (bare.value, bare.population, bare.level)
    assert everything == came.population + came.exempt + came.not_applicable


def test_the_worst_case_without_a_value_has_none() -> None:
    """A lab without one working computer has no ratio, and no other lab's ratio may stand for it."""
    rows: list[dict[str, Any]] = [{"verdict": "pass", "value": 1.5}, {"verdict": "fail", "value": None}]

    came = count(target("worst"), Demand("t", 2, "V.4", levels={2: 2}), rows)

    assert (came.verdict, came.value, came.level) == (Verdict.FAIL, None, None)


def test_levels_are_those_surely_reached() -> None:
    """Two pupils a computer is level 2, one is level 3; the worst lab counts."""
    demand = Demand("t", 2, "V.4", levels={2: 2, 3: 1})

    levels = [
        count(target("worst"), demand, [{"verdict": "pass", "value": value}]).level for value in (0.9, 1.94, 2.06)
    ]

    assert [3, 2, None] == levels


def test_nothing_at_all_is_unknown_unless_the_profile_says_none() -> None:
    """An empty population is a gap, not an answer; the school may say that there is none."""

    def query(sql: str, named: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        return [{"what": "computers"}] if "declared_none" in sql and named["population"] == "computers" else []

    said = measure(target("share"), Demand("t", 1, "V.4"), query, NAMED)
    silent = measure(target("share"), Demand("t", 1, "V.4"), answering(), NAMED)

    assert (Verdict.NOT_APPLICABLE, Verdict.UNKNOWN) == (said.verdict, silent.verdict)


def test_evidence_that_cannot_be_asked_for_is_an_error_that_is_shown() -> None:
    """A target whose SQL fails is unknown and says why."""

    def broken(_sql: str, _named: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        raise QueryError("no such table: room")

    came = measure(target("share"), Demand("t", 1, "V.4"), broken, NAMED)

    assert (Verdict.UNKNOWN, "no such table: room") == (came.verdict, came.error)


def test_a_rule_whose_data_change_is_another_rule() -> None:
    """A verdict is judged again when the SQL, the limits or the reference tables behind it are not what they were."""
    import dataclasses

    plain = version(CHECK, {"days": 7})

    assert plain == version(CHECK, {"days": 7})
    assert plain != version(CHECK, {"days": 8})
    assert plain != version(dataclasses.replace(CHECK, data="1"), {"days": 7})
    assert plain != version(dataclasses.replace(CHECK, sql="SELECT 2"), {"days": 7})
