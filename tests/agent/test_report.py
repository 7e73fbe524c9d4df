"""Reports: what stands where, and that the hub comes to know the PC whatever the network does."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from agent import report, state
from agent.cache import Kept
from agent.report import choose, head, now_known, packed, pieces, readable, with_weak_id
from agent.state import Known, State, same_machine
from agent.supervise import Collected
from collectors.facts import utc_text

NOW = datetime(2026, 3, 2, 1, 15, tzinfo=UTC)
TABLES = ("disk", "software", "malware")


def section(table: str, digest: str | None, outcome: str = "rows", at: datetime = NOW) -> Kept:
    """Return a kept section."""
    return Kept(Collected(table, outcome, utc_text(at), 0.1, digest, None), None)


def test_a_report_is_the_document_of_its_interface() -> None:
    """Every part stands where a hub expects it; letters stay as they are."""
    kept = {"disk": section("disk", "aa"), "malware": section("malware", None, "timed_out")}
    kept["software"] = section("software", "bb")
    contents = choose(kept, set(kept), {"software": Known("bb", utc_text(NOW), 0)}, set(), NOW)
    contents, rows = readable(contents, lambda _: '[{"model":"Ổ đĩa"}]'.encode())
    top = head("5e", 17, utc_text(NOW), {"macs": []})
    made = json.loads(gzip.decompress(packed(pieces(top, contents, rows, 9977))))

    assert made == {
        "format": 1,
        "agent": "0.1.0",
        "stream": "5e",
        "sequence": 17,
        "sent_at": "2026-03-02T01:15:00Z",
        "identifiers": {"macs": []},
        "tables": {"disk": {"collected_at": "2026-03-02T01:15:00Z", "digest": "aa", "rows": [{"model": "Ổ đĩa"}]}},
        "unchanged": {"software": {"collected_at": "2026-03-02T01:15:00Z", "digest": "bb"}},
        "missing": [{"table": "malware", "why": "timed_out", "attempted_at": "2026-03-02T01:15:00Z", "message": None}],
        "metrics_port": 9977,
    }


def test_an_unchanged_pc_sends_less_than_a_kilobyte() -> None:
    """With all its tables, their digests and its identifiers: 1,500 PCs each hour are no load."""
    kept = {f"a_rather_long_table_{number}": section("", "") for number in range(24)}
    kept = {
        table: section(table, f"{hash(table) & (1 << 64) - 1:016x}", at=NOW + timedelta(seconds=place))
        for place, table in enumerate(kept)
    }
    known = {table: Known(one.section.digest or "", utc_text(NOW), 0) for table, one in kept.items()}
    contents = choose(kept, set(kept), known, set(), NOW)
    identifiers = {
        "smbios_uuid": "4c4c4544-0042-3510-8052-b4c04f564d32", "system_serial": "5CG1234XYZ",
        "board_serial": "/5CG1234XYZ/CNPE100123/", "disk_serials": ["S4EVNX0M123456"], "macs": ["d8:cb:8a:12:34:56"],
    }  # fmt: skip
    body = packed(pieces(head(report.new_stream(), 17, utc_text(NOW), identifiers), contents, {}, 9977))

    assert len(contents.unchanged) == 24
    assert len(body) < 1000


@pytest.mark.parametrize(
    ("before", "now", "same"),
    [
        (None, {"macs": ["a"]}, True),
        ({"smbios_uuid": "u", "macs": ["a"]}, {"smbios_uuid": "u", "macs": ["b"]}, True),
        ({"smbios_uuid": "u", "macs": ["a"]}, {"smbios_uuid": "v", "macs": ["a"]}, True),
        ({"smbios_uuid": "u", "macs": ["a"]}, {"smbios_uuid": "v", "macs": ["b"]}, False),
        ({"smbios_uuid": None, "weak_id": "w"}, {"smbios_uuid": None, "weak_id": "w"}, True),
        ({"smbios_uuid": None, "macs": []}, {"smbios_uuid": None, "macs": []}, False),
    ],
)
def test_one_shared_identifier_makes_it_the_same_machine(before: Any, now: Any, same: bool) -> None:
    """What is null or empty is shared by nobody."""
    assert same_machine(before, now) is same


def test_a_weak_id_is_kept_where_nothing_else_is_credible(tmp_path: Path) -> None:
    """It survives the process, and is no longer told once the hardware says something."""
    first = with_weak_id({"smbios_uuid": None, "macs": []}, tmp_path)
    again = with_weak_id({"smbios_uuid": None, "macs": []}, tmp_path)

    assert first == again
    assert len(first["weak_id"]) == 32
    assert "weak_id" not in with_weak_id({"smbios_uuid": None, "macs": ["d8:cb:8a:12:34:56"]}, tmp_path)


@given(st.binary(max_size=60))
def test_no_state_file_stops_the_agent(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Whatever a power cut or a person left in it, the agent starts anew."""
    path = tmp_path_factory.mktemp("state") / "state.json"
    path.write_bytes(content)

    assert isinstance(state.load(path), State)


