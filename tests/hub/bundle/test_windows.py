"""The folder that a Windows PC installs from."""

import hashlib
import io
import re
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest

from hub.bundle import python, windows
from hub.bundle.native import is_native, is_signed
from tests.hub.bundle.pythons import embeddable, native, whole

TOP = Path(__file__).resolve().parents[3]


@pytest.fixture
def bundle(tmp_path: Path) -> zipfile.ZipFile:
    """Build a bundle on a Python that python.org's looks like."""
    windows.build(tmp_path / "b.zip", embeddable(tmp_path / "python.zip"))
    return zipfile.ZipFile(tmp_path / "b.zip")


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    """Whoever builds it again can compare: nothing of the day or of the machine is in it."""
    given = embeddable(tmp_path / "python.zip")

    first = windows.build(tmp_path / "1.zip", given)
    second = windows.build(tmp_path / "2.zip", given)

    assert first == second
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()


def test_every_file_is_listed_with_its_hash(bundle: zipfile.ZipFile) -> None:
    """The manifest names each file of the bundle but itself, and so does the one that comes onto the PC."""
    for manifest, start in (("MANIFEST.sha256", ""), ("files/MANIFEST.sha256", "files/")):
        lines = dict(line.split("  ")[::-1] for line in bundle.read(manifest).decode().splitlines())
        below = {name.removeprefix(start) for name in bundle.namelist() if name.startswith(start)}

        assert lines.keys() == below - {"MANIFEST.sha256"}
        assert all(hashlib.sha256(bundle.read(start + name)).hexdigest() == lines[name] for name in lines)


def test_a_pc_gets_readable_python_and_nothing_of_the_hubs(bundle: zipfile.ZipFile) -> None:
    """Our three packages, two pure libraries with their licences, compiled rules: no YAML, no hub, no native module."""
    inside = {name.removeprefix("files/app/") for name in bundle.namelist() if name.startswith("files/app/")}
    tops = {name.partition("/")[0] for name in inside}

    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "collectors", "agent", "rules", "prometheus_client", "comtypes",
    }  # fmt: skip
    assert {Path(name).suffix for name in inside if ".dist-info/" not in name} == {".py", ".mo", ".tsv", ".json"}
    assert {"rules/compiled.json", "agent/service/host.py", "agent/locale/vi/LC_MESSAGES/agent.mo"} <= inside
    assert len([name for name in inside if "licens" in name.lower()]) >= 2
    assert not any(is_native(bundle.read(f"files/app/{name}")) for name in inside)


def test_the_python_is_told_where_the_packages_lie(bundle: zipfile.ZipFile) -> None:
    """The ._pth file shuts out everything else: no environment variable and no other Python can slip a module in."""
    assert bundle.read("files/python/python313._pth") == b"python313.zip\r\n.\r\n..\\app\r\n"


def test_what_comes_onto_a_pc_runs_without_the_hubs_libraries(bundle: zipfile.ZipFile, tmp_path: Path) -> None:
    """With the bundle's packages alone the agent starts and the rules load: here on Linux, in tests/wine on Windows."""
    bundle.extractall(tmp_path)
    code = (
        "import sys; sys.path[:] = [one for one in sys.path if 'site-packages' not in one];"
        f"sys.path.append({str(tmp_path / 'files/app')!r});"
        "from agent.__main__ import main; import rules.load; rules.load.load(); main(['--version'])"
    )

    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout.strip()) == (0, windows._version()), done.stderr


def test_unsigned_native_files_are_listed(tmp_path: Path) -> None:
    """A strict policy of Windows refuses them, so who builds the bundle is told; with signed ones the list is empty."""
    signed = windows.build(tmp_path / "1.zip", embeddable(tmp_path / "signed.zip"))
    built = windows.build(tmp_path / "2.zip", embeddable(tmp_path / "unsigned.zip", signed=False))

    assert signed.unsigned == ()
    assert built.unsigned == ("python/_ctypes.pyd",)
    assert zipfile.ZipFile(tmp_path / "2.zip").read("UNSIGNED.txt") == b"python/_ctypes.pyd\r\n"


def test_a_signature_is_seen_where_it_stands() -> None:
    """A file counts as native by its content, and as signed by its security directory; a cut one is not signed."""
    assert is_native(native(signed=False))
    assert not is_native(b"MZ and then a text")
    assert is_signed(native(signed=True))
    assert not is_signed(native(signed=False))
    assert not is_signed(native(signed=True)[:-4])


def test_a_whole_python_gives_what_a_pc_needs(tmp_path: Path) -> None:
    """Of a whole Python in an archive its native files lie beside python.exe, and tests, pip and IDLE stay behind."""
    found = python.read(whole(tmp_path / "python.jar"))

    assert found.files.keys() == {
        "python.exe",
        "python313.dll",
        "_ctypes.pyd",
        "t.dll",
        "lib/os.py",
        "lib/json/__init__.py",
    }
    assert (found.path, found.pth) == (("lib", "."), "python313._pth")


@pytest.mark.parametrize("content", [b"", b"no ZIP", b"PK\x05\x06" + bytes(18)], ids=["empty", "text", "empty ZIP"])
def test_what_is_no_python_is_refused(tmp_path: Path, content: bytes) -> None:
    """One sentence names the file; nothing is written."""
    given = tmp_path / "python.zip"
    given.write_bytes(content)

    with pytest.raises(python.BundleRefused, match=re.escape(str(given))):
        windows.build(tmp_path / "b.zip", given)
    assert not (tmp_path / "b.zip").exists()


def test_what_is_fetched_must_be_what_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file from python.org with another hash is refused; without Internet one sentence says what to do."""
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: io.BytesIO(b"something else"))
    with pytest.raises(python.BundleRefused, match="not the file that it should be"):
        python.fetched()

    def refuse(*_: object, **__: object) -> None:
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    with pytest.raises(python.BundleRefused, match="--python FILE"):
        python.fetched()


def test_scripts_are_as_windows_wants_them(bundle: zipfile.ZipFile) -> None:
    """Scripts are ASCII with CR LF, or cmd.exe loses labels; the installer names the folder of this very content."""
    scripts = {name: bundle.read(name) for name in bundle.namelist() if name.endswith((".cmd", ".ps1", ".txt"))}

    assert {"install.cmd", "install.ps1", "uninstall.cmd", "collect.cmd", "README.txt"} <= scripts.keys()
    assert [name for name, content in scripts.items() if not content.isascii()] == []
    assert [name for name, content in scripts.items() if content.count(b"\n") != content.count(b"\r\n")] == []
    name = hashlib.sha256(bundle.read("files/MANIFEST.sha256")).hexdigest()[:12]
    assert f"-{name}".encode() in scripts["install.cmd"]
