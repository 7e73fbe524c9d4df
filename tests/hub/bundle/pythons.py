"""A Python for Windows as a ZIP file, made on the spot: nothing in it runs, but it is laid out as the real ones are."""

import zipfile
from pathlib import Path


def native(*, signed: bool, content: bytes = b"code") -> bytes:
    """Return a 64-bit native file of Windows, with or without something in its security directory."""
    directories = bytearray(16 * 8)
    header = 0x80
    body = bytearray(b"MZ".ljust(0x3C, b"\0") + header.to_bytes(4, "little"))
    body = body.ljust(header, b"\0") + b"PE\0\0" + bytes(20) + (0x20B).to_bytes(2, "little") + bytes(110)
    at = len(body)
    body += directories + content
    if signed:
        body[at + 32 : at + 36] = len(body).to_bytes(4, "little")
        body[at + 36 : at + 40] = (16).to_bytes(4, "little")
        body += b"a signature here"
    return bytes(body)


def embeddable(path: Path, *, signed: bool = True) -> Path:
    """Write what python.org's embeddable package looks like."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("python.exe", native(signed=True))
        archive.writestr("python313.dll", native(signed=True))
        archive.writestr("_ctypes.pyd", native(signed=signed))
        archive.writestr("python313.zip", b"the standard library")
        archive.writestr("python313._pth", b"python313.zip\r\n.\r\n# import site\r\n")
    return path


def whole(path: Path) -> Path:
    """Write what a whole Python in an archive looks like, in a folder of it."""
    start = "org/somebody/windows/"
    with zipfile.ZipFile(path, "w") as archive:
        for name in (
            "python.exe",
            "python313.dll",
            "jnipython.dll",
            "Lib/_ctypes.pyd",
            "Lib/_testcapi.pyd",
            "Lib/t.dll",
        ):
            archive.writestr(start + name, native(signed=False))
        for name in ("os.py", "json/__init__.py", "test/test_os.py", "site-packages/pip/__init__.py", "idlelib/run.py"):
            archive.writestr(f"{start}Lib/{name}", b"pass")
        archive.writestr("META-INF/MANIFEST.MF", b"")
    return path
