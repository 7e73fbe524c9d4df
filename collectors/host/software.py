"""Installed software, as each package database lists it."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import Annotated

from collectors.facts import Failed, clean, collector, fact
from collectors.sources import asking, debian, rpm
from collectors.sources.dates import day
from collectors.sources.files import line, names
from collectors.sources.linux import Linux
from collectors.sources.local_time import of_epoch
from collectors.sources.windows import RegistryKey, Windows


class Source(StrEnum):
    """The database that lists a piece of software."""

    MSI = "msi"
    REGISTRY = "registry"
    STORE = "store"
    DPKG = "dpkg"
    RPM = "rpm"
    FLATPAK = "flatpak"
    SNAP = "snap"


class Scope(StrEnum):
    """For whom it is installed."""

    MACHINE = "machine"
    USER = "user"


@fact(
    key=("source", "scope", "name", "architecture", "branch"),
    why="To know which software needs a licence, and what came and went (target licence-entitlements)",
    shared=True,
)
class Software:
    """One installed piece of software. An upgrade changes ``version`` and nothing else of the key."""

    name: Annotated[str, "The name that its database has: a package's name on Linux, the title on Windows"]
    version: Annotated[str | None, "The version, as its maker writes it"] = None
    publisher: Annotated[str | None, "Who published it; null where the database says none, as dpkg's does"] = None
    installed_on: Annotated[date | None, "The day this version was installed on; null with dpkg"] = None
    source: Annotated[Source, "The database that lists it"]
    scope: Annotated[Scope, "For the whole machine, or for one of its users (whose name is not kept)"]
    architecture: Annotated[str | None, "The architecture it was built for, in the words of its database"] = None
    branch: Annotated[str | None, "What tells apart what stands side by side: a flatpak's branch, a version"] = None


@collector(every="1h", within="30s")
def linux(host: Linux) -> Iterator[Software]:
    """Read dpkg's status file, rpm's database by ``rpm -qa``, and the folders of flatpak and snap.

    A system with neither dpkg nor rpm has software that is not seen here, so that is an error and not an empty table.
    A flatpak of a user is listed without the user; an ordinary user sees no other user's.
    """
    has_dpkg, has_rpm = host.exists(debian.STATUS), rpm.is_here(host)
    if not has_dpkg and not has_rpm:
        raise Failed("neither dpkg's nor rpm's database is here, and no other is known")
    if has_dpkg:
        yield from _dpkg(host)
    if has_rpm:
        yield from _rpm(host)
    yield from _flatpak(host)
    yield from _snap(host)


def _dpkg(host: Linux) -> Iterator[Software]:
    # No date: only the file times of 900 listings would tell it, and it would make each PC's rows differ on the hub.
    for one in debian.installed(host):
        yield Software(
            name=one.name,
            version=one.version,
            source=Source.DPKG,
            scope=Scope.MACHINE,
            architecture=one.architecture,
        )


def _rpm(host: Linux) -> Iterator[Software]:
    packages = rpm.installed(host)
    times = Counter((one.name, one.architecture) for one in packages)
    for one in packages:
        moment = of_epoch(one.installed_at)
        yield Software(
            name=one.name,
            version=one.version,
            publisher=one.vendor,
            installed_on=moment.date() if moment else None,
            source=Source.RPM,
            scope=Scope.MACHINE,
            architecture=one.architecture,
            branch=one.version if times[one.name, one.architecture] > 1 else None,
        )


SYSTEM_FLATPAKS = "/var/lib/flatpak"
_RELEASE = re.compile(r'<release\b[^>]*\bversion="([^"]{1,100})"')
_DEVELOPER = re.compile(r"<developer_name>\s*([^<]{1,200}?)\s*</developer_name>")


def _flatpak(host: Linux) -> Iterator[Software]:
    """Read the folders <kind>/<name>/<architecture>/<branch>/active: the machine's, and those of users."""
    places = [(SYSTEM_FLATPAKS, Scope.MACHINE)]
    seen = set()
    places += [(f"/home/{one}/.local/share/flatpak", Scope.USER) for one in names(host, "/home")]
    for place, scope in places:
        for kind in ("app", "runtime"):
            for name in names(host, f"{place}/{kind}"):
                for architecture in names(host, f"{place}/{kind}/{name}"):
                    for branch in names(host, f"{place}/{kind}/{name}/{architecture}"):
                        active = f"{place}/{kind}/{name}/{architecture}/{branch}/active"
                        if architecture == "current" or not host.exists(f"{active}/metadata"):
                            continue
                        if (scope, name, architecture, branch) in seen:  # another user has it too
                            continue
                        seen.add((scope, name, architecture, branch))
                        about = _metainfo(host, active, name)
                        version, developer = _RELEASE.search(about), _DEVELOPER.search(about)
                        yield Software(
                            name=name,
                            version=version[1] if version else None,
                            publisher=developer[1] if developer else None,
                            source=Source.FLATPAK,
                            scope=scope,
                            architecture=architecture,
                            branch=branch,
                        )


