"""In what condition a made-up PC is at a moment: its updates, its protection, what it reaches."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from collectors.host.account_summary import AccountSummary
from collectors.host.activation_sign import ActivationSign
from collectors.host.activation_sign import Kind as Trace
from collectors.host.antivirus import Antivirus, Protection
from collectors.host.connectivity import Connectivity
from collectors.host.connectivity import Kind as Step
from collectors.host.firewall import Firewall
from collectors.host.frozen_disk import FrozenDisk, Product
from collectors.host.frozen_disk import State as DiskState
from collectors.host.licence import Family as LicenceFamily
from collectors.host.licence import Licence
from collectors.host.licence import Status as LicenceStatus
from collectors.host.listening_port import ListeningPort
from collectors.host.malware import Malware, Status
from collectors.host.operating_system import Family, OperatingSystem
from collectors.host.setting import Setting, State
from collectors.host.update import Update
from collectors.host.update_state import UpdateState
from collectors.host.usage import Usage
from collectors.host.volume import Volume
from hub.demo.calendar import Calendar
from hub.demo.hardware import GIB, model_of
from hub.demo.pcs import Pc, catalogue

FIRST_PATCH_DAY = date(2010, 1, 12)
"""The first of the monthly security updates that the demonstration counts from; it gives them their numbers."""

SIGNATURES_OLD_AFTER = timedelta(days=7)


@dataclass(frozen=True)
class At:
    """A PC at a moment.

    ``since``: the day from which on it is as it is; ``started_at``: when it was switched on; ``today``: the day on
    which the story is told.
    """

    pc: Pc
    since: date
    moment: datetime
    started_at: datetime
    today: date
    calendar: Calendar
    chance: random.Random

    def days_before_today(self, days: float) -> datetime:
        """Return a moment so many days before today's morning."""
        return datetime.combine(self.today, time(1), UTC) - timedelta(days=days)

    @property
    def morning(self) -> datetime:
        """When the PC last had its daily work to do: at its start, or since then at midnight (UTC)."""
        return max(self.started_at, self.moment.replace(hour=0, minute=0, second=0))

    @cached_property
    def patched_on(self) -> date:
        """The day of the newest monthly update on this PC: the day after its publication, or as the story has it."""
        newest = patch_day(self.moment.date() - timedelta(days=2)) + timedelta(days=1)
        if self.pc.patched_days is None:
            return newest
        return min(newest, self.today - timedelta(days=self.pc.patched_days))


def patch_day(day: date) -> date:
    """Return the last second Tuesday of a month up to a day."""
    first = day.replace(day=1)
    second_tuesday = first + timedelta(days=(1 - first.weekday()) % 7 + 7)
    return second_tuesday if second_tuesday <= day else patch_day(first - timedelta(days=1))


def months_since(day: date) -> int:
    """Return how many monthly updates came before a day's."""
    return (day.year - FIRST_PATCH_DAY.year) * 12 + day.month - FIRST_PATCH_DAY.month


def operating_systems(at: At) -> Iterator[OperatingSystem]:
    """Yield its system; on Windows each monthly update counts the build on."""
    said = catalogue()["systems"][at.pc.system]
    windows = at.pc.is_windows
    build = f"{said['build']}.{500 + 25 * months_since(at.patched_on)}" if windows else said["build"]
    yield OperatingSystem(
        family=Family(said["family"]),
        name=said["name"],
        distribution=said.get("distribution"),
        edition=said["edition"],
        version=said["version"],
        build=build,
        architecture="AMD64" if windows else "x86_64",
        is_server=bool(said.get("is_server", False)),
        extended_support=said.get("extended_support", False if windows else None),
        installed_at=datetime.combine(said["installed"], time(2, 30), UTC),
        booted_at=at.started_at,
    )


