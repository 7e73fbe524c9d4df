"""Which programs run, and which services start with the machine: from /proc and systemd's folders."""

from collectors.sources.files import line, names
from collectors.sources.linux import Linux

UNIT_FOLDERS = ("/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")


def running(host: Linux) -> frozenset[str] | None:
    """Return the names of the running programs, as the kernel cuts them: 15 letters.

    None where other people's processes are hidden (hidepid) or /proc can't be read: who sees nothing can't say "off".
    """
    if line(host, "/proc/1/comm") is None:
        return None
    found = (line(host, f"/proc/{one}/comm") for one in names(host, "/proc") if one.isdecimal())
    return frozenset(name for name in found if name)


def starts(host: Linux, unit: str) -> bool | None:
    """Return whether systemd starts a unit by itself; None where systemd's own folder can't be read.

    Enabled is a link in some folder '….wants' or '….requires'; masked is a link to /dev/null in place of the unit.
    """
    try:
        own = host.list(UNIT_FOLDERS[0])
    except OSError:
        return None
    if unit in own:
        try:
            if host.link(f"{UNIT_FOLDERS[0]}/{unit}") == "/dev/null":
                return False
        except OSError:
            pass  # an administrator's own unit, not a link
    wants = [one for one in own if one.endswith((".wants", ".requires"))]
    return any(unit in names(host, f"{UNIT_FOLDERS[0]}/{folder}") for folder in wants)
