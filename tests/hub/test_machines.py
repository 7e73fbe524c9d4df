"""Whatever is swapped, cloned, late or doubled: each machine ends as one device with its own facts."""

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hub.hub import open_hub
from hub.ingest import Answer
from hub.judge import judge_all
from tests.hub.conftest import Clock
from tests.hub.reports import DEVICE, FIREWALL, machine, report, send

MAKERS = "3f2a00ff-1111-4222-8333-0123456789ab"
"""The number that a maker put on many boards."""


@dataclass
class Machine:
    """A PC: what is inside, whether its firewall is on, and the reports that it has not got rid of yet."""

    number: int
    shares: bool
    firewall: bool = True
    disk: int = 0
    run: int = 0
    sequence: int = 0
    outbox: list[dict[str, Any]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Its host name."""
        return f"PC-{self.number}"

    def identifiers(self) -> dict[str, Any]:
        """Return what its agent says of the hardware. A board with the maker's number has no serial either."""
        return machine(
            uuid=MAKERS if self.shares else f"3f2a{self.number:04x}-1111-4222-8333-0123456789ab",
            serial=None if self.shares else f"TESTPC{self.number:04d}",
            disks=[f"TESTDISK{self.number}X{self.disk:02d}"],
            macs=[f"02:00:00:00:07:{self.number:02x}"],
        )


numbers = st.integers(0, 2)


@settings(max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
class School(RuleBasedStateMachine):
    """Three PCs and a hub; the model is the PCs themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="baove-machines-"))
        self.clock = Clock()
        self.hub = open_hub(self.folder, clock=self.clock)
        self.machines: list[Machine] = []

    @initialize(shares=st.tuples(st.booleans(), st.booleans(), st.booleans()))
    def buy(self, shares: tuple[bool, ...]) -> None:
        """Set up the PCs, some of them with the maker's number."""
        self.machines = [Machine(number, one) for number, one in enumerate(shares)]

    @rule(minutes=st.integers(1, 3000))
    def wait(self, minutes: int) -> None:
        """Let time go by."""
        self.clock.advance(minutes=minutes)

    @rule(number=numbers)
    def restart(self, number: int) -> None:
        """Begin a new run: a frozen disk forgets, an agent is updated."""
        self.machines[number].run += 1
        self.machines[number].sequence = 0

    @rule(number=numbers)
    def flip(self, number: int) -> None:
        """Turn the firewall off, or on."""
        self.machines[number].firewall ^= True

    @rule(number=numbers)
    def swap_disk(self, number: int) -> None:
        """Put in a new disk; that takes a restart."""
        self.machines[number].disk += 1
        self.restart(number)

    @rule(number=numbers)
    def write(self, number: int) -> None:
        """Write a report that has to wait."""
        pc = self.machines[number]
        pc.sequence += 1
        tables = {
            "device": [{**DEVICE, "hostname": pc.name}],
            "firewall": [{**FIREWALL, "enabled": pc.firewall}],
        }
        at = self.clock.advance(minutes=1)
        pc.outbox.append(
            report(at, stream=f"{pc.name}/{pc.run}", sequence=pc.sequence, identifiers=pc.identifiers(), tables=tables)
        )

    @rule(number=numbers, which=st.integers(0, 9), again=st.booleans())
    def deliver(self, number: int, which: int, again: bool) -> None:
        """Let any report that waits arrive, and perhaps arrive again later."""
        pc = self.machines[number]
        if pc.outbox:
            document = pc.outbox[which % len(pc.outbox)]
            if not again:
                pc.outbox.remove(document)
            send(self.hub, document)

    @rule()
    def judge(self) -> None:
        """Let the hub judge."""
        judge_all(self.hub)

    def report_now(self, number: int) -> Answer:
        """Write a report and let it arrive at once."""
        self.write(number)
        return send(self.hub, self.machines[number].outbox.pop())

    @invariant()
    def nothing_is_of_two_machines(self) -> None:
        """All tables of a device are of one machine: reports are whole, so a mixture is the hub's own doing."""
        with self.hub.database.reading() as query:
            rows = query(
                "SELECT d.hostname, d.collected_at AS a, f.collected_at AS b FROM device AS d "
                "JOIN firewall AS f ON f.device_id = d.device_id",
                {},
            )
        assert all(row["a"] == row["b"] for row in rows), rows

    def teardown(self) -> None:
        """Once each has reported three times in turn, each is one device that says what is so."""
        try:
            if self.machines:
                for _ in range(2):
                    for pc in self.machines:
                        self.report_now(pc.number)
                devices = [self.report_now(pc.number).device_id for pc in self.machines]
                judge_all(self.hub)
                with self.hub.database.reading() as query:
                    said = {
                        row["device_id"]: (row["hostname"], row["verdict"])
                        for row in query(
                            "SELECT d.device_id, d.hostname, v.verdict FROM device AS d JOIN verdict AS v "
                            "ON v.device_id = d.device_id AND v.rule = 'firewall-enabled'",
                            {},
                        )
                    }
                assert len(set(devices)) == len(self.machines), "two machines are one device"
                for device, pc in zip(devices, self.machines, strict=True):
                    assert said[device] == (pc.name, "pass" if pc.firewall else "fail")
        finally:
            self.hub.close()
            shutil.rmtree(self.folder)


TestSchool = School.TestCase
