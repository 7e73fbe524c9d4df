"""What a made-up PC consists of: the facts that change only when something happens to it."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from collectors.host import battery, device, disk, network_interface
from collectors.host.battery import Battery
from collectors.host.device import Device
from collectors.host.disk import Disk
from collectors.host.graphics import Graphics
from collectors.host.memory_module import MemoryModule
from collectors.host.monitor import Monitor
from collectors.host.network_interface import NetworkInterface
from collectors.host.printer import Printer
from collectors.host.processor import Processor
from collectors.host.software import Scope, Software, Source
from collectors.host.usb_device import UsbDevice
from hub.demo.pcs import Pc, catalogue

GIB = 1 << 30


def model_of(pc: Pc) -> Mapping[str, Any]:
    """Return what the catalogue says of a PC's model."""
    found: Mapping[str, Any] = catalogue()["models"][pc.model]
    return found


def devices(pc: Pc) -> Iterator[Device]:
    """Yield the machine itself."""
    model = model_of(pc)
    board_vendor, board_model = model["board"] or (None, None)
    firmware_version, firmware_date = model.get("firmware", (None, None))
    yield Device(
        hostname=pc.hostname,
        kind=device.Kind(model["kind"]),
        vendor=model["vendor"] or board_vendor,
        model=model["model"] or board_model,
        serial=pc.serial,
        uuid=pc.uuid,
        board_vendor=board_vendor,
        board_model=board_model,
        chassis=model.get("chassis"),
        firmware_vendor="American Megatrends Inc." if model["board"] else None,
        firmware_version=firmware_version,
        firmware_date=firmware_date,
    )


def processors(pc: Pc) -> Iterator[Processor]:
    """Yield its processor."""
    model = model_of(pc)
    yield Processor(
        socket="0", model=model["cpu"], cores=model["cores"], threads=model["threads"], max_mhz=model["mhz"]
    )


def memory_modules(pc: Pc) -> Iterator[MemoryModule]:
    """Yield a module for each size in the story; a board without SMBIOS tells of none."""
    if model_of(pc)["memory"]:
        kind, speed, vendor = model_of(pc)["memory"]
        for place, size in enumerate(pc.memory_gb):
            yield MemoryModule(
                slot=f"DIMM{place + 1}",
                size_bytes=size * GIB,
                kind=kind,
                speed_mhz=speed,
                vendor=vendor,
                serial=f"DEMO-{pc.number:04}-M{place + 1}",
            )


def disks(pc: Pc) -> Iterator[Disk]:
    """Yield its disk."""
    kind, model, size = model_of(pc)["disk"]
    yield Disk(
        name=r"\\.\PHYSICALDRIVE0" if pc.is_windows else "nvme0n1" if kind == "nvme" else "sda",
        model=model,
        serial=pc.disk_serial,
        size_bytes=size,
        kind=disk.Kind(kind),
        health=disk.Health(pc.disk_health),
        powered_on_hours=pc.disk_hours or 2400 + 137 * (pc.number % 40),
    )


def network_interfaces(pc: Pc) -> Iterator[NetworkInterface]:
    """Yield the card by which it is connected."""
    wireless = pc.wifi or bool(model_of(pc).get("wifi"))
    kind = network_interface.Kind.WIFI if wireless else network_interface.Kind.ETHERNET
    names = ("Wi-Fi", "wlp2s0") if wireless else ("Ethernet", "enp1s0")
    gateway = f"{pc.address.rpartition('.')[0]}.1"
    yield NetworkInterface(
        name=names[0 if pc.is_windows else 1],
        mac=pc.mac,
        permanent_mac=None,
        kind=kind,
        up=True,
        speed_mbps=None if wireless else 1000,
        addresses=(pc.address,),
        gateway=gateway,
        dhcp_server=gateway,
    )


def monitors(pc: Pc) -> Iterator[Monitor]:
    """Yield its monitor; a laptop or all-in-one shows its own panel."""
    if model_of(pc)["monitor"]:
        vendor, model, year = model_of(pc)["monitor"]
        yield Monitor(
            connector="DISPLAY1" if pc.is_windows else "card0-HDMI-A-1",
            vendor=vendor,
            model=model,
            serial=f"DEMO-{pc.number:04}-S",
            year=year,
            width_cm=44,
            height_cm=25,
        )


