"""How far the system's updates are: searched, installed, waiting, and whether a restart is due."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from collectors.facts import Failed, Metric, collector, fact
from collectors.sources import asking, debian, history, hotfixes, rpm
from collectors.sources.files import line, names
from collectors.sources.linux import Linux
from collectors.sources.local_time import of_epoch, utc
from collectors.sources.processes import starts
from collectors.sources.windows import NoSuchClass, Windows


@fact(
    why="To know whether the PC gets its security updates in time (target patched)",
    metrics=(
        Metric(
            "baove_update_last_installed_timestamp_seconds",
            "When an update was last installed",
            lambda row: row.last_installed_at.timestamp() if row.last_installed_at else None,
        ),
        Metric(
            "baove_restart_pending",
            "1 when an installed update waits for a restart, 0 when none does",
            lambda row: None if row.restart_pending is None else float(row.restart_pending),
        ),
    ),
)
class UpdateState:
    """What is known of this system's updates.

    A Debian that is fully patched may have had no security update for 45 days, because none came out for what it has.
    So there are two ways to be patched: ``security_updates_pending`` is 0 by an index no older than
    ``last_searched_at`` allows; or ``last_security_update_at`` is young. The first is proof, the second a sign.
    """

    last_installed_at: Annotated[datetime | None, "When an update was last installed; null: the logs tell of none"] = (
        None
    )
    last_security_update_at: Annotated[
        datetime | None,
        "When the newest security update was installed that can be told to be one; there may have been later ones",
    ] = None
    last_searched_at: Annotated[datetime | None, "When the lists of updates were last got without an error"] = None
    security_updates_pending: Annotated[
        int | None,
        "Installed packages of which the security archive had a newer version at last_searched_at; null: can't be told",
    ] = None
    restart_pending: Annotated[bool | None, "An installed update waits for a restart; null: nothing tells"] = None
    restart_pending_since: Annotated[datetime | None, "Since when it waits"] = None
    service_enabled: Annotated[bool | None, "Updates are installed without anybody's doing"] = None


@collector(every="6h", within="30s")
def linux(host: Linux) -> Iterator[UpdateState]:
    """Read apt's or dnf's logs, stamps and lists, the kernels that are installed, and what systemd starts.

    On rpm systems nothing tells which update was one of security, so those two fields stay null there.
    """
    if host.exists(debian.STATUS):
        done = list(history.upgrades(host) or ())
        pending, security_at = _security(host, done)
        installed_at = max((one.at for one in done), default=None)
        searched_at, service = _apt_searched_at(host), _apt_service(host)
        if pending == 0 and _is_left_behind(debian.security_made_at(host), searched_at):
            pending = None
    elif rpm.is_here(host):
        pending = security_at = None
        installed_at = of_epoch(max(one.installed_at for one in rpm.installed(host)))
        searched_at, service = _dnf_searched_at(host), _dnf_service(host)
    else:
        raise Failed("neither dpkg's nor rpm's database is here, and no other is known")
    restart, since = _restart(host)
    yield UpdateState(
        last_installed_at=installed_at,
        last_security_update_at=security_at,
        last_searched_at=searched_at,
        security_updates_pending=pending,
        restart_pending=restart,
        restart_pending_since=since,
        service_enabled=service,
    )


def _security(host: Linux, done: Sequence[history.Upgrade]) -> tuple[int | None, datetime | None]:
    """Compare what is installed, and what was upgraded, with the index of the security archive.

    Only an upgrade counts as an update: a package that came anew in a version of the security archive mended nothing.
    """
    offered = debian.security_versions(host)
    if offered is None:
        return None, None
    pending = 0
    for one in debian.installed(host):
        if versions := debian.offers(offered, one.name, one.architecture):
            key = debian.version_key(one.version)
            pending += any(debian.version_key(version) > key for version in versions)
    moments = [one.at for one in done if one.version in debian.offers(offered, one.package, one.architecture)]
    return pending, max(moments, default=None)


LEFT_BEHIND = timedelta(days=14)
"""A security archive that lives signs its lists anew within days, whether or not something new is in them."""


def _is_left_behind(made_at: datetime | None, searched_at: datetime | None) -> bool:
    """Say whether apt looked, and got all but the security archive's lists: that none waits is older than it seems."""
    return made_at is not None and searched_at is not None and made_at < searched_at - LEFT_BEHIND


def _times(host: Linux, *paths: str) -> list[datetime]:
    """Return when those of these files were written that are there."""
    found = []
    for path in paths:
        try:
            found.append(utc(host.modified_at(path)))
        except OSError:
            continue
    return found


APT_STAMPS = ("/var/lib/apt/periodic/update-success-stamp", "/var/lib/apt/periodic/update-stamp")


def _apt_searched_at(host: Linux) -> datetime | None:
    """Return the newest of apt's stamps and of its folder of lists, which changes when a list was got.

    Not that of lists/partial, nor that of the package cache: a mere ``apt-get install`` writes both.
    """
    return max(_times(host, *APT_STAMPS, *([debian.LISTS] if names(host, debian.LISTS) else [])), default=None)


