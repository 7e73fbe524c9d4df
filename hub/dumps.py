"""What collect.cmd wrote on a PC, a folder or a ZIP file of one: turned into the report that an agent would have sent.

A folder comes from a stick or a share, so nothing in it is believed to be small, whole or well meant: sizes and numbers
are bounded before anything is read, a ZIP file unpacks into a folder of our own, and links are not followed.
"""

import gzip
import hashlib
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from collectors.facts import Failed, Outcome, utc_text
from collectors.host import for_system
from collectors.identifiers import identifiers
from collectors.run import run
from collectors.sources.recording import open_recording
from hub.reports import FORMAT, Report, ReportRefused, decode
from rules.words import sentence

MANIFEST = "baove-collect.txt"
"""collect.cmd writes it last: a folder with it is whole."""

AGENT = "collect.cmd"

FILES_LIMIT = 1000
BYTES_LIMIT = 128 << 20
"""Of one PC: a recorded registry has some 20 MB."""

FOLDERS_LIMIT = 2000
"""PCs in one folder."""

_DEEPEST = 8
_PIECE_BYTES = 1 << 16


class NoDump(Exception):  # noqa: N818 - what the folder is
    """A folder or file that nothing is taken of: one sentence."""


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Give the folder of a ZIP file, for as long as it is read. Raises NoDump."""
    with TemporaryDirectory(prefix="baove-") as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                _unpack(archive, Path(folder))
        except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError, ValueError) as why:
            raise NoDump(sentence("the ZIP file can't be unpacked: it is damaged, or needs a password")) from why
        yield Path(folder)


def _unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    entries = [one for one in archive.infolist() if not one.is_dir()]
    if len(entries) > FILES_LIMIT:
        raise NoDump(sentence("it holds more than {limit} files", limit=FILES_LIMIT))
    left = BYTES_LIMIT
    for entry in entries:
        target = folder / _safe(entry)
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(entry) as packed, target.open("xb") as file:
            while piece := packed.read(_PIECE_BYTES):  # counted as they come: an entry may lie about its size
                left -= len(piece)
                if left < 0:
                    raise NoDump(sentence("it unpacks to more than {limit} MB", limit=BYTES_LIMIT >> 20))
                file.write(piece)


def _safe(entry: zipfile.ZipInfo) -> PurePosixPath:
    """Return an entry's path below the folder. Raises NoDump for one that would lead elsewhere."""
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    leads_out = path.is_absolute() or ".." in path.parts or ":" in entry.filename or "\0" in entry.filename
    if leads_out or stat.S_ISLNK(entry.external_attr >> 16) or not 0 < len(path.parts) <= _DEEPEST:
        raise NoDump(sentence("it holds a path that leads out of it: {path}", path=entry.filename[:100]))
    return path


def folders(top: Path) -> list[Path]:
    """Return the folders of PCs in a folder, or the folder itself. Raises NoDump where it is too much, or none."""
    found: list[Path] = []
    _search(top, found, _DEEPEST)
    if not found:
        raise NoDump(sentence("it holds no {file}: it is not what collect.cmd writes, or not whole", file=MANIFEST))
    return sorted(found)


def _search(folder: Path, found: list[Path], deep: int) -> None:
    if (folder / MANIFEST).is_file():
        found.append(folder)
        if len(found) > FOLDERS_LIMIT:
            raise NoDump(sentence("it holds more than {limit} folders of PCs", limit=FOLDERS_LIMIT))
        return
    if deep:
        for one in folder.iterdir():
            if one.is_dir() and not one.is_symlink():
                _search(one, found, deep - 1)


def report(folder: Path) -> Report:
    """Return the report of one PC's folder. The same files give the same report. Raises NoDump."""
    stream = _bounded(folder)
    try:
        host = open_recording(folder)
        known = _identifiers(host)
        sections = [run(one, host) for one in for_system(host.system).values()]
    except (OSError, ValueError) as why:
        raise NoDump(sentence("it can't be read as one PC's: {why}", why=why)) from why
    document = {
        "format": FORMAT,
        "agent": AGENT,
        "stream": stream,
        "sequence": 1,
        "sent_at": utc_text(host.now()),
        "identifiers": known,
        "tables": {one.table: one.as_table() for one in sections if one.outcome is Outcome.ROWS},
        "unchanged": {},
        "missing": [one.as_missing() for one in sections if one.outcome is not Outcome.ROWS],
        "metrics_port": None,
    }
    if not document["tables"]:
        raise NoDump(sentence("nothing in it could be read"))
    try:
        return decode(gzip.compress(msgspec.json.encode(document), 1), "gzip")
    except ReportRefused as why:
        raise NoDump(why.args[-1]) from why


def _bounded(folder: Path) -> str:
    """Return a name made of the folder's content. Raises NoDump where it has links or is too large for one PC."""
    content = hashlib.sha256()
    paths = []
    for path in folder.rglob("*"):
        if path.is_symlink():
            raise NoDump(sentence("it holds a link, which collect.cmd never writes"))
        if path.is_file():
            paths.append(path)
        if len(paths) > FILES_LIMIT:
            raise NoDump(sentence("it holds more than {limit} files", limit=FILES_LIMIT))
    if sum(path.stat().st_size for path in paths) > BYTES_LIMIT:
        raise NoDump(sentence("it holds more than {limit} MB", limit=BYTES_LIMIT >> 20))
    for path in sorted(paths):
        content.update(path.relative_to(folder).as_posix().encode("utf-8", "surrogateescape") + b"\0")
        content.update(hashlib.sha256(path.read_bytes()).digest())
    return content.hexdigest()[:32]


def _identifiers(host: Any) -> dict[str, Any]:
    """Return what tells the PC from others; its name, marked as weak, where the hardware tells nothing."""
    try:
        found = identifiers(host)
    except (OSError, LookupError, ValueError, Failed):
        found = {}
    if any(found.values()):
        return found
    name = getattr(host, "hostname", None)
    name = name() if callable(name) else name
    if not name:
        raise NoDump(sentence("neither a serial number, nor a MAC, nor a name of the PC is in it"))
    return {**found, "weak_id": hashlib.sha256(f"{AGENT} {name}".encode()).hexdigest()[:32]}
