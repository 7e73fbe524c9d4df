"""A Python for Windows out of its ZIP file: python.org's embeddable package, or a whole Python in an archive.

What is not needed on a PC (tests, pip, Tk) is left out of a whole one; the official package is taken as it is, since
its files are signed and its hash is known.
"""

import hashlib
import re
import urllib.request
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rules.words import sentence

OFFICIAL_VERSION = "3.13.5"
OFFICIAL = f"https://www.python.org/ftp/python/{OFFICIAL_VERSION}/python-{OFFICIAL_VERSION}-embed-amd64.zip"
OFFICIAL_SHA256 = "7d2650fd9d1b9d002d4a315d5f354247fd6a44f30517c7ef577b08f57a0fb6d9"

LIMIT_BYTES = 400 << 20
"""A whole Python with its tests is a quarter of this."""

FETCH_WITHIN_SECONDS = 60

_NOT_ON_A_PC = frozenset(
    {
        "test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "venv", "lib2to3", "pydoc_data",
        "site-packages", "__pycache__", "pip", "_pyrepl", "curses",
    }
)  # fmt: skip
_NATIVE_NOT_ON_A_PC = re.compile(
    r"(_test\w*|xxlimited\w*|_ctypes_test|_tkinter|winsound)\.pyd|t[ck]l?\d+t\.dll|pyshellext"
)
_LIBRARY = "lib"


class BundleRefused(Exception):  # noqa: N818 - what happened to the bundle
    """No bundle can be made: one sentence."""


@dataclass(frozen=True, slots=True)
class Python:
    """A Python's files by their paths below its folder, and where its packages lie."""

    files: Mapping[str, bytes]
    path: tuple[str, ...]
    """What the ``._pth`` file says before our own packages."""

    pth: str
    """That file's name, such as python313._pth."""


def fetched() -> bytes:
    """Return the official package from python.org, its SHA-256 checked. Raises BundleRefused."""
    try:
        with urllib.request.urlopen(OFFICIAL, timeout=FETCH_WITHIN_SECONDS) as answer:
            content: bytes = answer.read(LIMIT_BYTES)
    except OSError as why:
        raise BundleRefused(
            sentence(
                "{url} can't be fetched ({why}): fetch it where there is Internet, and give it by --python FILE",
                url=OFFICIAL,
                why=getattr(getattr(why, "reason", why), "strerror", None) or type(why).__name__,
            )
        ) from why
    if hashlib.sha256(content).hexdigest() != OFFICIAL_SHA256:
        raise BundleRefused(sentence("what came from {url} is not the file that it should be", url=OFFICIAL))
    return content


def read(path: Path) -> Python:
    """Read a Python from a ZIP or JAR file. Raises BundleRefused."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(archive, path)
    except FileNotFoundError as why:
        raise BundleRefused(sentence("{file} is not there", file=path)) from why
    except (OSError, zipfile.BadZipFile) as why:
        raise BundleRefused(sentence("{file} is no ZIP file with a Python for Windows", file=path)) from why


def _read(archive: zipfile.ZipFile, path: Path) -> Python:
    names = [one for one in archive.namelist() if not one.endswith("/")]
    starts = sorted(
        (one.removesuffix("python.exe") for one in names if one.rpartition("/")[2] == "python.exe"), key=len
    )
    if sum(one.file_size for one in archive.infolist()) > LIMIT_BYTES or not starts:
        raise BundleRefused(sentence("{file} is no ZIP file with a Python for Windows", file=path))
    start = starts[0]
    inside = {one.removeprefix(start): one for one in names if one.startswith(start)}
    libraries = [one for one in inside if re.fullmatch(r"python3\d+\.dll", one)]
    if len(libraries) != 1:
        raise BundleRefused(sentence("{file} is no ZIP file with a Python for Windows", file=path))
    name = libraries[0].removesuffix(".dll")
    if f"{name}.zip" in inside:
        files = {short: archive.read(whole) for short, whole in inside.items()}
        return Python(files, (f"{name}.zip", "."), f"{name}._pth")
    folder = {one.lower(): one for one in {short.partition("/")[0] for short in inside}}.get(_LIBRARY)
    if folder is None:
        raise BundleRefused(sentence("{file} holds no standard library of Python", file=path))
    files = {placed: archive.read(whole) for short, whole in inside.items() if (placed := _placed(short, folder))}
    return Python(files, (_LIBRARY, "."), f"{name}._pth")


def _placed(path: str, library: str) -> str | None:
    """Return where a file of a whole Python goes: native beside python.exe, Python's own into lib; None: nowhere."""
    folders, _, name = path.rpartition("/")
    if _NATIVE_NOT_ON_A_PC.match(name):
        return None
    if folders in {"", library, "DLLs"} and name.endswith((".dll", ".pyd")):
        return None if name.startswith("jni") else name
    if path in {"python.exe", "LICENSE.txt"}:
        return path
    parts = path.split("/")
    wanted = parts[0] == library and name.endswith(".py") and not _NOT_ON_A_PC & set(parts)
    return "/".join((_LIBRARY, *parts[1:])) if wanted else None
