"""Whatever lies in the files of a machine, a collector ends in rows or says what is wrong; it never breaks."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.facts import Outcome, table_of
from collectors.host import for_system
from tests.collectors.host.machines import MINE, collect, machine, recorded

TABLES = (
    "operating_system",
    "software",
    "update",
    "update_state",
    "antivirus",
    "malware",
    "firewall",
    "setting",
    "account_summary",
    "usage",
)
RECORDED = {name: recorded(name) for name in MINE}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["chain", "rule", "family", "table", "name", "expr", "hook"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """Cut a file, write rubbish into it, repeat it, or put something else in its place."""
    kind = draw(st.sampled_from(["cut", "rubbish", "twice", "other", "text"]))
    if kind == "cut":
        return whole[: draw(st.integers(0, len(whole)))]
    if kind == "twice":
        return whole + whole
    if kind == "rubbish":
        at = draw(st.integers(0, len(whole)))
        return whole[:at] + draw(st.binary(max_size=40)) + whole[at:]
    return draw(st.binary(max_size=600)) if kind == "other" else draw(st.text(max_size=300)).encode("utf-8", "replace")


@pytest.mark.parametrize("table", TABLES)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_damaged_files_end_in_rows_or_in_a_sentence(table: str, data: st.DataObject) -> None:
    """No damage to up to three files makes a collector break, or gives two rows of one key."""
    files, said = RECORDED[data.draw(st.sampled_from(MINE))]
    changed = dict(files)
    for path in data.draw(st.lists(st.sampled_from(sorted(files)), min_size=1, max_size=3, unique=True)):
        changed[path] = data.draw(damaged(files[path]))
    section = collect(table, machine(changed, **{**said, "is_lab": True}))
    assert section.outcome in {Outcome.ROWS, Outcome.FAILED, Outcome.NOT_HERE}  # what Linux never has
    assert "please report it" not in (section.message or "")
    key = table_of(for_system("linux")[table].fact).key
    keys = [tuple(row[name] for name in key) for row in section.rows or ()]
    assert len(keys) == len(set(keys))


PROGRAMS = {
    "firewall": "nft --json list ruleset",
    "antivirus": "mdatp health --output json",
}


@pytest.mark.parametrize("table", sorted(PROGRAMS))
@settings(max_examples=80, deadline=None)
@given(answer=JSON, status=st.integers(0, 2), key=st.sampled_from(["nftables", "appVersion", "x"]))
def test_odd_answers_of_programs_end_in_rows_or_in_a_sentence(table: str, answer: Any, status: int, key: str) -> None:
    """JSON of another shape than a program's own never breaks a collector."""
    import json

    output = {"status": status, "output": json.dumps({key: answer, "licensed": answer})}
    host = machine({"/usr/sbin/nft": "", "/opt/microsoft/mdatp/x": ""}, programs={PROGRAMS[table]: output})
    section = collect(table, host)
    assert section.outcome in {Outcome.ROWS, Outcome.FAILED}
    assert "please report it" not in (section.message or "")


@settings(max_examples=80, deadline=None)
@given(output=st.text(max_size=300), status=st.integers(0, 2))
def test_odd_lists_of_packages_fail(output: str, status: int) -> None:
    """What rpm prints is a list of packages or a failure, never a short list."""
    from collectors.sources.rpm import QUERY

    programs = {" ".join(QUERY): {"status": status, "output": output}}
    section = collect("software", machine({"/var/lib/rpm/rpmdb.sqlite": ""}, programs=programs))
    assert section.outcome is Outcome.FAILED
    assert "please report it" not in (section.message or "")
