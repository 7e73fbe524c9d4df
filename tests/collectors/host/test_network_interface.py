"""Interfaces are known by their bus, and addresses by whether they tell anything."""

from typing import Any

import pytest

from tests.collectors.host import windows_pcs
from tests.collectors.host.machines import machine, rows

FOLDER = "/sys/class/net/eth0"
CARD = {
    f"{FOLDER}/type": "1\n",
    f"{FOLDER}/ifindex": "2\n",
    f"{FOLDER}/address": "00:00:5e:00:53:01\n",
    f"{FOLDER}/operstate": "up\n",
    f"{FOLDER}/device/uevent": "DRIVER=x\nMODALIAS=pci:v1\n",
}


def card(files: dict[str, str] | None = None, **said: Any) -> dict[str, Any]:
    """Return the row of a wired card, with some of its files changed."""
    found = rows("network_interface", machine({**CARD, **(files or {})}, **{"addresses": [], **said}))
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        pytest.param({}, "ethernet", id="wired"),
        pytest.param({f"{FOLDER}/uevent": "DEVTYPE=wlan\n"}, "wifi", id="wifi"),
        pytest.param({f"{FOLDER}/wireless/status": "0\n"}, "wifi", id="old-wifi"),
        pytest.param({f"{FOLDER}/uevent": "DEVTYPE=wwan\n"}, "other", id="mobile"),
        pytest.param({f"{FOLDER}/uevent": "DEVTYPE=bluetooth\n"}, "bluetooth", id="bluetooth"),
        pytest.param({f"{FOLDER}/type": "32\n"}, "other", id="infiniband"),
    ],
)
def test_the_kind_of_a_card(files: dict[str, str], kind: str) -> None:
    """What the kernel calls the device says what it is."""
    assert card(files)["kind"] == kind


def test_virtual_interfaces_count_if_they_have_an_address() -> None:
    """A tunnel in use is shown; the bridges and pairs of containers, which come and go, are not."""
    files = {
        "/sys/class/net/tun0/type": "65534\n",
        "/sys/class/net/veth1/type": "1\n",
        "/sys/class/net/lo/type": "772\n",
    }
    host = machine(files, addresses=[["tun0", "10.8.0.2"], ["lo", "127.0.0.1"]])

    assert [(one["name"], one["kind"]) for one in rows("network_interface", host)] == [("tun0", "virtual")]


@pytest.mark.parametrize(("speed", "expected"), [("1000\n", 1000), ("-1\n", None), ("0\n", None), ("", None)])
def test_a_speed_that_the_driver_does_not_know_is_null(speed: str, expected: int | None) -> None:
    """Drivers say -1 or nothing without a link."""
    assert card({f"{FOLDER}/speed": speed})["speed_mbps"] == expected


def test_privacy_addresses_are_left_out() -> None:
    """IPv6 addresses that change each day tell nothing, and would fill the history."""
    files = {"/proc/net/if_inet6": "20010db8000000000000000000000001 02 40 01 01 eth0\n"}
    addresses = [["eth0", "2001:db8::1"], ["eth0", "2001:db8::2"], ["eth0", "fe80::1%eth0"]]

    assert card(files, addresses=addresses)["addresses"] == ["2001:db8::2", "fe80::1"]


def test_addresses_that_could_not_be_asked_are_null() -> None:
    """Where the system can't be asked, an empty list would be a lie."""
    found = rows("network_interface", machine(CARD))

    assert [one["addresses"] for one in found] == [None]


def test_the_gateway_is_that_of_the_smallest_metric() -> None:
    """Two default routes of one interface: the kernel takes the smaller metric."""
    head = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
    routes = "eth0\t00000000\t0202A8C0\t3\t0\t0\t600\t00000000\neth0\t00000000\t0102A8C0\t3\t0\t0\t100\t00000000\n"

    assert card({"/proc/net/route": head + routes})["gateway"] == "192.168.2.1"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("/run/systemd/netif/leases/2", "ADDRESS=192.0.2.9\nSERVER_ADDRESS=192.0.2.1\n", id="networkd"),
        pytest.param(
            "/var/lib/NetworkManager/internal-0-eth0.lease", "SERVER_ADDRESS=192.0.2.1\n", id="networkmanager"
        ),
        pytest.param(
            "/var/lib/dhcp/dhclient.leases",
            'lease {\n  interface "wlan0";\n  option dhcp-server-identifier 192.0.2.7;\n}\n'
            'lease {\n  interface "eth0";\n  option dhcp-server-identifier 192.0.2.8;\n}\n'
            'lease {\n  interface "eth0";\n  option dhcp-server-identifier 192.0.2.1;\n}\n',
            id="dhclient",
        ),
    ],
)
def test_the_dhcp_server_is_that_of_the_last_lease(path: str, text: str) -> None:
    """Each client of DHCP keeps its lease in a place of its own."""
    assert card({path: text})["dhcp_server"] == "192.0.2.1"


