"""What collect.cmd wrote, handed in as a folder, as a ZIP file, or put into the watched folder."""

import io
import os
import shutil
import time
import zipfile
from pathlib import Path

import pytest

from hub import dumps, inbox
from hub.handed_in import Unusable, take
from hub.hub import Hub
from tests.hub.conftest import Clock

BIOS = "\r\n\r\nManufacturer=Dell Inc.\r\nSerialNumber=7XK2Q63\r\n\r\n\r\n"
SYSTEM = "\r\n\r\nManufacturer=Dell Inc.\r\nModel=OptiPlex 3050\r\nName=PM1-05\r\n\r\n\r\n"
PRODUCT = "\r\n\r\nUUID=4C4C4544-0058-4B10-8032-B7C04F513633\r\nVendor=Dell Inc.\r\n\r\n\r\n"
WINDOWS = (
    "\r\n\r\nBuildNumber=7601\r\nCaption=Microsoft Windows 7 Professional \r\nOperatingSystemSKU=48\r\n"
    "OSArchitecture=64-bit\r\nProductType=1\r\nVersion=6.1.7601\r\n\r\n\r\n"
)
NOTES = "hostname: PM1-05\r\nis_admin: true\r\ncollected_at: 2026-03-01T03:00:00Z\r\nabsent: MSFT_PhysicalDisk\r\n"

FILES = {
    "Win32_BIOS.wmi": BIOS.encode("utf-16"),
    "Win32_ComputerSystem.wmi": SYSTEM.encode("utf-16"),
    "Win32_ComputerSystemProduct.wmi": PRODUCT.encode("utf-16"),
    "Win32_OperatingSystem.wmi": WINDOWS.encode("utf-16"),
    dumps.MANIFEST: NOTES.encode(),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a Windows 7 as collect.cmd writes it."""
    made = tmp_path / "stick" / "PM1-05-20260301"
    made.mkdir(parents=True)
    for name, content in FILES.items():
        (made / name).write_bytes(content)
    return made


def zipped(path: Path, entries: dict[str, bytes]) -> Path:
    """Write a ZIP file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def machines(hub: Hub) -> list[dict[str, object]]:
    """Return what the hub knows of the PCs."""
    with hub.database.reading() as query:
        return [dict(row) for row in query("SELECT hostname, collected_at FROM device", {})]


def test_a_folder_becomes_a_device(hub: Hub, folder: Path) -> None:
    """The PC is known by its hardware, with its facts as old as they are, and by which way they came."""
    (device_id,) = take(hub, folder)

    assert machines(hub) == [{"hostname": "PM1-05", "collected_at": "2026-03-01T03:00:00Z"}]
    with hub.database.reading() as query:
        assert query("SELECT version, build FROM operating_system", {})[0]["build"]
        failed = query("SELECT outcome FROM collection WHERE \"table\" = 'software'", {})
    assert device_id
    assert failed[0]["outcome"] == "failed", "what is not in the folder is not known, never none"


def test_the_same_folder_twice_changes_nothing(hub: Hub, folder: Path, tmp_path: Path) -> None:
    """A second time, even as a ZIP file, it is the same report of the same device."""
    again = zipped(tmp_path / "again.zip", {f"PM1-05-20260301/{name}": content for name, content in FILES.items()})

    assert take(hub, folder) == take(hub, folder) == take(hub, again)
    with hub.database.reading() as query:
        assert len(query("SELECT * FROM report", {})) == 1


def test_a_stick_holds_many_pcs(hub: Hub, folder: Path) -> None:
    """Each folder below the one that is given is a PC."""
    other = folder.parent / "room 2" / "PM2-01-20260301"
    shutil.copytree(folder, other)
    (other / "Win32_ComputerSystemProduct.wmi").write_bytes(
        PRODUCT.replace("3633", "3699").replace("0058", "0077").encode("utf-16")
    )
    (other / "Win32_BIOS.wmi").write_bytes(BIOS.replace("7XK2Q63", "7XK2Q99").encode("utf-16"))

    assert len(set(take(hub, folder.parent))) == 2


def test_a_pc_without_any_identifier_is_known_by_its_name(hub: Hub, folder: Path) -> None:
    """Where hardware tells nothing the name stands in, marked as weak; without even that nothing is taken."""
    for name in ("Win32_BIOS.wmi", "Win32_ComputerSystemProduct.wmi"):
        (folder / name).unlink()

    take(hub, folder)

    with hub.database.reading() as query:
        assert [row["weak"] for row in query("SELECT weak FROM managed_device", {})] == [1]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../../evil.txt", "leads out"),
        ("/etc/evil", "leads out"),
        ("C:\\evil", "leads out"),
        ("a\\..\\..\\evil", "leads out"),
        ("a/" * 20 + "evil", "leads out"),
    ],
)
def test_a_zip_that_leads_out_of_itself_is_refused(hub: Hub, tmp_path: Path, name: str, why: str) -> None:
    """No entry is written anywhere but below the folder that it is unpacked into."""
    with pytest.raises(Unusable, match=why):
        take(hub, zipped(tmp_path / "evil.zip", {**FILES, name: b"evil"}))
    assert [path for path in tmp_path.rglob("evil*") if path.suffix != ".zip"] == []