def _dnf_searched_at(host: Linux) -> datetime | None:
    """Return when dnf last made sure of a repository: it touches that repository's repomd.xml."""
    caches = ("/var/cache/dnf", "/var/cache/libdnf5")
    lists = [f"{cache}/{name}/repodata/repomd.xml" for cache in caches for name in names(host, cache)]
    return max(_times(host, *lists), default=None)


APT_SETTINGS = "/etc/apt/apt.conf.d"
_UNATTENDED = re.compile(r'^\s*APT::Periodic::Unattended-Upgrade\s+"([^"]*)"\s*;', re.MULTILINE)


def _apt_service(host: Linux) -> bool | None:
    """Say whether unattended-upgrades is installed, switched on in apt's settings, and started by its timer."""
    timer = starts(host, "apt-daily-upgrade.timer")
    if not host.exists("/usr/bin/unattended-upgrade") or timer is False:
        return False
    said = [
        value
        for name in names(host, APT_SETTINGS)
        for value in _UNATTENDED.findall(line(host, f"{APT_SETTINGS}/{name}") or "")
    ]
    return timer and bool(said) and said[-1] not in {"", "0"}


def _dnf_service(host: Linux) -> bool | None:
    timers = [starts(host, f"{name}.timer") for name in ("dnf-automatic", "dnf-automatic-install", "dnf5-automatic")]
    return True if any(timers) else None if None in timers else False


REBOOT_REQUIRED = ("/run/reboot-required", "/var/run/reboot-required")
MODULES = ("/lib/modules", "/usr/lib/modules")
_RELEASE = re.compile(r"(\d+(?:[.-]\d+)*)(.*)", re.ASCII)


def _restart(host: Linux) -> tuple[bool | None, datetime | None]:
    """Say whether a restart is due: a package asked for one, or a newer kernel than the running one is installed.

    Not due means that the newest kernel runs and no package asked. Where the running kernel is none of the installed
    ones (a container, a kernel from outside) and no package asked, nothing can be told.
    """
    asked = [path for path in REBOOT_REQUIRED if host.exists(path)]
    running = host.read("/proc/sys/kernel/osrelease").strip()
    installed = {name for folder in MODULES for name in names(host, folder) if _is_bootable(host, name)}
    newer = sorted(_newer(installed, running))
    if not asked and not newer:
        return (False if running in installed else None), None
    # The file listing tells when dpkg unpacked a kernel; the list of modules is written when any package installs one.
    since = _times(host, *asked[:1])
    for name in newer:
        listing = _times(host, f"{debian.INFO}/linux-image-{name}.list")
        since += listing or _times(host, *(f"{folder}/{name}/modules.dep" for folder in MODULES))[:1]
    return True, min(since, default=None)


def _is_bootable(host: Linux, name: str) -> bool:
    """Say whether a folder of modules has its kernel: what a purged kernel left is none."""
    kernels = [f"/boot/vmlinuz-{name}", *(f"{folder}/{name}/vmlinuz" for folder in MODULES)]
    return any(host.exists(path) for path in kernels)


def _newer(installed: Iterable[str], running: str) -> Iterator[str]:
    """Yield the kernels of the running one's flavour ('-amd64', '-generic') with a higher version."""
    mine = _kernel(running)
    for name in installed:
        other = _kernel(name)
        if mine and other and other[1] == mine[1] and other[0] > mine[0]:
            yield name


def _kernel(release: str) -> tuple[list[tuple[int, str]], str] | None:
    found = _RELEASE.match(release)
    if not found:
        return None
    numbers = [(len(one), one) for one in re.split(r"[.-]", found[1])]
    return numbers, re.sub(r"\d", "", found[2])


_WINDOWS = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion"
AUTO_UPDATE = rf"{_WINDOWS}\WindowsUpdate\Auto Update"
SERVICING = rf"{_WINDOWS}\Component Based Servicing"
SESSION_MANAGER = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager"
POLICY = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate\AU"
CURRENT_VERSION = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"


@collector(every="6h", within="60s")
def windows(host: Windows) -> Iterator[UpdateState]:
    """Ask Windows Update's agent, its registry keys, the list of updates, and the marks of a restart that waits.

    How many updates wait is not asked: a search takes minutes. The day of a security update is that of its row in the
    list of updates, at midnight UTC: a day early rather than late.
    """
    searched_at, installed_at = _agent_times(host)
    newest, newest_security = _newest(host)
    restart, since = _windows_restart(host)
    service = _windows_service(host)
    known = (searched_at, installed_at, newest, restart, service)
    if all(one is None for one in known):
        raise Failed("neither Windows Update's keys nor the list of updates can be read")
    yield UpdateState(
        last_installed_at=max(filter(None, (installed_at, newest)), default=None),
        last_security_update_at=newest_security,
        last_searched_at=searched_at,
        restart_pending=restart,
        restart_pending_since=since,
        service_enabled=service,
    )


_STAMP = re.compile(r"(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)\Z", re.ASCII)


