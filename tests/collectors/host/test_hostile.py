"""Whatever the files of a machine's hardware hold, each run ends in rows or in a sentence."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.facts import table_of
from collectors.host import for_system
from collectors.identifiers import identifiers
from collectors.run import run
from collectors.sources.recording import RecordedLinux
from tests.collectors.host.test_properties import COLUMNS, HARDWARE

RECORDINGS = Path(__file__).with_name("recordings")
TABLES = {name: one for name, one in for_system("linux").items() if name in HARDWARE}

GARBAGE = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [
            b"",
            b"\n",
            b" ",
            b"\0\0",
            b"-1",
            b"0",
            b"99999999999999999999",
            b"\xff\xfe",
            b"a: b: c\n\n:\n=",
            b"1 2 3 4 5 6",
        ]
    ),
)


@pytest.mark.parametrize("name", ["desktop", "laptop"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_files_end_in_rows_that_hold_or_in_a_sentence(name: str, data: st.DataObject) -> None:
    """A machine with a third of its files overwritten: no run is a bug, and what it yields keeps its promises."""
    host = RecordedLinux(RECORDINGS / name)
    paths = sorted(host._made)
    chosen = data.draw(st.lists(st.sampled_from(paths), min_size=1, max_size=len(paths) // 3, unique=True))
    for path in chosen:
        host._made[path] = data.draw(GARBAGE)

    for table, collector in TABLES.items():
        section = run(collector, host)
        assert "please report" not in (section.message or ""), (table, section.message)
        required = [one.name for one in table_of(collector.fact).fields if not one.nullable]
        for row in section.rows or ():
            assert [one for one in required if row[one] is None] == []
            assert [
                (one, row[one]) for one, holds in COLUMNS[table].items() if row[one] is not None and not holds(row[one])
            ] == []
    assert set(identifiers(host)) == {
        "smbios_uuid",
        "system_serial",
        "board_serial",
        "disk_serials",
        "macs",
        "weak_id",
    }
