"""On the machine that runs the tests, facts of hardware agree with independent witnesses."""

import os
import shutil
import socket
from pathlib import Path
from typing import Any

import psutil
import pytest

from collectors.host import for_system
from collectors.run import run
from collectors.sources.linux import LiveLinux


def rows(table: str) -> list[dict[str, Any]]:
    """Return a table's rows of this machine."""
    section = run(for_system("linux")[table], LiveLinux())
    assert section.rows is not None, section.message
    return section.rows


def test_the_hostname_is_the_one_that_the_library_knows() -> None:
    """The C library asks the kernel in its own way."""
    assert [one["hostname"] for one in rows("device")] == [socket.gethostname()]


def test_the_threads_of_all_sockets_are_the_processors_of_the_system() -> None:
    """The C library counts the processors that are online."""
    assert sum(one["threads"] for one in rows("processor")) == os.cpu_count()


def test_the_cores_are_those_that_psutil_counts() -> None:
    """Counting them by psutil gives the same, where it knows."""
    counted = psutil.cpu_count(logical=False)
    if counted is None:
        pytest.skip("psutil can't count the cores of this machine")
    assert sum(one["cores"] for one in rows("processor")) == counted


def test_the_root_volume_has_the_size_that_python_sees() -> None:
    """Python asks the file system itself; free space moves, so only the size is compared."""
    volumes = {one["mount"]: one for one in rows("volume")}
    if "/" not in volumes:
        pytest.skip("the root of this machine is on no disk of its own")
    assert volumes["/"]["size_bytes"] == shutil.disk_usage("/").total


def test_every_disk_has_the_size_of_the_partition_table() -> None:
    """The kernel's list of block devices counts in blocks of 1,024 bytes."""
    lines = [one.split() for one in Path("/proc/partitions").read_text("utf-8").splitlines()[2:]]
    listed = {name: int(blocks) for _, _, blocks, name in lines}
    sizes = {one["name"]: one["size_bytes"] // 1024 for one in rows("disk") if one["size_bytes"]}

    assert sizes == {name: listed[name] for name in sizes}


def test_interfaces_have_the_addresses_that_the_system_lists() -> None:
    """Each interface is one that psutil lists, with its MAC, and with no address that psutil lacks."""
    listed = psutil.net_if_addrs()
    for one in rows("network_interface"):
        found = {address.address.partition("%")[0].lower() for address in listed.get(one["name"], [])}
        assert one["mac"] is None or one["mac"] in found or one["name"] not in listed
        assert set(one["addresses"]) <= found