def _agent_times(host: Windows) -> tuple[datetime | None, datetime | None]:
    """Return when a search and an installation last succeeded: as the agent says, else as Windows 7 and 8 note it."""
    try:
        said = host.update_times()
        times: tuple[datetime | None, datetime | None] = said.searched_at, said.installed_at
    except (OSError, Failed):
        times = None, None
    noted = [
        _stamp(asking.text(host, rf"{AUTO_UPDATE}\Results\{what}", "LastSuccessTime")) for what in ("Detect", "Install")
    ]
    return times[0] or noted[0] or _scanned_at(host), times[1] or noted[1]


_SCANS = rf"{AUTO_UPDATE}\LastOnlineScanTimeForAppCategory"
_UPDATE_SERVICES = {
    "9482f4b4-e343-43b6-b170-9a65bc822c77",  # Windows Update
    "8b24b027-1dee-babb-9a95-3517dfb9c552",  # the same, since Windows 10
    "7971f918-a847-4430-9279-4a52d1efe18d",  # Microsoft Update
    "3da21691-e39d-4da6-8a4b-b43877bcb1b7",  # a school's own server (WSUS)
}


def _scanned_at(host: Windows) -> datetime | None:
    """Return when Windows 11 last asked one of these services; the store, which it asks more often, is none of them."""
    found = []
    for name in asking.names(host, _SCANS):
        one = asking.key(host, rf"{_SCANS}\{name}")
        for service, at in one.values.items() if one else ():
            if _UPDATE_SERVICES & {name.lower(), service.lower()} and isinstance(at, str):
                found.append(_stamp(at))
    return max(filter(None, found), default=None)


def _stamp(text: str | None) -> datetime | None:
    """Read '2026-03-01 20:11:05', which the agent writes in UTC."""
    found = _STAMP.match(text or "")
    try:
        return datetime(*(int(one) for one in found.groups()), tzinfo=UTC) if found else None  # type: ignore[arg-type,misc]
    except ValueError:
        return None


def _newest(host: Windows) -> tuple[datetime | None, datetime | None]:
    """Return the days of the newest update and of the newest security update; None where the list can't be read."""
    try:
        installed = hotfixes.installed(host)
    except (OSError, NoSuchClass, Failed):
        return None, None
    days = [(one.installed_on, one.is_security) for one in installed]
    return _midnight(day for day, _ in days), _midnight(day for day, is_security in days if is_security)


def _midnight(days: Iterable[date | None]) -> datetime | None:
    newest = max((day for day in days if day), default=None)
    return datetime.combine(newest, time(), UTC) if newest else None


# A file that takes the place of another: MoveFileEx marks the target of such a move with "!".
_REPLACED = re.compile(r"!\\\?\?\\[A-Za-z]:\\Windows\\(?!Temp\\)", re.IGNORECASE)


def _windows_restart(host: Windows) -> tuple[bool | None, datetime | None]:
    """Look for the marks of Windows Update and of the servicing stack, and for files of Windows that will be replaced.

    Many programs leave files to be deleted or renamed at the next start; only what takes the place of a file of Windows
    counts. Where neither mark could be looked for, nothing can be told.
    """
    marks = [(AUTO_UPDATE, "RebootRequired"), (SERVICING, "RebootPending")]
    looked = False
    found: list[datetime | None] = []
    for place, mark in marks:
        above = asking.key(host, place)
        looked |= above is not None
        if above is not None and mark.lower() in {name.lower() for name in above.subkeys}:
            one = asking.key(host, rf"{place}\{mark}")
            found.append(one.written_at if one else None)
    if not found and _waits_to_be_replaced(host):
        found.append(None)
    if not found:
        return (False if looked else None), None
    return True, min(filter(None, found), default=None)


def _waits_to_be_replaced(host: Windows) -> bool:
    manager = asking.key(host, SESSION_MANAGER)
    try:
        renamed = manager.get("PendingFileRenameOperations") if manager else None
    except OSError:
        return False
    return isinstance(renamed, tuple) and any(_REPLACED.match(one) for one in renamed)


_BY_ITSELF = 4  # AUOptions: 1 never, 2 asks before it downloads, 3 before it installs
_WINDOWS_10_BUILD = 10240


def _windows_service(host: Windows) -> bool | None:
    """Say whether updates install by themselves: the services may start, and neither policy nor setting forbids it.

    Windows 10 and later do so unless a policy says otherwise; older ones only where somebody chose it.
    """
    agent = asking.starts(host, "wuauserv")
    build = asking.number(host, CURRENT_VERSION, "CurrentBuildNumber") or 0
    is_new = build >= _WINDOWS_10_BUILD
    orchestrator = asking.starts(host, "UsoSvc") if is_new else True
    policy = asking.number(host, POLICY, "AUOptions")
    if agent is False or orchestrator is False or asking.number(host, POLICY, "NoAutoUpdate") == 1:
        return False
    chosen = policy if policy is not None else None if is_new else asking.number(host, AUTO_UPDATE, "AUOptions")
    if chosen is not None:
        return chosen >= _BY_ITSELF
    return agent if is_new else None