def graphics_cards(pc: Pc) -> Iterator[Graphics]:
    """Yield what is in its processor."""
    yield Graphics(
        slot="0000:00:02.0",
        name="Intel UHD Graphics",
        memory_bytes=None,
        driver="igfx" if pc.is_windows else "i915",
        driver_version="31.0.101.2135" if pc.is_windows else None,
    )


def batteries(pc: Pc) -> Iterator[Battery]:
    """Yield a laptop's battery."""
    if model_of(pc)["kind"] == device.Kind.LAPTOP:
        yield battery.Battery(
            name="BAT0",
            vendor="HP",
            model="RE03XL",
            serial=f"DEMO-{pc.number:04}-A",
            design_mwh=45000,
            full_mwh=45000 - 1700 * (pc.number % 9),
            cycles=60 * (pc.number % 9),
        )


_PRINTERS = {
    "canon": ("Canon LBP2900", "Canon LBP2900", "USB001", False),
    "brother": ("Brother HL-L2321D", "Brother HL-L2320D series", "USB001", False),
    "ricoh": ("Máy photocopy Ricoh - Văn phòng", "RICOH MP 2014 PCL 6", "socket://192.168.20.9:9100", True),
}


def printers(pc: Pc) -> Iterator[Printer]:
    """Yield the printers that the story names; the first is the usual one."""
    for place, key in enumerate(pc.printers):
        name, driver, port, is_network = _PRINTERS[key]
        yield Printer(
            name=name, driver=driver, port=port, is_network=is_network, is_default=place == 0, location=pc.room
        )


def usb_devices(pc: Pc) -> Iterator[UsbDevice]:
    """Yield keyboard and mouse, and a classroom's document camera."""
    yield UsbDevice(port="1-1", vendor_id="046d", product_id="c31c", name="Keyboard K120", vendor="Logitech")
    yield UsbDevice(port="1-2", vendor_id="046d", product_id="c077", name="Mouse M105", vendor="Logitech")
    if pc.room and "-P" in pc.room and pc.number % 3 == 0:
        yield UsbDevice(port="1-4", vendor_id="1b17", product_id="0211", name="Máy chiếu vật thể", vendor=None)


def software(pc: Pc) -> Iterator[Software]:
    """Yield what is installed."""
    for name, version, publisher, source in pc.software.values():
        kind = Source(source)
        if pc.is_windows == (kind in {Source.DPKG, Source.RPM, Source.FLATPAK, Source.SNAP}):
            continue
        yield Software(
            name=name,
            version=version,
            publisher=None if kind is Source.DPKG else publisher,
            installed_on=date(2025, 1, 1 + hash_day(name)) if kind in {Source.MSI, Source.REGISTRY} else None,
            source=kind,
            scope=Scope.MACHINE,
            architecture={Source.DPKG: "amd64", Source.FLATPAK: "x86_64"}.get(
                kind, None if not pc.is_windows else "x64"
            ),
        )


def hash_day(text: str) -> int:
    """Return a number from 0 to 27 that is always the same for a text."""
    return sum(text.encode()) % 28


TABLES: Mapping[str, Callable[[Pc], Iterator[Any]]] = {
    "device": devices,
    "processor": processors,
    "memory_module": memory_modules,
    "disk": disks,
    "network_interface": network_interfaces,
    "monitor": monitors,
    "graphics": graphics_cards,
    "battery": batteries,
    "printer": printers,
    "usb_device": usb_devices,
    "software": software,
}
"""What fills each of these tables."""

NOT_HERE: Mapping[str, Callable[[Pc], str | None]] = {
    "memory_module": lambda pc: None if model_of(pc)["memory"] else "this machine's firmware gives no SMBIOS table",
    "battery": lambda pc: None if model_of(pc)["kind"] == device.Kind.LAPTOP else "the machine has no battery",
}
"""Why a PC lacks a table by design, where it does."""
