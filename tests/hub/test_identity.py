"""The hub owns the name of a device: cloned, frozen, weak and garbage identifiers must not confuse two PCs."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from hub import devices
from hub.hub import Hub
from hub.judge import judge, judge_all
from hub.tables import OWN
from tests.hub.conftest import Clock, Query
from tests.hub.reports import DEVICE, FIREWALL, UUID_B, machine, report, send


def device_of(hub: Hub, clock: Clock, stream: str, sequence: int = 1, **said: Any) -> str:
    """Send a report a minute later and return the device that it was taken for."""
    document = report(clock.advance(minutes=1), stream=stream, sequence=sequence, identifiers=machine(**said))
    return send(hub, document).device_id


def test_a_frozen_pc_that_forgets_everything_stays_one_device(hub: Hub, clock: Clock) -> None:
    """Deep Freeze gives the agent a new run each morning; the hardware is the same."""
    names = {device_of(hub, clock, f"morning-{day}") for day in range(5)}

    assert len(names) == 1


def test_a_cloned_image_does_not_make_two_pcs_one(hub: Hub, clock: Clock) -> None:
    """What an image carries is not what tells PCs apart: two UUIDs are two devices."""
    first = device_of(hub, clock, "a")
    second = device_of(
        hub, clock, "b", uuid=UUID_B, serial="TESTB0002", disks=["TESTDISKB02"], macs=["02:00:00:00:00:02"]
    )

    assert first != second


def test_both_byte_orders_of_a_uuid_are_one_device(hub: Hub, clock: Clock) -> None:
    """A PC of before SMBIOS 2.6 that boots two systems gives its UUID in two orders."""
    windows = device_of(
        hub, clock, "windows", uuid="4c4c4544-004c-4710-8039-c8c04f36344a", serial=None, disks=[], macs=[]
    )
    linux = device_of(hub, clock, "linux", uuid="44454c4c-4c00-1047-8039-c8c04f36344a", serial=None, disks=[], macs=[])

    assert windows == linux


@pytest.mark.parametrize(
    "swapped", [{"macs": ["02:00:00:00:00:99"]}, {"disks": ["TESTDISKNEW"]}, {"macs": [], "disks": ["TESTDISKNEW"]}]
)
def test_a_changed_card_or_disk_changes_nothing(hub: Hub, clock: Clock, swapped: dict[str, Any]) -> None:
    """While the UUID or a serial stays, it is the same PC."""
    before = device_of(hub, clock, "before")
    after = device_of(hub, clock, "after", **swapped)

    assert before == after


@pytest.mark.parametrize(
    "uuid",
    [
        "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "03000200-0400-0500-0006-000700080009", "no uuid at all", "",
    ],
)  # fmt: skip
def test_placeholders_never_join_two_pcs(hub: Hub, clock: Clock, uuid: str) -> None:
    """The numbers that cheap boards share are no identifiers, whatever an agent says."""
    first = device_of(hub, clock, "a", uuid=uuid, serial="To be filled by O.E.M.", disks=["TESTDISKA01"])
    second = device_of(
        hub, clock, "b", uuid=uuid, serial="To be filled by O.E.M.", disks=["TESTDISKB02"], macs=["02:00:00:00:00:02"]
    )

    assert first != second


def test_one_uuid_on_two_boards_with_other_serials_is_two_devices_and_a_conflict(
    hub: Hub, clock: Clock, ask: Query
) -> None:
    """A maker's number on many boards: everything else differs, so nobody waits for them to meet."""
    first = device_of(hub, clock, "a")
    second = device_of(hub, clock, "b", serial="TESTB0002", disks=["TESTDISKB02"], macs=["02:00:00:00:00:02"])

    assert first != second
    assert [("shared_identifier", first, second)] == [
        (row["kind"], row["device_id"], row["other_device_id"]) for row in ask("SELECT * FROM conflict")
    ]


def test_two_machines_alive_at_once_under_one_identifier_are_parted(hub: Hub, clock: Clock, ask: Query) -> None:
    """The first is heard of again after the second took its name over: the second is new, and both are shown."""
    other: dict[str, Any] = {"disks": ["TESTDISKB02"], "macs": ["02:00:00:00:00:02"]}
    first = device_of(hub, clock, "a")
    assert first == device_of(hub, clock, "b", **other)

    device_of(hub, clock, "a", sequence=2)
    second = device_of(hub, clock, "b", sequence=2, **other)

    assert first != second
    assert [("clone", first, second)] == [
        (row["kind"], row["device_id"], row["other_device_id"]) for row in ask("SELECT * FROM conflict")
    ]
    clock.advance(hours=1)
    assert (first, second) == (device_of(hub, clock, "a-again"), device_of(hub, clock, "b-again", **other))


