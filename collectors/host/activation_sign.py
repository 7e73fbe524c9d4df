"""Traces of programs that activate Windows or Office without a licence: suspicions for a person to look at."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from collectors.facts import Failed, NotHere, collector, fact
from collectors.host import software
from collectors.sources import activators, asking, licensing
from collectors.sources.linux import Linux
from collectors.sources.windows import Windows


class Kind(StrEnum):
    """Where the trace was found."""

    KMS_HOST = "kms_host"
    KMS_PERIOD = "kms_period"
    SERVICE = "service"
    TASK = "task"
    FILE = "file"
    HOOK = "hook"
    REARM = "rearm"
    NOT_GENUINE = "not_genuine"
    CONVERSION = "conversion"
    PROGRAM = "program"


@fact(
    key=("kind", "detail"),
    why="To find unlicensed activation before somebody else does (targets licensed-os, licensed-office)",
)
class ActivationSign:
    """One trace that activators are known to leave. It proves nothing: a person must look. No row: none was found."""

    kind: Annotated[Kind, "Where it was found"]
    detail: Annotated[str, "What was found, and why it is a suspicion; never a path of a person"]


@collector(every="6h", within="120s")
def windows(host: Windows) -> Iterator[ActivationSign]:
    """Look at the servers that activate, at services, tasks, files and start-up hooks, and at what Windows itself says.

    The known names are in sources/activators.tsv. "None found" takes that at least the licences or the services could
    be looked at; where a right is lacking, the table fails. Activators that leave nothing behind are not seen.
    """
    products = licensing.products(host)
    services = asking.all_names(host, asking.SERVICES)
    tasks = _tasks(host)
    if products is None and services is None and tasks is None:
        raise Failed("neither the licences nor the services nor the tasks of this PC can be looked at")
    yield from _of_licences(host, products or [])
    yield from _conversions(host, products or [])
    for kind, word, names in ((Kind.SERVICE, "service", services), (Kind.TASK, "task", tasks)):
        traces = activators.known(word)
        for name in sorted({one.lower() for one in names or ()} & traces.keys()):
            yield ActivationSign(kind=kind, detail=f"a {word} named '{traces[name].name}', as {traces[name].of} has")
    titles = _titles(host)
    for name, trace in sorted(activators.known("title").items()):
        if any(one.startswith(name) for one in titles):
            yield ActivationSign(kind=Kind.PROGRAM, detail=f"a program named '{trace.name}' is installed")
    yield from _files(host)
    yield from _hooks(host)
    if asking.number(host, PLATFORM, "SkipRearm") == 1:
        yield ActivationSign(
            kind=Kind.REARM, detail="SkipRearm is set, by which a trial period can be begun anew without end"
        )


@collector(every="1d", within="5s")
def linux(host: Linux) -> Iterator[ActivationSign]:  # noqa: ARG001 - every collector is asked about a host
    """Say that there is none: no part of Linux is activated."""
    raise NotHere("Linux is free software, of which no part is activated")


def _titles(host: Windows) -> list[str]:
    try:
        return [one.name.lower() for one in software.installed(host)]
    except (OSError, Failed):
        return []


TASKS = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tree"
_OWN_FOLDER = r"Microsoft\Windows\SoftwareProtectionPlatform"


def _tasks(host: Windows) -> list[str] | None:
    """Return the tasks at the top, where installers put theirs, and those beside Windows' own task of activation."""
    top = asking.all_names(host, TASKS)
    own = asking.all_names(host, rf"{TASKS}\{_OWN_FOLDER}")
    return None if top is None and own is None else [*(top or ()), *(own or ())]


PLATFORM = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\SoftwareProtectionPlatform"
OFFICE_PLATFORM = r"HKLM\SOFTWARE\Microsoft\OfficeSoftwareProtectionPlatform"
_LONGEST_MINUTES = 259200  # 180 days, which no KMS host can go beyond
_GOVERNMENT = "EnterpriseG"  # the one edition that is given longer
_KMS_CLIENT = "Volume:GVLK"
_NOT_GENUINE = {1: "its licence is not valid", 2: "it was tampered with"}  # SL_GENUINE_STATE, slpublic.h


