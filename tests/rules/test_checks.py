"""What holds for every check, whatever its author thought of."""

import enum
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.facts import Field, table_of
from collectors.host import tables
from rules.engine import Judgement
from rules.examples import in_memory, judged
from rules.load import load, sentence_of
from rules.memory import tables_of
from rules.tables import Verdict

RULEBOOK = load()
FACTS = tables()
COLUMNS = tables_of(RULEBOOK, FACTS)
MEMORY = in_memory(RULEBOOK, FACTS)
CHECKS = sorted(RULEBOOK.checks)


def judge(check_id: str, given_rows: Mapping[str, Any]) -> Judgement:
    """Judge this PC by a check over these rows."""
    return judged(RULEBOOK, FACTS, RULEBOOK.checks[check_id], {"given": given_rows}, MEMORY)


@pytest.mark.parametrize("check_id", CHECKS)
def test_what_is_not_known_never_passes(check_id: str) -> None:
    """A row in which every field that may be null is null, and every word is one that nobody knows, is no pass."""
    came = judge(check_id, {table: [{}] for table in RULEBOOK.checks[check_id].needs})

    assert came.verdict is not Verdict.PASS


MOMENTS = st.sampled_from(
    ["2019-01-01T00:00:00Z", "2026-01-15T01:15:00Z", "2026-02-23T01:15:00Z", "2026-02-23T01:15:01Z",
     "2026-03-02T01:15:00Z", "2026-03-03T01:15:00Z", "2026-03-03T01:15:01Z", "2031-01-01T00:00:00Z"]
)  # fmt: skip
WORDS = st.sampled_from(
    ["", "x", "Windows 10", "Windows 11", "22H2", "24H2", "Pro", "Education", "windows", "linux", "tcp", "192.168.1.7",
     "127.0.0.1", "::1", "domain", "public", "Microsoft Defender", "Ứng dụng"]
)  # fmt: skip
BY_TYPE: Mapping[type, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.sampled_from([0, 1, 22, 445, 49700]),
    datetime: MOMENTS,
    str: WORDS,
}


def values(field: Field) -> st.SearchStrategy[Any]:
    """Return what a field may hold."""
    if issubclass(field.type, enum.Enum):
        known: st.SearchStrategy[Any] = st.sampled_from([word.value for word in field.type])
    else:
        known = BY_TYPE.get(field.type, st.just("2026-03-02"))
    return st.one_of(st.none(), known) if field.nullable else known


def rows_of(table: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Return lists of rows of a table, as a PC could have sent them."""
    fields = table_of(FACTS[table]).fields
    key = [field.name for field in fields if field.key]
    row = st.fixed_dictionaries({field.name: values(field) for field in fields})
    return st.lists(row, max_size=3 if key else 1, unique_by=lambda one: tuple(one[name] for name in key))


@pytest.mark.parametrize("check_id", CHECKS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_whatever_a_pc_sends_gets_one_verdict_with_a_sentence(check_id: str, data: st.DataObject) -> None:
    """Each device gets exactly one row, with a declared reason, that says something in both languages and holds."""
    check = RULEBOOK.checks[check_id]
    rows = {table: data.draw(rows_of(table), table) for table in check.needs if table in FACTS}
    rows["presence"] = [{"day": day} for day in data.draw(st.sets(st.sampled_from(["2019-01-01", "2026-03-01"])))]

    came = judge(check_id, rows)

    assert came.reason in check.reasons
    for language in ("vi", "en"):
        said = sentence_of(RULEBOOK, check_id, came.reason, came.details, language)
        assert said
        assert "None" not in said