def test_after_two_were_parted_each_is_asked_for_its_facts_again(hub: Hub, clock: Clock) -> None:
    """Nobody can say whose the rows were, so no verdict may stand on them."""
    other = machine(disks=["TESTDISKB02"], macs=["02:00:00:00:00:02"])
    tables: dict[str, list[dict[str, Any]]] = {"device": [DEVICE], "firewall": [FIREWALL]}
    send(hub, report(clock.advance(minutes=1), stream="a", tables=tables))
    send(hub, report(clock.advance(minutes=1), stream="b", tables=tables, identifiers=other))

    again = [
        send(
            hub,
            report(clock.advance(minutes=1), stream=stream, sequence=2, tables={}, unchanged=tables, identifiers=who),
        )
        for stream, who in (("a", machine()), ("b", other))
    ]

    assert [["device", "firewall"]] * 2 == [answer.resend for answer in again]


def test_a_late_report_of_an_earlier_run_is_no_second_machine(hub: Hub, clock: Clock, ask: Query) -> None:
    """A disk was swapped; what the old run still had in its spool arrives afterwards."""
    old = report(clock.advance(minutes=1), stream="old", sequence=1)
    late = report(clock.advance(minutes=1), stream="old", sequence=2)
    send(hub, old)
    device_of(hub, clock, "new", disks=["TESTDISKNEW"], macs=["02:00:00:00:00:77"])

    send(hub, late)

    assert [{"n": 1}] == ask("SELECT COUNT(*) AS n FROM managed_device")


def test_a_changed_board_with_a_known_disk_and_card_is_offered_not_assumed(hub: Hub, clock: Clock, ask: Query) -> None:
    """Perhaps the same machine: a person says so."""
    first = device_of(hub, clock, "a")
    second = device_of(hub, clock, "b", uuid=UUID_B, serial="TESTB0002")

    assert first != second
    assert ["same_machine"] == [row["kind"] for row in ask("SELECT * FROM conflict")]


@pytest.mark.parametrize(
    "moved", [{"disks": ["TESTDISKA01"], "macs": []}, {"disks": [], "macs": ["02:00:00:00:00:01"]}]
)
def test_a_disk_or_card_moved_to_another_pc_does_not_bring_its_name(
    hub: Hub, clock: Clock, ask: Query, moved: dict[str, Any]
) -> None:
    """A dongle or an old disk in another PC is no reason to take that PC for the one it came from."""
    first = device_of(hub, clock, "a")
    second = device_of(hub, clock, "b", uuid=UUID_B, serial="TESTB0002", **moved)

    assert first != second
    assert [] == ask("SELECT * FROM conflict")


def test_an_agent_without_rights_finds_its_device_by_its_parts(hub: Hub, clock: Clock) -> None:
    """An ordinary user on Linux may not read the UUID; the network card is the same."""
    as_root = device_of(hub, clock, "root")
    as_user = device_of(hub, clock, "user", uuid=None, serial=None)

    assert as_root == as_user


def test_without_any_hardware_identifier_a_kept_random_id_tells_devices_apart(
    hub: Hub, clock: Clock, ask: Query
) -> None:
    """Such a device is marked weak."""
    nothing: dict[str, Any] = {"uuid": None, "serial": None, "disks": [], "macs": []}
    first = device_of(hub, clock, "a", weak_id="one", **nothing)
    again = device_of(hub, clock, "b", weak_id="one", **nothing)
    other = device_of(hub, clock, "c", weak_id="two", **nothing)

    assert (first, True) == (again, first != other)
    assert [{"weak": 1}, {"weak": 1}] == ask("SELECT weak FROM managed_device")


def test_a_machine_that_says_nothing_of_itself_is_a_device_for_each_run(hub: Hub, clock: Clock) -> None:
    """Nothing in common is never taken for the same."""
    nothing: dict[str, Any] = {"uuid": None, "serial": None, "disks": [], "macs": []}

    assert device_of(hub, clock, "a", **nothing) != device_of(hub, clock, "b", **nothing)


def test_merging_makes_one_device_for_all_that_identified_either(hub: Hub, clock: Clock, ask: Query) -> None:
    """The officer says that a new board is in the old case."""
    first = device_of(hub, clock, "a")
    second = device_of(hub, clock, "b", uuid=UUID_B, serial="TESTB0002")

    hub.database.write(lambda connection: devices.merge(connection, second, first, clock()))

    assert first == device_of(hub, clock, "c", uuid=UUID_B, serial="TESTB0002")
    assert first == device_of(hub, clock, "b", sequence=2, uuid=UUID_B, serial="TESTB0002")
    assert [{"device_id": first}] == ask("SELECT device_id FROM managed_device")
    assert [] == ask("SELECT * FROM conflict WHERE resolved_at IS NULL")


