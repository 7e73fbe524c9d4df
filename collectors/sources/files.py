"""Small readers of small files, for the many attributes of /sys and /proc of which any may be missing.

They turn what cannot be read into None, so a collector uses them for single fields only. What a whole table depends on
is read with the host's own methods, which raise.
"""

from collections.abc import Sequence

from collectors.sources.linux import Linux


def line(host: Linux, path: str) -> str | None:
    """Return a file's text without blanks around it; None where it can't be read or is empty."""
    try:
        return host.read(path).strip(" \t\r\n\0") or None
    except OSError:
        return None


def number(host: Linux, path: str) -> int | None:
    """Return a file's whole number; None as ``line``, and where it is no number."""
    text = line(host, path)
    try:
        return int(text) if text else None
    except ValueError:
        return None


def content(host: Linux, path: str) -> bytes | None:
    """Return a file's bytes; None where it is missing, denied or empty."""
    try:
        return host.read_bytes(path) or None
    except OSError:
        return None


def names(host: Linux, path: str) -> Sequence[str]:
    """Return the names in a folder; none where it is missing or denied."""
    try:
        return host.list(path)
    except OSError:
        return ()


def target(host: Linux, path: str) -> str:
    """Return where a link points; '' where there is none."""
    try:
        return host.link(path)
    except OSError:
        return ""


def pairs(text: str) -> dict[str, str]:
    """Return the NAME=value lines of a uevent, lease or state file."""
    return {name: value for name, found, value in (one.partition("=") for one in text.splitlines()) if found}