@given(
    st.dictionaries(
        st.sampled_from(["hub", "known", "entries", "killed", "made", "probes"]), st.none() | st.integers() | st.text()
    )
)
def test_no_wrong_state_stops_the_agent(tmp_path_factory: pytest.TempPathFactory, said: dict[str, Any]) -> None:
    """JSON of the wrong shape is as no state."""
    path = tmp_path_factory.mktemp("state") / "state.json"
    path.write_text(json.dumps(said), encoding="utf-8")
    loaded = state.load(path)

    assert isinstance(loaded.known, dict)
    assert isinstance(loaded.entries, list)


class Network(RuleBasedStateMachine):
    """A PC and a small model of a hub, with a network between that loses, doubles, delays and swaps reports."""

    def __init__(self) -> None:
        super().__init__()
        self.truth = dict.fromkeys(TABLES, 0)
        self.kept: dict[str, Kept] = {}
        self.fresh: set[str] = set()
        self.known: dict[str, Known] = {}
        self.now = NOW
        self.sequence = 0
        self.underway: list[dict[str, Any]] = []
        self.hub: dict[str, str] = {}
        self.hub_at: dict[str, str] = {}
        self.stored: set[int] = set()

    @rule(table=st.sampled_from(TABLES))
    def change(self, table: str) -> None:
        """Something on the PC changes."""
        self.truth[table] += 1

    @rule(tables=st.sets(st.sampled_from(TABLES)), fails=st.booleans())
    def collect(self, tables: set[str], fails: bool) -> None:
        """Collect some tables; a run may fail."""
        self.now += timedelta(seconds=60)
        for table in tables:
            outcome = "failed" if fails else "rows"
            digest = None if fails else f"{table}-{self.truth[table]}"
            self.kept[table] = section(table, digest, outcome, self.now)
        self.fresh |= tables

    @rule()
    def make_report(self) -> None:
        """Make a report and put it into the spool."""
        contents = choose(self.kept, self.fresh, self.known, frozenset(), self.now)
        self.sequence += 1
        contents, rows = readable(contents, lambda _: b"[]")
        top = head("s", self.sequence, utc_text(self.now), {})
        self.underway.append(json.loads(b"".join(pieces(top, contents, rows, None))))
        self.known = now_known(self.known, contents, self.sequence, self.now)
        self.fresh.clear()

    @rule(place=st.integers(0, 5), lost_on_the_way_back=st.booleans(), stays=st.booleans())
    def deliver(self, place: int, lost_on_the_way_back: bool, stays: bool) -> None:
        """Let a report come, in any order, perhaps twice, perhaps with its answer lost."""
        if not self.underway:
            return
        one = self.underway[place % len(self.underway)]
        if not stays:
            self.underway.remove(one)
        resend = self.take(one)
        if not lost_on_the_way_back:
            self.known = {table: known for table, known in self.known.items() if table not in resend}

    @rule(place=st.integers(0, 5))
    def drop(self, place: int) -> None:
        """Drop a report, since the spool is full."""
        if self.underway:
            one = self.underway.pop(place % len(self.underway))
            memory = State(known=self.known)
            state.forget_report(memory, one["sequence"])
            self.known = memory.known

    @rule()
    def hub_loses_its_memory(self) -> None:
        """Set the hub up anew, or restore an old backup."""
        self.hub.clear()
        self.hub_at.clear()
        self.stored.clear()

    @rule()
    def agent_loses_its_memory(self) -> None:
        """Thaw a frozen disk back to its image."""
        self.known = {}

    def take(self, one: dict[str, Any]) -> set[str]:
        """Be the hub: store each report once, keep what is newest, ask for what is lacking."""
        if one["sequence"] in self.stored:
            return set()
        self.stored.add(one["sequence"])
        for table, found in one["tables"].items():
            if found["collected_at"] >= self.hub_at.get(table, ""):
                self.hub[table], self.hub_at[table] = found["digest"], found["collected_at"]
        return {table for table, found in one["unchanged"].items() if self.hub.get(table) != found["digest"]}

    @invariant()
    def nothing_is_in_two_places(self) -> None:
        """Hold that a table stands in one part of a report."""
        for one in self.underway:
            missing = {found["table"] for found in one["missing"]}
            assert not one["tables"].keys() & one["unchanged"].keys()
            assert not missing & (one["tables"].keys() | one["unchanged"].keys())

    def teardown(self) -> None:
        """Once the network works again, three rounds bring the hub to the truth."""
        while self.underway:
            self.deliver(0, lost_on_the_way_back=False, stays=False)
        for _ in range(3):
            self.collect(set(TABLES), fails=False)
            self.make_report()
            self.deliver(0, lost_on_the_way_back=False, stays=False)

        assert self.hub == {table: f"{table}-{count}" for table, count in self.truth.items()}


Network.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestNetwork = Network.TestCase