def test_splitting_gives_the_machine_behind_a_run_a_device_of_its_own(hub: Hub, clock: Clock) -> None:
    """The officer says that a swapped disk was in truth another PC."""
    other: dict[str, Any] = {"disks": ["TESTDISKB02"], "macs": ["02:00:00:00:00:02"]}
    first = device_of(hub, clock, "a")
    assert first == device_of(hub, clock, "b", **other)

    second = hub.database.write(lambda connection: devices.split(connection, first, "b", clock()))

    clock.advance(hours=1)
    assert (first, second) == (device_of(hub, clock, "a2"), device_of(hub, clock, "b2", **other))


def test_one_machine_can_not_be_split(hub: Hub, clock: Clock, ask: Query) -> None:
    """All runs had the same parts inside; nothing is changed."""
    first = device_of(hub, clock, "a")

    with pytest.raises(devices.NotDone, match="one machine"):
        hub.database.write(lambda connection: devices.split(connection, first, "a", clock()))

    assert [{"device_id": first}] == ask("SELECT device_id FROM managed_device")


def test_forty_pcs_of_one_image_are_forty_devices(hub: Hub, clock: Clock, ask: Query) -> None:
    """A lab is cloned from one disk: the same names, the same software, other boards."""
    names = {
        device_of(
            hub, clock, f"pc-{number}", uuid=f"3f2a{number:04x}-1111-4222-8333-0123456789ab",
            serial=f"TESTLAB{number:04d}", disks=[], macs=[f"02:00:00:00:01:{number:02x}"],
        )
        for number in range(40)
    }  # fmt: skip

    assert len(names) == 40
    assert [] == ask("SELECT * FROM conflict")


def test_two_machines_under_one_identifier_are_parted_though_a_clock_is_years_behind(hub: Hub, clock: Clock) -> None:
    """Who was alive when is told by the hub's clock: an empty battery must not let two PCs take turns as one."""
    other = machine(disks=["TESTDISKB02"], macs=["02:00:00:00:00:02"])
    behind = timedelta(days=-1500)
    devices_of: dict[str, set[str]] = {"a": set(), "b": set()}
    for sequence in (1, 2, 3):
        at = clock.advance(minutes=30)
        devices_of["a"].add(send(hub, report(at, stream="a", sequence=sequence), sent_date=at).device_id)
        at = clock.advance(minutes=30)
        slow = report(at + behind, stream="b", sequence=sequence, identifiers=other)
        devices_of["b"].add(send(hub, slow, sent_date=at + behind).device_id)

    assert devices_of["a"] != devices_of["b"]
    assert send(hub, report(clock(), stream="a", sequence=9)).device_id not in devices_of["b"] - devices_of["a"]


