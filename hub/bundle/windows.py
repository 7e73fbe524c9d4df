"""Builds the folder that a Windows PC installs the agent from, as a ZIP file: same input, same bytes.

In it: ``install.cmd``, ``install.ps1``, ``uninstall.cmd``, ``collect.cmd`` and a README for people; ``files/`` with
what comes onto the PC: ``python/``, ``app/`` (collectors, rules, agent and two libraries, all readable Python) and
``MANIFEST.sha256`` over both. ``UNSIGNED.txt`` lists the native files without a signature: with the official Python
none.
"""

import base64
import hashlib
import importlib.metadata
import io
import os
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import rules
from hub.bundle.collecting import script
from hub.bundle.native import is_native, is_signed
from hub.bundle.python import BundleRefused, Python, fetched, read
from rules.load import COMPILED, compile_to
from rules.words import sentence

TOP = Path(rules.__file__).resolve().parents[1]
TEXTS = Path(__file__).with_name("texts")

PACKAGES = ("collectors", "agent", "rules")
ENDINGS = {".py", ".mo", ".tsv"}
"""Of our packages; the rules come compiled, since a PC has no YAML."""

LIBRARIES = ("prometheus-client", "comtypes")
"""What the lock file names for a Windows PC, taken as it was installed here and checked against its own record."""

MANIFEST, UNSIGNED = "MANIFEST.sha256", "UNSIGNED.txt"
_WHEN = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Built:
    """A bundle that was written."""

    name: str
    """Version and content: the folder's name on a PC."""

    files: int
    unsigned: tuple[str, ...]


def build(target: Path, python: Path | None = None) -> Built:
    """Write the bundle; ``python`` is a ZIP file with a Python for Windows, else fetched. Raises BundleRefused."""
    installed = dict(_installed(_python(python)))
    manifest = _manifest(installed)
    name = f"{_version()}-{hashlib.sha256(manifest).hexdigest()[:12]}"
    unsigned = tuple(
        sorted(path for path, content in installed.items() if is_native(content) and not is_signed(content))
    )
    content = {f"files/{path}": one for path, one in installed.items()} | {f"files/{MANIFEST}": manifest}
    content |= {path.name: _text(path.read_text(encoding="utf-8"), name) for path in sorted(TEXTS.iterdir())}
    content["collect.cmd"] = _text(script(), name)
    content[UNSIGNED] = "".join(f"{path}\r\n" for path in unsigned).encode()
    content[MANIFEST] = _manifest(content)
    try:
        _write(target, content)
    except OSError as why:
        raise BundleRefused(sentence("{file} can't be written: {why}", file=target, why=why.strerror)) from why
    return Built(name, len(content), unsigned)


def _python(path: Path | None) -> Python:
    if path is not None:
        return read(path)
    with TemporaryDirectory() as folder:
        kept = Path(folder, "python.zip")
        kept.write_bytes(fetched())
        return read(kept)


def _version() -> str:
    """Return the agent's version; the hub may not import the agent, so it is read as a text."""
    found = re.search(
        r'^VERSION = "([\w.]+)"$', (TOP / "agent" / "__init__.py").read_text(encoding="utf-8"), re.MULTILINE
    )
    if found is None:
        raise BundleRefused(sentence("the agent's files here have no version"))
    return found[1]


def _installed(python: Python) -> Iterator[tuple[str, bytes]]:
    for path, content in python.files.items():
        if path != python.pth:
            yield f"python/{path}", content
    yield f"python/{python.pth}", "".join(f"{one}\r\n" for one in (*python.path, r"..\app")).encode()
    yield from _ours()
    for name in LIBRARIES:
        yield from _library(name)


def _ours() -> Iterator[tuple[str, bytes]]:
    for package in PACKAGES:
        for path in sorted((TOP / package).rglob("*")):
            if path.suffix in ENDINGS and path.is_file():
                yield f"app/{path.relative_to(TOP).as_posix()}", path.read_bytes()
        if not list((TOP / package).glob("locale/*/LC_MESSAGES/*.mo")) and (TOP / package / "locale").exists():
            raise BundleRefused(sentence("the words of {package} are not compiled yet: run make", package=package))
    with TemporaryDirectory() as folder:
        compiled = Path(folder, COMPILED)
        compile_to(compiled)
        yield f"app/rules/{COMPILED}", compiled.read_bytes()


def _library(name: str) -> Iterator[tuple[str, bytes]]:
    """Yield a library's Python files and its licence. Raises BundleRefused where one is not as its record says."""
    try:
        found = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError as why:
        raise BundleRefused(sentence("the library {name} is not installed here: run make", name=name)) from why
    for one in found.files or ():
        is_licence = "licens" in one.as_posix().lower()
        if ".." in one.parts or "__pycache__" in one.parts or not (one.suffix == ".py" or is_licence):
            continue
        content = Path(str(found.locate_file(one))).read_bytes()
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        if one.hash is None or one.hash.mode != "sha256" or one.hash.value != digest:
            raise BundleRefused(sentence("{file} is not as it was installed: run make", file=one))
        yield f"app/{one.as_posix()}", content


def _manifest(content: Mapping[str, bytes]) -> bytes:
    return "".join(f"{hashlib.sha256(content[path]).hexdigest()}  {path}\n" for path in sorted(content)).encode()


def _text(text: str, name: str) -> bytes:
    """Return a script as Windows wants it: lines that end in CR LF, plain ASCII where it is run."""
    return text.replace("@NAME@", name).replace("\r\n", "\n").replace("\n", "\r\n").encode()


def _write(target: Path, content: Mapping[str, bytes]) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(content):
            entry = zipfile.ZipInfo(path, _WHEN)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 0, 0
            archive.writestr(entry, content[path])
    unfinished = target.with_name(f"{target.name}.unfinished")
    unfinished.write_bytes(packed.getvalue())
    os.replace(unfinished, target)  # noqa: PTH105 - pathlib's replace is the same