def volumes(at: At) -> Iterator[Volume]:
    """Yield the disk's file systems; the free space of the first shrinks from day to day."""
    size = model_of(at.pc)["disk"][2]
    free = max(2 * GIB, size * (70 - at.pc.number % 60) // 100 - at.moment.timetuple().tm_yday * 37_000_000)
    if at.pc.is_windows:
        yield Volume(mount="C:", filesystem="ntfs", size_bytes=size, free_bytes=free, encrypted=at.pc.encrypted)
    else:
        yield Volume(mount="/", filesystem="ext4", size_bytes=size, free_bytes=free, encrypted=at.pc.encrypted)


def updates(at: At) -> Iterator[Update]:
    """Yield the last three monthly updates, with numbers that no real one has."""
    if not at.pc.is_windows:
        yield Update(
            id="openssl 3.0.13-0ubuntu3.6", title="3.0.13-0ubuntu3.5", installed_on=at.patched_on, security=True
        )
        return
    day = at.patched_on
    name = catalogue()["systems"][at.pc.system]["name"]
    for _ in range(3):
        number = 9_000_000 + 100 * months_since(day) + len(name)
        title = f"{day:%Y-%m} Cumulative Update for {name} (KB{number})"
        yield Update(id=f"KB{number}", title=title, installed_on=day, security=True)
        day = patch_day(day.replace(day=1) - timedelta(days=1)) + timedelta(days=1)


def update_states(at: At) -> Iterator[UpdateState]:
    """Yield when it looked for updates, when it got one, and whether it waits for a restart."""
    patched_at = datetime.combine(at.patched_on, time(4, 10), UTC)
    searched_at = at.morning - timedelta(minutes=3)
    if at.pc.searched_days:
        searched_at = min(searched_at, at.days_before_today(at.pc.searched_days))
    since = None
    if at.pc.restart_pending_days is not None:
        since = at.days_before_today(at.pc.restart_pending_days)
    pending = since is not None and since <= at.moment
    yield UpdateState(
        last_installed_at=patched_at,
        last_security_update_at=patched_at,
        last_searched_at=searched_at,
        security_updates_pending=None if at.pc.is_windows else 0,
        restart_pending=pending,
        restart_pending_since=since if pending else None,
        service_enabled=at.pc.searched_days == 0,
    )


def antiviruses(at: At) -> Iterator[Antivirus]:
    """Yield the products of the story. One whose licence ended within the story was on before that."""
    for key in at.pc.antivirus:
        said = catalogue()["antivirus"][key]
        protection = said["protection"]
        days = said["signature_days"]
        signatures_at = None
        if days is not None:
            usual = at.morning.replace(minute=0, second=0) - timedelta(hours=5)
            signatures_at = usual if days < 1 else min(usual, at.days_before_today(days))
        ends_at = None
        if "licence_days_left" in said:
            ends_at = at.days_before_today(-said["licence_days_left"])
            if protection == Protection.EXPIRED and ends_at > at.moment:
                protection = Protection.ENABLED
        yield Antivirus(
            name=said["name"],
            protection=Protection(protection) if protection else None,
            up_to_date=None if signatures_at is None else at.moment - signatures_at <= SIGNATURES_OLD_AFTER,
            signatures_at=signatures_at,
            version=said["version"],
            licence_expires_at=ends_at,
            product_state=said["product_state"],
        )


def malware(at: At) -> Iterator[Malware]:
    """Yield what the story says was found, on the morning of the day on which it tells so."""
    found_at = datetime.combine(at.since, time(0, 10), UTC)
    if found_at <= at.moment:
        for threat in at.pc.malware:
            yield Malware(threat=threat, severity="high", status=Status.ACTIVE, detected_at=found_at)


def listening_ports(at: At) -> Iterator[ListeningPort]:
    """Yield the sockets of the sets that the story names."""
    for key in at.pc.ports:
        for protocol, address, port, process in catalogue()["ports"][key]:
            yield ListeningPort(protocol=protocol, address=address, port=port, process=process)


def firewalls(at: At) -> Iterator[Firewall]:
    """Yield the firewall in each profile, on but where the story says otherwise."""
    if at.pc.is_windows:
        for profile in ("domain", "private", "public"):
            yield Firewall(profile=profile, enabled=profile not in at.pc.firewall_off, product="Windows Firewall")
    else:
        yield Firewall(profile="default", enabled="default" not in at.pc.firewall_off, product="ufw")


def account_summaries(at: At) -> Iterator[AccountSummary]:
    """Yield how many accounts there are."""
    pupils = at.pc.used_by == "students"
    yield AccountSummary(
        administrators=at.pc.administrators,
        enabled_accounts=2 if pupils else 1 + at.pc.administrators,
        guest_enabled=at.pc.settings.get("guest_account") == State.ENABLED,
        signed_in_is_administrator=not pupils and at.pc.administrators > 1,
    )


_SETTINGS: Mapping[str, tuple[str, str | None]] = {
    "autoplay": ("disabled", None),
    "guest_account": ("disabled", None),
    "remote_desktop": ("disabled", None),
    "remote_desktop_nla": ("enabled", None),
    "screen_lock": ("enabled", "600"),
    "secure_boot": ("enabled", None),
    "smb1": ("disabled", None),
    "time_sync": ("enabled", None),
    "tpm": ("enabled", "2.0"),
    "uac": ("enabled", "5"),
}
_LINUX_SETTINGS = ("guest_account", "remote_desktop", "screen_lock", "time_sync")


def settings(at: At) -> Iterator[Setting]:
    """Yield the settings as Windows or Ubuntu has them at first, but where the story says otherwise."""
    for name, (state, value) in _SETTINGS.items():
        if at.pc.is_windows or name in _LINUX_SETTINGS:
            yield Setting(name=name, state=State(at.pc.settings.get(name, state)), value=value)
    offset = at.pc.clock_offset_seconds
    yield Setting(
        name="clock_offset_seconds", state=None, value=f"0.{at.pc.number % 7}" if offset is None else str(offset)
    )


_STEPS = (Step.DNS, Step.TCP, Step.TLS, Step.HTTP)
_INTERNET_FAILS = {
    "no_name": (Step.DNS, "the name does not resolve"),
    "no_answer": (Step.TCP, "no answer within 5 s"),
    "sign_in_page": (Step.HTTP, "answered 302 instead of 204: a sign-in page stands in the way"),
}


def connectivities(at: At) -> Iterator[Connectivity]:
    """Yield each step towards each target, up to the one that fails."""
    failing, why = _INTERNET_FAILS.get(at.pc.internet or "", (None, None))
    for purpose, target in at.calendar.probes:
        for step in _STEPS:
            ok = step is not failing
            yield Connectivity(
                target=target,
                purpose=purpose,
                kind=step,
                ok=ok,
                last_success_at=at.moment if ok else None,
                duration_seconds=round(at.chance.uniform(0.004, 0.09), 4) if ok else 5.0,
                error=None if ok else why,
            )
            if not ok:
                break


def licences(at: At) -> Iterator[Licence]:
    """Yield the licence of Windows, and those of the office suites among its programs."""
    edition = catalogue()["systems"][at.pc.system]["edition"]
    said = catalogue()["windows_licences"][edition]
    has_key = model_of(at.pc)["vendor"] is not None and said["firmware"]
    yield Licence(
        product=f"Windows(R), {said['edition']} edition",
        family=LicenceFamily.WINDOWS,
        edition=said["edition"],
        channel="OEM:DM" if has_key else said["channel"],
        status=LicenceStatus(at.pc.licences.get("windows", "licensed")),
        partial_key=said["partial_key"],
        firmware_edition=said["edition"] if has_key else None,
    )
    for name in at.pc.software:
        if office := catalogue()["office_licences"].get(name):
            yield Licence(
                product=office["product"],
                family=LicenceFamily.OFFICE,
                edition=office["edition"],
                channel=office["channel"],
                status=LicenceStatus(at.pc.licences.get("office", "licensed")) if office["channel"] else None,
                partial_key=office["partial_key"],
            )


def activation_signs(at: At) -> Iterator[ActivationSign]:
    """Yield what the story says was found."""
    for key in at.pc.activation_signs:
        kind, detail = catalogue()["activation_signs"][key]
        yield ActivationSign(kind=Trace(kind), detail=detail)


def frozen_disks(at: At) -> Iterator[FrozenDisk]:
    """Yield Deep Freeze where the story has it."""
    if at.pc.frozen_disk is not None:
        yield FrozenDisk(product=Product.DEEP_FREEZE, state=DiskState(at.pc.frozen_disk))


USAGE_DAYS = 7


def usages(at: At) -> Iterator[Usage]:
    """Yield the lessons of the last days, hour by hour."""
    today = at.calendar.local(at.moment).date()
    for back in range(USAGE_DAYS, -1, -1):
        for hour, seconds in at.calendar.lesson_seconds(at.pc.room or "", today - timedelta(days=back)).items():
            if hour + timedelta(hours=1) <= at.moment:
                yield Usage(hour=hour.astimezone(UTC), active_seconds=seconds, includes_idle=False)


TABLES: Mapping[str, Callable[[At], Iterator[Any]]] = {
    "operating_system": operating_systems,
    "volume": volumes,
    "update": updates,
    "update_state": update_states,
    "antivirus": antiviruses,
    "malware": malware,
    "listening_port": listening_ports,
    "firewall": firewalls,
    "account_summary": account_summaries,
    "setting": settings,
    "connectivity": connectivities,
    "licence": licences,
    "activation_sign": activation_signs,
    "frozen_disk": frozen_disks,
    "usage": usages,
}
"""What fills each of these tables."""

_NO_CENTER = "Windows Server has no Security Center, and neither Defender nor a known product is here"
_NO_LAB = "this PC is not set up as one of a computer lab, and of no other are the hours of use collected"
_FREE = "Linux is free software, of which no part is activated"

NOT_HERE: Mapping[str, Callable[[Pc], str | None]] = {
    "antivirus": lambda pc: _NO_CENTER if pc.is_windows and pc.is_server else None,
    "licence": lambda pc: None if pc.is_windows else _FREE,
    "activation_sign": lambda pc: None if pc.is_windows else _FREE,
    "frozen_disk": lambda pc: None if pc.is_windows else "the products that freeze disks are made for Windows",
    "usage": lambda pc: None if pc.used_by == "students" else _NO_LAB,
}
"""Why a PC lacks a table by design, where it does."""
