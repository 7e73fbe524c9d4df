r"""Small readers of single things on Windows, of which any may be missing, denied or not recorded.

They turn what cannot be read into None, so a collector uses them for single fields only. What a whole table depends on
is asked of the host itself, which raises.
"""

from collections.abc import Iterator
from typing import Any

from collectors.facts import Failed
from collectors.sources.registry import RegistryKey
from collectors.sources.windows import NoSuchClass, Windows

SERVICES = r"HKLM\SYSTEM\CurrentControlSet\Services"
DISABLED = 4
"""A service's ``Start`` when nothing starts it: 2 is with the PC, 3 on demand."""


def key(host: Windows, path: str, *, wow64: bool = False) -> RegistryKey | None:
    """Return a key; None where there is none, and where it can't be read."""
    try:
        return host.registry(path, wow64=wow64)
    except (OSError, Failed):
        return None


def views(host: Windows, path: str) -> Iterator[RegistryKey]:
    """Yield a key of HKLM as 64-bit and as 32-bit programs see it, where each is."""
    for wow64 in (False, True):
        if found := key(host, path, wow64=wow64):
            yield found


def text(host: Windows, path: str, name: str) -> str | None:
    """Return a text value; None where it can't be read or is empty."""
    found = key(host, path)
    try:
        return found.text(name) if found else None
    except OSError:
        return None


def number(host: Windows, path: str, name: str) -> int | None:
    """Return a number; None where it can't be read, and where it is no number."""
    found = key(host, path)
    try:
        return found.number(name) if found else None
    except OSError:
        return None


def names(host: Windows, path: str) -> tuple[str, ...]:
    """Return the names of a key's subkeys; none where it can't be read."""
    found = key(host, path)
    return tuple(found.subkeys) if found else ()


def all_names(host: Windows, path: str) -> tuple[str, ...] | None:
    """Return the names of the subkeys of a key that every Windows has; None where they are not all known.

    That is where the key is not there at all, and where a recording lacks it or holds only some of what is below it.
    Raises PermissionError: what may not be looked at is not empty.
    """
    try:
        found = host.registry(path)
        if found is None:
            return None
        found.get("")  # a key of which only some subkeys were recorded refuses its values
    except FileNotFoundError:
        return None
    return tuple(found.subkeys)


def rows(
    host: Windows, namespace: str, class_name: str, *properties: str, where: str | None = None
) -> list[dict[str, Any]] | None:
    """Return a class's instances; None where there is no such class, and where it can't be read."""
    try:
        return host.wmi(namespace, class_name, *properties, where=where)
    except (OSError, NoSuchClass, Failed):
        return None


def first(host: Windows, namespace: str, class_name: str, *properties: str) -> dict[str, Any]:
    """Return a class's first instance; nothing where there is none, and where it can't be read."""
    return next(iter(rows(host, namespace, class_name, *properties) or ()), {})


def exists(host: Windows, path: str) -> bool | None:
    """Return whether a file or folder is there; None where that can't be seen."""
    try:
        return host.exists(path)
    except OSError:
        return None


def loaded_users(host: Windows) -> tuple[str, ...]:
    """Return the SIDs of the people whose hives are loaded; none where that can't be read."""
    try:
        return tuple(host.loaded_users())
    except OSError:
        return ()


def starts(host: Windows, service: str) -> bool | None:
    """Return whether anything may start a service; False where there is none, None where that can't be read."""
    try:
        found = host.registry(rf"{SERVICES}\{service}")
        return found is not None and found.number("Start") != DISABLED
    except (OSError, Failed):
        return None


def runs(host: Windows, service: str) -> bool | None:
    """Return whether a service runs now; None where there is none, and where that can't be read."""
    found = rows(host, r"root\cimv2", "Win32_Service", "Name", "State", where=f"Name='{service}'") or ()
    mine = [str(one["State"]).strip().lower() for one in found if str(one["Name"]).lower() == service.lower()]
    return "running" in mine if mine else None
