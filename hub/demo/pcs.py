"""The made-up school's PCs: what each is on a day, from story.yaml and catalogue.yaml."""

import dataclasses
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Pc:
    """A PC as it is for a while. ``number`` tells it from the others: its serial, addresses and UUID come from that.

    ``*_days`` are days of the calendar back from today; ``silent_school_days``: since so many it is silent.
    """

    number: int
    hostname: str
    room: str | None
    campus: str
    model: str
    system: str
    software: Mapping[str, Sequence[str]]
    memory_gb: Sequence[int]
    used_by: str
    network: str
    runs: str
    antivirus: Sequence[str]
    ports: Sequence[str]
    administrators: int
    printers: Sequence[str] = ()
    malware: Sequence[str] = ()
    firewall_off: Sequence[str] = ()
    settings: Mapping[str, str] = dataclasses.field(default_factory=dict)
    failed: Mapping[str, str] = dataclasses.field(default_factory=dict)
    timed_out: Mapping[str, str] = dataclasses.field(default_factory=dict)
    internet: str | None = None
    patched_days: int | None = None
    searched_days: int = 0
    restart_pending_days: int | None = None
    licences: Mapping[str, str] = dataclasses.field(default_factory=dict)
    activation_signs: Sequence[str] = ()
    frozen_disk: str | None = None
    clock_offset_seconds: float | None = None
    disk_health: str = "ok"
    disk_hours: int | None = None
    encrypted: bool | None = False
    weak: bool = False
    wifi: bool = False
    new_board: bool = False
    same_uuid_as: str | None = None
    not_ours: bool = False
    retired_school_days: int | None = None
    silent_school_days: int | None = None

    @property
    def serial(self) -> str | None:
        """The serial on its case, where its maker gave it one."""
        has = catalogue()["models"][self.model]["vendor"]
        return f"DEMO-{self.number:04}-PC" if has and not self.new_board else None

    @property
    def board_serial(self) -> str | None:
        """The serial of its mainboard; cheap boards have none."""
        if self.serial is None and not self.new_board:
            return None
        return f"DEMO-{self.number:04}-{'B2' if self.new_board else 'B1'}"

    @property
    def disk_serial(self) -> str:
        """The serial of its disk."""
        return f"DEMO-{self.number:04}-D"

    @property
    def mac(self) -> str:
        """The address of its network card: with the bit set that says that no maker gave it."""
        return f"02:de:00:00:{self.number >> 8:02x}:{self.number & 0xFF:02x}"

    @property
    def address(self) -> str:
        """Its address in the campus's segment for pupils or staff."""
        return f"192.168.{10 if self.network == 'students' else 20}.{20 + self.number % 200}"

    @property
    def uuid(self) -> str | None:
        """The firmware's UUID."""
        if self.weak:
            return None
        name = f"{self.same_uuid_as or self.hostname}{' 2' if self.new_board else ''}.demo.invalid"
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, name))

    @property
    def is_windows(self) -> bool:
        """Whether it runs Windows."""
        return bool(catalogue()["systems"][self.system]["family"] == "windows")

    @property
    def is_server(self) -> bool:
        """Whether its system is a server's."""
        return bool(catalogue()["systems"][self.system].get("is_server", False)) or self.runs == "always"


@dataclass(frozen=True, slots=True)
class Life:
    """What a PC was before and after each thing that happened to it: (day from which on it is so, the PC)."""

    states: Sequence[tuple[date, Pc]]

    @property
    def now(self) -> Pc:
        """The PC as it is today."""
        return self.states[-1][1]

    def on(self, day: date) -> tuple[date, Pc]:
        """Return the PC as it was on a day, and since when it had been so."""
        return next(state for state in reversed(self.states) if state[0] <= day)


@cache
def catalogue() -> Mapping[str, Any]:
    """Return what PCs are made of."""
    read: Mapping[str, Any] = yaml.safe_load((FOLDER / "catalogue.yaml").read_text(encoding="utf-8"))
    return read


@cache
def story() -> Mapping[str, Any]:
    """Return which PCs there are and what is wrong with them."""
    read: Mapping[str, Any] = yaml.safe_load((FOLDER / "story.yaml").read_text(encoding="utf-8"))
    return read


def lives(school_days: Sequence[date]) -> list[Life]:
    """Return every PC's life, given the days up to today on which the school taught."""
    found = []
    for pc in _pcs():
        states = [(date.min, pc)]
        for event in sorted(story()["events"], key=lambda one: -one["school_days_ago"]):
            if _is_about(event, pc):
                changed = _changed(states[-1][1], event)
                if changed is not None:
                    states.append((ago(school_days, event["school_days_ago"]), changed))
        found.append(Life(states))
    return found


def ago(school_days: Sequence[date], number: int) -> date:
    """Return the school day that was so many school days before the last one; the first known where that is too far."""
    return school_days[max(0, len(school_days) - 1 - number)] if school_days else date.min


def _pcs() -> Iterator[Pc]:
    differs = story()["differs"]
    number = 0
    for group in story()["groups"]:
        for room, hostname in _places(group):
            number += 1
            said = {**story()["defaults"], **group, **differs.get(hostname, {})}
            for name in ("rooms", "count", "names", "hostname"):
                said.pop(name, None)
            said["campus"] = room.partition("-")[0] if room else group["campus"]
            said["software"] = _software(said["software"])
            yield Pc(number=number, hostname=hostname, room=room, **said)


def _places(group: Mapping[str, Any]) -> Iterator[tuple[str | None, str]]:
    for room in group["rooms"]:
        for name in group.get("names", ()):
            yield room, name
        if "hostname" in group:
            for n in range(1, group.get("count", 1) + 1):
                yield room, group["hostname"].format(room=room, n=n)


def _software(sets: Sequence[str]) -> dict[str, Sequence[str]]:
    return {row[0]: tuple(row) for name in sets for row in catalogue()["software"][name]}


def _is_about(event: Mapping[str, Any], pc: Pc) -> bool:
    return pc.hostname == event["pc"] if "pc" in event else pc.hostname.startswith(event["group"] + "-")


def _changed(pc: Pc, event: Mapping[str, Any]) -> Pc | None:
    """Return the PC after an event; None where the event does not touch it."""
    software = {**pc.software, **_software(event.get("add", ()))}
    for name in _software(event.get("remove", ())):
        del software[name]
    for name, version in event.get("upgrade", {}).items():
        if name in software:
            software[name] = (name, version, *software[name][2:])
    changes: dict[str, Any] = dict(event.get("set", {}))
    if software != pc.software:
        changes["software"] = software
    return dataclasses.replace(pc, **changes) if changes else None