@pytest.mark.parametrize("mac", ["00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "n/a", "", "02:00:00:00:00:01:02:03"])
def test_what_is_no_address_of_a_card_joins_nobody(hub: Hub, clock: Clock, mac: str) -> None:
    """Two machines of which nothing else is known, and a driver that gives zeros."""
    nothing: dict[str, Any] = {"uuid": None, "serial": None, "disks": [], "macs": [mac]}

    assert device_of(hub, clock, "a", **nothing) != device_of(hub, clock, "b", **nothing)


def test_after_two_were_parted_nothing_is_left_of_the_other(any_hub: Hub, clock: Clock, ask: Query) -> None:
    """Neither rows nor a verdict: the firewall that was seen may have been the other's."""
    other = machine(disks=["TESTDISKB02"], macs=["02:00:00:00:00:02"])
    tables: dict[str, list[dict[str, Any]]] = {"device": [DEVICE], "firewall": [FIREWALL]}
    send(any_hub, report(clock.advance(minutes=1), stream="a", tables=tables))
    send(any_hub, report(clock.advance(minutes=1), stream="b", tables=tables, identifiers=other))
    judge_all(any_hub)
    passing = "SELECT device_id FROM verdict WHERE rule = 'firewall-enabled' AND verdict = 'pass'"
    assert len(ask(passing)) == 1

    send(any_hub, report(clock.advance(minutes=1), stream="a", sequence=2, tables={}, unchanged=tables))
    while judge(any_hub):
        pass

    assert [] == ask(passing)
    assert [] == ask("SELECT * FROM firewall")


def test_all_that_live_at_once_under_one_identifier_are_parted_in_one_go(hub: Hub, clock: Clock, ask: Query) -> None:
    """A maker's number on forty boards without serials must not take forty reports to be found out."""
    for number in range(5):
        only: dict[str, Any] = {"serial": None, "disks": [], "macs": [f"02:00:00:00:01:{number:02x}"]}
        device_of(hub, clock, f"pc-{number}", **only)

    device_of(hub, clock, "pc-0", sequence=2, serial=None, disks=[], macs=["02:00:00:00:01:00"])

    assert [{"n": 5}] == ask("SELECT COUNT(*) AS n FROM managed_device")


def test_what_was_parted_from_a_retired_device_is_not_retired(hub: Hub, clock: Clock, ask: Query) -> None:
    """The officer retired the one that was known; nobody has said anything of the other."""
    other: dict[str, Any] = {"disks": ["TESTDISKB02"], "macs": ["02:00:00:00:00:02"]}
    first = device_of(hub, clock, "a")
    device_of(hub, clock, "b", **other)
    hub.database.write(lambda connection: devices.retire(connection, first, clock()))

    device_of(hub, clock, "a", sequence=2)

    assert [{"n": 1}] == ask("SELECT COUNT(*) AS n FROM managed_device WHERE retired_at IS NULL")


def test_a_run_that_woke_up_on_another_machine_is_another_device(hub: Hub, clock: Clock, ask: Query) -> None:
    """An image taken of a sleeping PC has its agent running in it: forty PCs wake up with one run and one count."""
    other: dict[str, Any] = {
        "uuid": UUID_B, "serial": "TESTB0002", "disks": ["TESTDISKB02"], "macs": ["02:00:00:00:00:02"],
    }  # fmt: skip
    first = device_of(hub, clock, "a", sequence=5)

    second = device_of(hub, clock, "a", sequence=5, **other)

    assert first != second
    assert (first, second) == (device_of(hub, clock, "a", sequence=6), device_of(hub, clock, "a", sequence=6, **other))
    assert [{"n": 4}] == ask("SELECT COUNT(*) AS n FROM report")


def test_a_serial_that_two_devices_have_moves_no_record_to_who_reported_last(
    hub: Hub, clock: Clock, ask: Query
) -> None:
    """The card's address tells which of the two the record is of, in whatever order they report."""
    row = {"asset_code": "MT-1", "serial": "TESTA0001", "mac": "02:00:00:00:00:01"}
    hub.database.write(lambda connection: connection.execute(OWN["record"].insert().values(row)))
    first = device_of(hub, clock, "a")
    other: dict[str, Any] = {"uuid": UUID_B, "disks": ["TESTDISKB02"], "macs": ["02:00:00:00:00:02"]}

    second = device_of(hub, clock, "b", **other)

    assert first != second
    assert [{"device_id": first}] == ask("SELECT device_id FROM record")


def test_who_loses_its_record_loses_its_room_and_is_judged_again(hub: Hub, clock: Clock, ask: Query) -> None:
    """A card that moved to another PC takes the record along; the waiver and the room were the record's."""
    weak: dict[str, Any] = {"uuid": None, "serial": None, "disks": []}
    row = {"asset_code": "MT-1", "mac": "02:00:00:00:00:01", "room": "PM1"}
    hub.database.write(lambda connection: connection.execute(OWN["record"].insert().values(row)))
    first = device_of(hub, clock, "a", serial="TESTA0001", uuid=None)
    judge_all(hub)
    assert [{"room": "PM1"}] == ask("SELECT room FROM managed_device")
    hub.database.write(
        lambda connection: connection.execute(
            sa.text("DELETE FROM identifier WHERE kind = 'mac' AND device_id = :device"), {"device": first}
        )
    )

    second = device_of(hub, clock, "b", **weak)

    assert {first: None, second: "PM1"} == {
        row["device_id"]: row["room"] for row in ask("SELECT device_id, room FROM managed_device")
    }
    assert {first, second} <= {row["device_id"] for row in ask("SELECT device_id FROM to_judge")}


def test_one_pc_with_a_new_board_does_not_count_as_two(any_hub: Hub, clock: Clock, ask: Query) -> None:
    """Its disk and card are in another board now: what it was passes nothing until a person or a report says so."""
    tables: dict[str, list[dict[str, Any]]] = {"device": [DEVICE], "firewall": [FIREWALL]}
    passing = "SELECT device_id FROM verdict WHERE rule = 'firewall-enabled' AND verdict = 'pass'"
    first = send(any_hub, report(clock.advance(minutes=1), stream="a", tables=tables)).device_id
    judge_all(any_hub)
    assert [{"device_id": first}] == ask(passing)

    board = machine(uuid=UUID_B, serial="TESTB0002")
    second = send(any_hub, report(clock.advance(minutes=1), stream="b", tables=tables, identifiers=board)).device_id
    judge_all(any_hub)
    assert [{"device_id": second}] == ask(passing)

    again = report(clock.advance(minutes=1), stream="a", sequence=2, tables=tables)
    assert send(any_hub, again).device_id == first
    judge_all(any_hub)
    assert {first, second} == {row["device_id"] for row in ask(passing)}
