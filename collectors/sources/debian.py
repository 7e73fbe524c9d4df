"""What dpkg and apt keep in files: the installed packages, the security archive's index, and how versions compare."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from collectors.facts import Failed
from collectors.sources.linux import Linux
from collectors.sources.local_time import month

STATUS = "/var/lib/dpkg/status"
INFO = "/var/lib/dpkg/info"
LISTS = "/var/lib/apt/lists"
APT_HELPER = "/usr/lib/apt/apt-helper"

# dpkg's words for "the files are there and set up"; a package whose trigger is still to run counts.
_INSTALLED = re.compile(r"^Status: \S+ ok (?:installed|triggers-awaited|triggers-pending)$", re.MULTILINE)
_NAME = re.compile(r"\n*Package: (\S+)\n")
_VERSION = re.compile(r"^Version: (\S+)", re.MULTILINE)
_ARCHITECTURE = re.compile(r"^Architecture: (\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Package:
    """An installed package."""

    name: str
    version: str
    architecture: str


def installed(host: Linux) -> Iterator[Package]:
    """Yield the installed packages. Raises Failed where the database is no whole one, OSError as reading does."""
    text = host.read(STATUS)
    if not text.endswith("\n\n"):
        raise Failed(f"{STATUS} ends in the middle of a package: restore it from {STATUS}-old")
    found = False
    for stanza in text.split("\n\n"):
        if not (state := _INSTALLED.search(stanza)):
            continue
        name = _NAME.match(stanza)
        version = _VERSION.search(stanza, state.end())
        architecture = _ARCHITECTURE.search(stanza)
        if not name or not version or not architecture:
            raise Failed(f"{STATUS} has a package without a name, version or architecture: the file is damaged")
        found = True
        yield Package(name[1], version[1], architecture[1])
    if not found:
        raise Failed(f"{STATUS} lists no installed package: the file is damaged")


def version_of(host: Linux, name: str) -> str | None:
    """Return an installed package's version without Debian's own part: '1.4.6' of '1.4.6+dfsg-0+deb12u1'."""
    try:
        text = host.read(STATUS)
    except OSError:
        return None
    start = text.find(f"Package: {name}\n")
    stanza = text[start : text.find("\n\n", start)] if start >= 0 else ""
    found = _VERSION.search(stanza)
    return re.split(r"[+~-]", found[1].rpartition(":")[2])[0] if found and _INSTALLED.search(stanza) else None


def security_versions(host: Linux) -> dict[tuple[str, str], list[str]] | None:
    """Return what the security archive offered when apt last looked: (package, architecture) to its versions.

    None where apt has no index of a security archive, or none that can be read: then nobody can say what is pending.
    """
    try:
        indexes = [name for name in host.list(LISTS) if "_Packages" in name and _is_security(name)]
    except OSError:
        return None
    offered: dict[tuple[str, str], list[str]] = {}
    for name in indexes:
        text = _index(host, f"{LISTS}/{name}")
        if text is None:
            return None
        for stanza in text.split("\n\n"):
            package = _NAME.match(stanza)
            version, architecture = _VERSION.search(stanza), _ARCHITECTURE.search(stanza)
            if package and version and architecture:
                offered.setdefault((package[1], architecture[1]), []).append(version[1])
    return offered or None


_DATE = re.compile(r"^Date: \w{3}, +(\d{1,2}) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d)", re.MULTILINE | re.ASCII)


def security_made_at(host: Linux) -> datetime | None:
    """Return when the oldest of the security archives' lists here was made; None where none tells."""
    try:
        lists = [one for one in host.list(LISTS) if one.endswith(("_InRelease", "_Release")) and _is_security(one)]
        found = [_DATE.search(host.read(f"{LISTS}/{one}")) for one in lists]
        dates = [(int(one[3]), month(one[2]), int(one[1]), *map(int, one.groups()[3:])) for one in found if one]
        return min((datetime(*date, tzinfo=UTC) for date in dates), default=None)  # type: ignore[misc,arg-type]
    except (OSError, ValueError, TypeError):
        return None


def offers(offered: Mapping[tuple[str, str], list[str]] | None, name: str, architecture: str) -> list[str]:
    """Return the versions of a package that the security archive has; packages for 'all' stand in each index."""
    return (offered or {}).get((name, architecture)) or (offered or {}).get((name, "all")) or []


def _is_security(name: str) -> bool:
    """Say whether an index is of a security archive: 'bookworm-security', 'noble-security', 'noble-apps-security'."""
    return "-security_" in name or name.startswith("security.debian.org_")


def _index(host: Linux, path: str) -> str | None:
    """Return an index's text; apt itself opens what the standard library can't (lz4, zstd)."""
    ending = path[path.rfind("_Packages") + len("_Packages") :]
    try:
        if not ending:
            return host.read(path)
        if ending in {".gz", ".xz"}:
            return unpacked(ending, host.read_bytes(path)).decode("utf-8", "replace")
    except (OSError, EOFError, ValueError):
        return None
    done = host.run(APT_HELPER, "cat-file", path)
    return done.output if done and done.status == 0 else None


def unpacked(ending: str, data: bytes) -> bytes:
    """Return what was packed. Raises ValueError, EOFError or OSError. Few PCs keep packed indexes: imported here."""
    if ending == ".gz":
        import gzip
        import zlib

        try:
            return gzip.decompress(data)
        except zlib.error as error:
            raise ValueError from error
    import lzma

    try:
        return lzma.decompress(data)
    except lzma.LZMAError as error:
        raise ValueError from error


_PARTS = re.compile(r"([^0-9]*)([0-9]*)")
_Number = tuple[int, str]
_Key = tuple[_Number, list[tuple[list[int], _Number]], list[tuple[list[int], _Number]]]


def _number(digits: str) -> _Number:
    """Return what sorts digits by their value, however many they are."""
    short = digits.lstrip("0")
    return len(short), short


def _order(letter: str) -> int:
    if letter == "~":
        return -1
    return ord(letter) if letter.isascii() and letter.isalpha() else ord(letter) + 256


_END = ([0], (0, ""))


def _parts(text: str) -> list[tuple[list[int], _Number]]:
    """Return the runs of letters and of digits. The 0 stands for the end of letters: after "~", before all else."""
    parts = [([*map(_order, letters), 0], _number(digits)) for letters, digits in _PARTS.findall(text)]
    while len(parts) > 1 and parts[-1] == _END:
        parts.pop()
    return [*parts, _END]  # a text that ends is as one that goes on with nothing, and so above "~"


def version_key(version: str) -> _Key:
    """Return what sorts versions as deb-version(7) does: epoch, upstream version, Debian revision."""
    epoch, found, rest = version.partition(":")
    if not found:
        epoch, rest = "", version
    upstream, found, revision = rest.rpartition("-")
    if not found:
        upstream, revision = rest, ""
    return _number(epoch), _parts(upstream), _parts(revision)