def _metainfo(host: Linux, active: str, name: str) -> str:
    for path in (f"metainfo/{name}.metainfo.xml", f"metainfo/{name}.appdata.xml", f"appdata/{name}.appdata.xml"):
        if text := line(host, f"{active}/files/share/{path}"):
            return text
    return ""


SNAP_MOUNTS = ("/snap", "/var/lib/snapd/snap")  # the second one on Fedora
_SNAP_FILE = re.compile(r"(.+)_x?\d+\.snap")


def _snap(host: Linux) -> Iterator[Software]:
    """Read the two lines that count of each snap's snap.yaml; a snap that is not mounted shows as a file only."""
    seen = set()
    for mount in SNAP_MOUNTS:
        for name in names(host, mount):
            about = line(host, f"{mount}/{name}/current/meta/snap.yaml")
            if about is None or name in seen:
                continue
            seen.add(name)
            yield _of_snap(name, _yaml_text(about, "version"))
    files = (_SNAP_FILE.fullmatch(name) for name in names(host, "/var/lib/snapd/snaps"))
    for name in sorted({file[1] for file in files if file} - seen):
        yield _of_snap(name, None)


def _of_snap(name: str, version: str | None) -> Software:
    return Software(name=name, version=version, source=Source.SNAP, scope=Scope.MACHINE)


def _yaml_text(text: str, key: str) -> str | None:
    found = re.search(rf"^{key}: *(.+?) *$", text, re.MULTILINE)
    return found[1].strip("'\"") or None if found else None


UNINSTALL = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"
ENVIRONMENT = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment"
_ARCHITECTURES = {"AMD64": "x64", "ARM64": "arm64", "X86": "x86"}
_LONGEST = 300
_NO_PROGRAM = re.compile("update|hotfix|service pack", re.IGNORECASE)


@collector(every="1h", within="60s")
def windows(host: Windows) -> Iterator[Software]:
    """Read the keys Uninstall of both views and of the people whose hives are loaded, and their store apps.

    Listed is what "Programs and Features" lists: no part that calls itself a system component, no update (by its
    ReleaseType, or because it names a parent), and what stands in both views once. People's own programs are listed
    without the person; those of somebody who is not signed in are not seen. Win32_Product is never asked: it repairs
    what it lists.
    """
    yield from _told_apart(installed(host))


def installed(host: Windows) -> list[Software]:
    """Return the programs and apps, each once. Raises Failed and OSError where the machine's own list can't be read."""
    machine = host.registry(rf"HKLM\{UNINSTALL}")
    if machine is None:
        raise Failed(rf"HKLM\{UNINSTALL} is not there, and every Windows has one")
    native = _ARCHITECTURES.get((asking.text(host, ENVIRONMENT, "PROCESSOR_ARCHITECTURE") or "").upper())
    found = list(_uninstall(host, rf"HKLM\{UNINSTALL}", machine, native))
    old = asking.key(host, rf"HKLM\{UNINSTALL}", wow64=True)
    if old is not None:
        found += _uninstall(host, rf"HKLM\{UNINSTALL}", old, "x86", wow64=True)
    for sid in asking.loaded_users(host):
        own = asking.key(host, rf"HKU\{sid}\{UNINSTALL}")
        if own is not None:
            found += _uninstall(host, rf"HKU\{sid}\{UNINSTALL}", own, None)
        found += _store(host, sid)
    return _once(found)