WINDOWS_CARD: dict[str, Any] = {
    "Index": 7,
    "Name": "Card",
    "NetConnectionID": "Ethernet",
    "NetConnectionStatus": 2,
    "PNPDeviceID": "PCI\\A\\1",
}
NETWORK = r"HKLM\SYSTEM\CurrentControlSet\Control\Network\{4D36E972-E325-11CE-BFC1-08002BE10318}"
CONNECTION = {NETWORK: {}, rf"{NETWORK}\{{A}}\Connection": {"MediaSubType": 2, "PnpInstanceID": "pci\\a\\1"}}
CLASS = r"HKLM\SYSTEM\CurrentControlSet\Control\Class\{4D36E972-E325-11CE-BFC1-08002BE10318}"


@pytest.mark.parametrize(
    ("card", "more", "keys", "kind"),
    [
        pytest.param({}, [], {}, "ethernet", id="wired"),
        pytest.param({"Name": "Qualcomm Atheros Wireless"}, [], {}, "wifi", id="by-its-name-alone"),
        pytest.param({"Name": "Wireless"}, [{"NdisPhysicalMedium": 14}], {}, "ethernet", id="the-driver-knows-better"),
        pytest.param({}, [{"NdisPhysicalMedium": 9}], {}, "wifi", id="native-802.11"),
        pytest.param({}, [{"NdisPhysicalMedium": 14, "Virtual": True}], {}, "virtual", id="pretends-a-bus"),
        pytest.param({}, [{"NdisPhysicalMedium": 8}], {}, "other", id="mobile"),
        pytest.param({"PNPDeviceID": "BTH\\MS_BTHPAN\\1"}, [], {}, "bluetooth", id="bluetooth"),
        pytest.param({"PNPDeviceID": "ROOT\\NET\\0000"}, [], {}, "virtual", id="vpn"),
        pytest.param({"PNPDeviceID": "USB\\VID_0BDA\\1"}, [], {}, "ethernet", id="dongle"),
        pytest.param({}, [], CONNECTION, "wifi", id="windows-7"),
        pytest.param({}, [], {rf"{CLASS}\0007": {"*PhysicalMediaType": 9}}, "wifi", id="by-its-driver"),
    ],
)
def test_kinds_on_windows(card: dict[str, Any], more: list[dict[str, Any]], keys: dict[str, Any], kind: str) -> None:
    """By the bus, and by what the driver says of its medium; the name decides only where nothing else does."""
    adapters = [{"PnPDeviceID": "pci\\a\\1", **one} for one in more]
    host = windows_pcs.pc(keys, {"Win32_NetworkAdapter": [{**WINDOWS_CARD, **card}], "MSFT_NetAdapter": adapters})
    assert [row["kind"] for row in windows_pcs.rows("network_interface", host)] == [kind]


def test_privacy_addresses_of_windows_tell_nothing() -> None:
    """They have the mask 128 beside a steady address of the same network; one from DHCPv6 stands alone and counts."""
    said = {
        "Index": 7,
        "IPAddress": ["2001:db8::1", "2001:db8::dead:beef", "2001:db8:1::5", "0.0.0.0"],  # noqa: S104 - read only
        "IPSubnet": ["64", "128", "128", "255.0.0.0"],
    }
    classes = {"Win32_NetworkAdapter": [WINDOWS_CARD], "Win32_NetworkAdapterConfiguration": [said]}
    (found,) = windows_pcs.rows("network_interface", windows_pcs.pc(wmi=classes))
    assert found["addresses"] == ["2001:db8:1::5", "2001:db8::1"]


def test_addresses_that_could_not_be_asked_are_unknown() -> None:
    """The cards are told all the same."""
    (found,) = windows_pcs.rows("network_interface", windows_pcs.pc(wmi={"Win32_NetworkAdapter": [WINDOWS_CARD]}))
    assert (found["addresses"], found["up"]) == (None, True)
