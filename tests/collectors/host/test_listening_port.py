"""Listening ports: all that wait for others, loopback too, and nothing that is only a client."""

import socket

from collectors.host.listening_port import linux
from collectors.run import run
from collectors.sources.linux import LiveLinux
from tests.collectors.host.machines import machine, rows

ALL = "0.0.0.0"  # noqa: S104 - nothing is bound to it here


def test_a_socket_opened_here_is_listed_with_this_programs_name() -> None:
    """This very process listens on a port of loopback, and is found."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        section = run(linux, LiveLinux())
    found = [row for row in section.rows or [] if row["port"] == port]
    assert [(row["protocol"], row["address"]) for row in found] == [("tcp", "127.0.0.1")]
    assert found[0]["process"]


def test_programs_that_share_a_port_are_one_row() -> None:
    """The key is protocol, address and port; the name is the first of theirs, or null where none is seen."""
    listening = [
        ["tcp", "::", 80, "nginx"],
        ["tcp", "::", 80, "apache2"],
        ["tcp", "::", 23, None],
        ["tcp", "::", 23, None],
    ]
    found = {row["port"]: row["process"] for row in rows("listening_port", machine(listening=listening))}
    assert found == {80: "apache2", 23: None}


def test_udp_ports_that_the_kernel_picked_are_clients() -> None:
    """They are others each hour; TCP ports in that range listen on purpose, and stay."""
    listening = [
        ["udp", ALL, 40000, "firefox"],
        ["udp", ALL, 5353, "avahi-daemon"],
        ["tcp", "::", 40000, "x"],
    ]
    found = rows("listening_port", machine(listening=listening))
    assert [(row["protocol"], row["port"]) for row in found] == [("tcp", 40000), ("udp", 5353)]


def test_the_kernels_range_is_the_machines_own() -> None:
    """It can be set; a garbled one is the default."""
    listening = [["udp", ALL, 5353, "avahi-daemon"], ["udp", ALL, 40000, "x"]]
    path = "/proc/sys/net/ipv4/ip_local_port_range"
    found = rows("listening_port", machine({path: "1024\t10000\n"}, listening=listening))
    assert [row["port"] for row in found] == [40000]
    found = rows("listening_port", machine({path: "?"}, listening=listening))
    assert [row["port"] for row in found] == [5353]