def _uninstall(
    host: Windows, path: str, above: RegistryKey, architecture: str | None, *, wow64: bool = False
) -> Iterator[Software]:
    scope = Scope.MACHINE if path.startswith("HKLM") else Scope.USER
    for name in above.subkeys:
        one = asking.key(host, rf"{path}\{name}", wow64=wow64)
        title = one.text("DisplayName") if one else None
        if one is None or title is None or not _is_program(one):
            continue
        yield Software(
            name=_short(title) if not title.startswith("@") else name,
            version=_short(one.text("DisplayVersion") or "") or None,
            publisher=_short(one.text("Publisher") or "") or None,
            installed_on=day(one.text("InstallDate") or ""),
            source=Source.MSI if one.number("WindowsInstaller") == 1 else Source.REGISTRY,
            scope=scope,
            architecture=architecture,
        )


def _short(text: str) -> str:
    return clean(" ".join(text[:_LONGEST].split()))


def _is_program(one: RegistryKey) -> bool:
    parent = one.text("ParentKeyName") or one.text("ParentDisplayName")
    return (
        one.number("SystemComponent") != 1 and parent is None and not _NO_PROGRAM.search(one.text("ReleaseType") or "")
    )


PACKAGES = r"Local Settings\Software\Microsoft\Windows\CurrentVersion\AppModel\Repository\Packages"
_PACKAGE = re.compile(r"([^_]+)_(\d+(?:\.\d+){3})_(\w*)_([^_]*)_([a-z0-9]{13})", re.ASCII)
_FRAMEWORKS = (
    "Microsoft.VCLibs.",
    "Microsoft.NET.",
    "Microsoft.UI.Xaml.",
    "Microsoft.Services.Store.",
    "Microsoft.WindowsAppRuntime.",
    "Microsoft.Advertising.Xaml",
    "Microsoft.DirectXRuntime",
    "Microsoft.LanguageExperiencePack",
)
_MICROSOFT = "8wekyb3d8bbwe"


def _store(host: Windows, sid: str) -> Iterator[Software]:
    """Read the packages of one person. What lies in the folder of Windows is a part of it; libraries are no apps."""
    path = rf"HKU\{sid}_Classes\{PACKAGES}"
    for full_name in asking.names(host, path):
        parts = _PACKAGE.fullmatch(full_name)
        if not parts or parts[1].startswith(_FRAMEWORKS) or parts[4] not in {"", "neutral"}:
            continue
        one = asking.key(host, rf"{path}\{full_name}")
        root = (one.text("PackageRootFolder") or "") if one else ""
        if re.match(r"[A-Za-z]:\\Windows\\", root, re.IGNORECASE):
            continue
        title = one.text("DisplayName") if one else None
        yield Software(
            name=title if title and not title.startswith(("@", "ms-resource:")) else parts[1],
            version=parts[2],
            publisher="Microsoft Corporation" if parts[5] == _MICROSOFT else None,
            source=Source.STORE,
            scope=Scope.USER,
            architecture=parts[3].lower() or None,
        )


def _once(found: Iterable[Software]) -> list[Software]:
    """Leave out what is there twice: in both views of the registry, or of two people."""
    kept: dict[tuple[Source | None, Scope, str, str | None], Software] = {}
    for one in found:
        source = Source.STORE if one.source is Source.STORE else None
        kept.setdefault((source, one.scope, one.name.casefold(), one.version), one)
    return list(kept.values())


def _told_apart(found: list[Software]) -> Iterator[Software]:
    """Give what stands side by side in several versions its version as branch, so that keys differ."""
    times = Counter((one.source, one.scope, one.name, one.architecture) for one in found)
    for one in found:
        many = times[one.source, one.scope, one.name, one.architecture] > 1
        yield replace(one, branch=one.version) if many else one