def _of_licences(host: Windows, products: list[licensing.Product]) -> Iterator[ActivationSign]:
    hosts = {one.kms_host: one.name for one in products if one.kms_host}
    for path in (PLATFORM, OFFICE_PLATFORM, *(rf"{PLATFORM}\{one}" for one in (licensing.WINDOWS, *licensing.OFFICE))):
        if name := asking.text(host, path, "KeyManagementServiceName"):
            hosts.setdefault(name, "Windows or Office")
    own = _own_names(host)
    for name, product in sorted(hosts.items()):
        if why := _why_suspect(name, own):
            yield ActivationSign(kind=Kind.KMS_HOST, detail=f"{product} is activated by {name}: {why}")
    for one in products:
        minutes = one.minutes_left or 0
        if one.channel == _KMS_CLIENT and minutes > _LONGEST_MINUTES and _GOVERNMENT not in (one.edition or ""):
            year = _year(host.now(), minutes)
            yield ActivationSign(
                kind=Kind.KMS_PERIOD,
                detail=f"{one.name} is activated until {year}; a KMS server gives 180 days at most",
            )
        if why := _NOT_GENUINE.get(one.genuine or 0):
            yield ActivationSign(kind=Kind.NOT_GENUINE, detail=f"Windows says of {one.name} that {why}")


def _year(now: datetime, minutes: int) -> str:
    """Return the year in which a period ends: in minutes or days it would be another each time."""
    try:
        return str((now + timedelta(minutes=minutes)).year)
    except OverflowError:
        return "the end of time"


_SUITE = re.compile(r"Office\d\d(ProPlus|Standard|Mondo)", re.IGNORECASE)


def _conversions(host: Windows, products: list[licensing.Product]) -> Iterator[ActivationSign]:
    """Look for a suite that was installed to be bought by one person, and that a volume key activates.

    A KMS client's key belongs to an installation for volume licences; activators put it into any other.
    """
    releases = licensing.click_to_run(host)
    if not releases or any(one.lower().endswith("volume") for one in releases):
        return
    for one in products:
        if one.channel == _KMS_CLIENT and _SUITE.match(one.edition or ""):
            yield ActivationSign(
                kind=Kind.CONVERSION,
                detail=f"Office was installed as {releases[0]} and is activated by a volume key ({one.edition})",
            )


def _own_names(host: Windows) -> set[str]:
    """Return this PC's names in lower case, unless it is a server: that one may activate itself and others."""
    if host.is_server:
        return set()
    control = r"HKLM\SYSTEM\CurrentControlSet"
    short = asking.text(host, rf"{control}\Control\ComputerName\ComputerName", "ComputerName")
    name = asking.text(host, rf"{control}\Services\Tcpip\Parameters", "Hostname")
    domain = asking.text(host, rf"{control}\Services\Tcpip\Parameters", "Domain")
    full = f"{name}.{domain}" if name and domain else None
    return {one.lower() for one in (short, name, full) if one}


def _why_suspect(name: str, own: set[str]) -> str | None:
    """Return why a KMS server is suspect; None where nothing is known against it."""
    host = name.strip().lower().removesuffix(".")
    if host.count(":") == 1:
        host = host.partition(":")[0]
    if host == "localhost" or host.endswith(".localhost"):
        return "the PC itself, where only an emulator answers"
    if host in own:
        return "the PC's own name, where only an emulator answers"
    labels = host.split(".")
    suffixes = {".".join(labels[at:]) for at in range(len(labels))}
    if suffixes & activators.known("kms_host").keys():
        return "a public server that activates for everybody"
    import ipaddress  # takes 5 ms, and few PCs have a KMS server

    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
    return _why_suspect_address(address, [ipaddress.ip_network(one) for one in _LOCAL])


def _why_suspect_address(address: Any, local: list[Any]) -> str | None:
    if trace := activators.known("kms_address").get(str(address)):
        return f"the address that {trace.of} sets"
    if address.is_loopback or address.is_unspecified:
        return "the PC itself, where only an emulator answers"
    if address.is_global and not address.is_multicast:
        return "an address of the Internet; a school's own server has one of its network"
    is_local = any(address in network for network in local if network.version == address.version)
    return None if is_local else "an address that no server can have"


_LOCAL = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")


def _files(host: Windows) -> Iterator[ActivationSign]:
    for trace in activators.known("file").values():
        if asking.exists(host, trace.name):
            yield ActivationSign(kind=Kind.FILE, detail=f"{trace.name}, as {trace.of} has")


HOOKS = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Image File Execution Options"


def _hooks(host: Windows) -> Iterator[ActivationSign]:
    """Look for what is started in place of, or loaded into, the programs that check licences."""
    for trace in activators.known("program").values():
        for one in asking.views(host, rf"{HOOKS}\{trace.name}"):
            if any(one.text(name) for name in ("Debugger", "VerifierDlls")):
                yield ActivationSign(
                    kind=Kind.HOOK, detail=f"a program is hooked into {trace.name}, which checks licences"
                )
                break