def test_a_link_in_a_zip_is_refused(hub: Hub, tmp_path: Path) -> None:
    """A symbolic link would be read as what it points to, which is the server's own."""
    path = tmp_path / "link.zip"
    with zipfile.ZipFile(path, "w") as archive:
        entry = zipfile.ZipInfo("link.reg")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/shadow")

    with pytest.raises(Unusable, match="leads out"):
        take(hub, path)


def test_a_bomb_is_refused_before_it_unpacks(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes are counted as they come, whatever the entry says of its size; too many entries are refused unread."""
    monkeypatch.setattr(dumps, "BYTES_LIMIT", 1 << 20)
    monkeypatch.setattr(dumps, "FILES_LIMIT", 20)

    with pytest.raises(Unusable, match="unpacks to more"):
        take(hub, zipped(tmp_path / "bomb.zip", {"big.reg": bytes(2 << 20)}))
    with pytest.raises(Unusable, match="more than 20 files"):
        take(hub, zipped(tmp_path / "many.zip", {f"{number}.wmi": b"" for number in range(21)}))


def test_links_and_too_much_in_a_folder_are_refused(hub: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder on a share is believed as little as a ZIP file."""
    (folder / "link.reg").symlink_to("/etc/passwd")
    with pytest.raises(Unusable, match="link"):
        take(hub, folder)

    (folder / "link.reg").unlink()
    monkeypatch.setattr(dumps, "BYTES_LIMIT", 100)
    with pytest.raises(Unusable, match="MB"):
        take(hub, folder)


@pytest.mark.parametrize("content", [b"PK no ZIP file", b"", b"\x00\x01", b"{}"], ids=["zip", "empty", "bytes", "json"])
def test_what_is_nothing_of_ours_is_refused(hub: Hub, tmp_path: Path, content: bytes) -> None:
    """A file that is no report and no ZIP file, and a folder without collect.cmd's last file, are sentences."""
    path = tmp_path / "file.zip"
    path.write_bytes(content)

    with pytest.raises(Unusable):
        take(hub, path)
    with pytest.raises(Unusable, match="baove-collect"):
        take(hub, tmp_path)


def test_a_damaged_dump_costs_its_own_table_only(hub: Hub, folder: Path) -> None:
    """A cut file is a failed table; the rest of the PC is taken."""
    (folder / "Win32_OperatingSystem.wmi").write_bytes(WINDOWS.encode("utf-16")[:-20])

    take(hub, folder)

    with hub.database.reading() as query:
        outcomes = {row["table"]: row["outcome"] for row in query('SELECT "table", outcome FROM collection', {})}
    assert (outcomes["operating_system"], outcomes["device"]) == ("failed", "rows")


# The watched folder


@pytest.fixture
def watched(hub: Hub, tmp_path: Path, clock: Clock) -> Hub:
    """Return a hub that watches a folder."""
    return Hub(hub.database, hub.rulebook, clock, inbox=tmp_path / "inbox")


def old(path: Path) -> None:
    """Let a file or folder be one that nobody writes to any more."""
    long_ago = time.time() - 100
    os.utime(path, (long_ago, long_ago))


def put(watched: Hub, folder: Path) -> Path:
    """Put the PC's folder into the inbox, and return where it lies."""
    assert watched.inbox is not None
    target = watched.inbox / folder.name
    shutil.copytree(folder, target)
    old(target)
    return target


def test_the_inbox_takes_what_is_whole_and_keeps_it(watched: Hub, folder: Path) -> None:
    """What was taken is moved to done, and only once; what is bad to refused, with a sentence in both languages."""
    lying = put(watched, folder)
    bad = lying.with_name("bad.json")
    bad.write_text("no report", encoding="utf-8")
    old(bad)

    assert inbox.watch(watched) == 2
    assert inbox.watch(watched) == 0

    top = lying.parent
    assert (top / "done" / folder.name / dumps.MANIFEST).is_file()
    assert (top / "refused" / "bad.json").is_file()
    assert len((top / "refused" / "bad.json.txt").read_text(encoding="utf-8").splitlines()) == 2
    assert len(machines(watched)) == 1


def test_the_inbox_waits_for_what_is_still_written(watched: Hub, folder: Path) -> None:
    """A file of this moment and a folder without its last file stay where they are."""
    lying = put(watched, folder)
    (lying / dumps.MANIFEST).unlink()
    old(lying)
    (lying.parent / "new.json").write_text("{", encoding="utf-8")

    assert inbox.watch(watched) == 0
    assert lying.is_dir()


def test_the_same_name_twice_keeps_both(watched: Hub, folder: Path) -> None:
    """A PC's folder of the same name comes again: the older one in done is not overwritten."""
    put(watched, folder)
    inbox.watch(watched)
    put(watched, folder)
    inbox.watch(watched)

    assert watched.inbox is not None
    assert len(list((watched.inbox / "done").iterdir())) == 2


def test_without_an_inbox_nothing_is_watched(hub: Hub) -> None:
    """The job does nothing where no folder is set."""
    assert inbox.watch(hub) == 0


def test_a_report_in_a_zip_free_file_is_taken_as_before(hub: Hub, tmp_path: Path) -> None:
    """A ZIP file that is one by its ending only is judged by its first bytes."""
    packed = io.BytesIO()
    zipfile.ZipFile(packed, "w").close()
    path = tmp_path / "empty.json"
    path.write_bytes(packed.getvalue())

    with pytest.raises(Unusable, match="baove-collect"):
        take(hub, path)
