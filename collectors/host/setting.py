"""Settings that make a PC safer or less so, one row each."""

import fnmatch
import re
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Annotated

from collectors.facts import Failed, collector, fact
from collectors.host.account_summary import guest_enabled, windows_guest_enabled
from collectors.sources import asking, wmi
from collectors.sources.files import content, line, names
from collectors.sources.linux import Linux
from collectors.sources.processes import running, starts
from collectors.sources.windows import NoSuchClass, RegistryKey, Windows


class State(StrEnum):
    """Whether what the setting's name says can happen."""

    ENABLED = "enabled"
    DISABLED = "disabled"


@fact(key="name", why="To see what makes a PC easy to attack (target hardened)")
class Setting:
    """One setting. ``state`` says whether the thing that its name says is on; null where it could not be seen."""

    name: Annotated[str, "The setting: remote_desktop, ssh_password_login, smb1, guest_account, screen_lock, …"]
    state: Annotated[State | None, "enabled or disabled; null: it could not be seen, which is never 'disabled'"] = None
    value: Annotated[str | None, "What stands behind it: a number of seconds (screen_lock), a version, a program"] = (
        None
    )


Seen = tuple[bool | None, str | None]
UNSEEN: Seen = (None, None)


@collector(every="6h", within="20s")
def linux(host: Linux) -> Iterator[Setting]:
    """Look each setting up where its program reads it; see the functions of ``SETTINGS``.

    A file that may not be read, or is damaged, makes that one setting null, and leaves the others.
    """
    for name, look in SETTINGS.items():
        try:
            state, value = look(host)
        except (OSError, Failed):
            state, value = UNSEEN
        word = None if state is None else State.ENABLED if state else State.DISABLED
        yield Setting(name=name, state=word, value=value)
    yield from _clock(host, _time_server(host))


def _clock(host: Linux | Windows, server: str | None) -> Iterator[Setting]:
    """Yield by how many whole seconds the clock is ahead, by the time server that the PC asks itself; else nothing.

    Whole seconds, since a fraction would be another each time. Where no server answers nobody can tell.
    """
    if server is None:
        return
    try:
        ahead = host.clock_offset(server)
    except (OSError, Failed):
        return
    yield Setting(name="clock_offset_seconds", value=str(round(ahead)))


_SERVER = re.compile(r"^\s*(?:server|pool)\s+([A-Za-z0-9.:-]{1,253})", re.MULTILINE)


TIMESYNCD = "/etc/systemd/timesyncd.conf"


def _time_server(host: Linux) -> str | None:
    """Return the first server in the settings of chrony or ntpd, else of timesyncd, else the one it is built with."""
    for path in ("/etc/chrony/chrony.conf", "/etc/chrony.conf", "/etc/ntpsec/ntp.conf", "/etc/ntp.conf"):
        if found := _SERVER.search(line(host, path) or ""):
            return found[1]
    if not host.exists(TIMESYNCD):
        return None
    try:
        said = _ini(host, TIMESYNCD).get("Time", {})
    except OSError:
        return None
    chosen = (said.get("ntp") or said.get("fallbackntp") or "").split()
    if chosen:
        return chosen[0]
    return "ntp.ubuntu.com" if "ubuntu" in (line(host, "/etc/os-release") or "").lower() else "0.debian.pool.ntp.org"


REMOTE_DESKTOPS: Mapping[str, tuple[str, ...]] = {
    "xrdp": ("/usr/sbin/xrdp",),
    "gnome-remote-desktop-daemon": ("/usr/libexec/gnome-remote-desktop-daemon",),
    "krdpserver": ("/usr/bin/krdpserver",),
    "krfb": ("/usr/bin/krfb",),
    "x11vnc": ("/usr/bin/x11vnc",),
    "Xvnc": ("/usr/bin/Xvnc", "/usr/bin/Xtigervnc"),
    "vino-server": ("/usr/lib/vino/vino-server", "/usr/libexec/vino-server"),
}


def remote_desktop(host: Linux) -> Seen:
    """Look for a running server (xrdp, GNOME's, KDE's, VNC), or one that starts with the PC."""
    installed = [program for program, paths in REMOTE_DESKTOPS.items() if any(map(host.exists, paths))]
    if not installed:
        return False, None
    programs = running(host)
    if programs is None:
        return UNSEEN
    on = next((one for one in installed if one[:15] in programs), None)
    if on is None and "xrdp" in installed and starts(host, "xrdp.service"):
        on = "xrdp"
    return on is not None, on


SSHD = ("/usr/sbin/sshd", "/usr/bin/sshd")
SSHD_CONFIG = "/etc/ssh/sshd_config"
_YES = {"yes", "without-password", "prohibit-password", "forced-commands-only"}


def ssh_password_login(host: Linux) -> Seen:
    """Say whether sshd asks for passwords, itself or through PAM, from anybody at all (a Match block counts)."""
    if not any(map(host.exists, SSHD)):
        return False, None
    said = _sshd(host)
    by_pam = "yes" in said.get("kbdinteractiveauthentication", ["yes"]) + said.get(
        "challengeresponseauthentication", []
    )
    uses_pam = "yes" in said.get("usepam", [])
    return "yes" in said.get("passwordauthentication", ["yes"]) or (by_pam and uses_pam), None


def ssh_root_login(host: Linux) -> Seen:
    """Say whether sshd lets root in; the value is sshd's word ('prohibit-password': by key only)."""
    if not any(map(host.exists, SSHD)):
        return False, None
    words = _sshd(host).get("permitrootlogin", ["prohibit-password"])
    on = [word for word in words if word in _YES]
    return bool(on), (on or words)[0]


def _sshd(host: Linux) -> dict[str, list[str]]:
    """Return each keyword's words: the first one outside of Match blocks, which counts, and all within them.

    Raises OSError where the file may not be read.
    """
    found: dict[str, list[str]] = {}
    matched: dict[str, list[str]] = {}
    _read_sshd(host, SSHD_CONFIG, found, matched, depth=0)
    words = {name: values[:1] for name, values in found.items()}
    for name, values in matched.items():
        words[name] = words.get(name, _SSHD_DEFAULTS.get(name, [])) + values
    return words


_SSHD_DEFAULTS = {
    "permitrootlogin": ["prohibit-password"],
    "passwordauthentication": ["yes"],
    "kbdinteractiveauthentication": ["yes"],
}
_SSHD_LINE = re.compile(r"\s*([A-Za-z]+)(?:\s+|\s*=\s*)\"?([^\"#]*?)\"?\s*(?:#.*)?")
_SSHD_DEPTH = 16


def _read_sshd(
    host: Linux, path: str, found: dict[str, list[str]], matched: dict[str, list[str]], *, depth: int
) -> None:
    into = found
    for text in host.read(path).splitlines():
        parts = _SSHD_LINE.fullmatch(text)
        if not parts:
            continue
        word, value = parts[1].lower(), parts[2].strip()
        if word == "match":
            into = found if value.lower() == "all" else matched
        elif word == "include" and depth < _SSHD_DEPTH:
            for pattern in value.split():
                for one in _glob(host, pattern if pattern.startswith("/") else f"/etc/ssh/{pattern}"):
                    _read_sshd(host, one, into, matched, depth=depth + 1)
        else:
            into.setdefault(word, []).append(value.lower())


def _glob(host: Linux, pattern: str) -> list[str]:
    folder, _, name = pattern.rpartition("/")
    return [f"{folder}/{one}" for one in names(host, folder) if fnmatch.fnmatchcase(one, name)]


_OLD_SMB = {"core", "coreplus", "lanman1", "lanman2", "nt1"}


def smb1(host: Linux) -> Seen:
    """Read 'server min protocol' of smb.conf; Samba's default is SMB2 since 4.11."""
    if not host.exists("/usr/sbin/smbd"):
        return False, None
    said = _ini(host, "/etc/samba/smb.conf").get("global", {})
    lowest = said.get("server min protocol") or said.get("min protocol")
    return (lowest or "").lower() in _OLD_SMB, lowest


def guest_account(host: Linux) -> Seen:
    """Look for an account 'guest' that can be used, and for lightdm's guest sessions."""
    for path in _lightdm_files(host):
        seat = _sections_starting(_ini(host, path), "Seat:")
        if seat.get("allow-guest", "").lower() == "true":
            return True, "lightdm"
    return guest_enabled(host), None


def _lightdm_files(host: Linux) -> list[str]:
    folders = ("/usr/share/lightdm/lightdm.conf.d", "/etc/lightdm/lightdm.conf.d")
    files = [f"{folder}/{name}" for folder in folders for name in names(host, folder) if name.endswith(".conf")]
    return [*files, *(path for path in ("/etc/lightdm/lightdm.conf",) if host.exists(path))]


def _sections_starting(said: Mapping[str, Mapping[str, str]], start: str) -> dict[str, str]:
    return {
        key: value
        for name, keys in said.items()
        if name.startswith((start, "SeatDefaults"))
        for key, value in keys.items()
    }


def autoplay(host: Linux) -> Seen:
    """Read the system's default of GNOME's 'autorun-never'; each user may choose otherwise unless it is locked."""
    never = _dconf(host, "org/gnome/desktop/media-handling", "autorun-never")
    return (None if never is None else never != "true"), None


def screen_lock(host: Linux) -> Seen:
    """Read the system's defaults of GNOME's lock; the value is the seconds until it locks. A user may choose others."""
    idle = _number(_dconf(host, "org/gnome/desktop/session", "idle-delay"))
    lock = _dconf(host, "org/gnome/desktop/screensaver", "lock-enabled")
    if lock == "false" or idle == 0:
        return False, None
    if idle is None:
        return UNSEEN
    delay = _number(_dconf(host, "org/gnome/desktop/screensaver", "lock-delay")) or 0
    return True, str(idle + delay)


def _number(text: str | None) -> int | None:
    found = re.fullmatch(r"(?:uint32 )?([0-9]{1,9})", text or "")
    return int(found[1]) if found else None


def _dconf(host: Linux, section: str, key: str) -> str | None:
    """Return a key of the system's dconf databases, from the key files that make them; the last file counts."""
    profile = line(host, "/etc/dconf/profile/user")
    said = re.findall(r"^system-db:(\S+)$", profile or "", re.MULTILINE)
    for database in said or ("local", "site", "distro"):
        folder = f"/etc/dconf/db/{database}.d"
        values = [
            value
            for name in names(host, folder)
            if (value := _ini(host, f"{folder}/{name}").get(section, {}).get(key)) is not None
        ]
        if values:
            return values[-1].strip("'\"")
    return None


def automatic_login(host: Linux) -> Seen:
    """Read GDM's, LightDM's and SDDM's settings; the value is the program, never the account."""
    for path in ("/etc/gdm3/daemon.conf", "/etc/gdm3/custom.conf", "/etc/gdm/custom.conf"):
        said = _ini(host, path).get("daemon", {})
        if any(
            said.get(key, "").lower() in {"true", "1", "yes"} for key in ("automaticloginenable", "timedloginenable")
        ):
            return True, "gdm"
    for path in _lightdm_files(host):
        if _sections_starting(_ini(host, path), "Seat:").get("autologin-user"):
            return True, "lightdm"
    sddm = [f"/etc/sddm.conf.d/{name}" for name in names(host, "/etc/sddm.conf.d")]
    for path in (*sddm, "/etc/sddm.conf"):
        if _ini(host, path).get("Autologin", {}).get("user"):
            return True, "sddm"
    return False, None


EFI = "/sys/firmware/efi"
SECURE_BOOT = f"{EFI}/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
_EFI_ATTRIBUTES = 4


def secure_boot(host: Linux) -> Seen:
    """Read the firmware's own variable: four bytes of attributes, then 1 or 0. A BIOS start has no such thing."""
    if not host.exists("/sys/firmware"):
        return UNSEEN
    if not host.exists(EFI):
        return False, "bios"
    data = content(host, SECURE_BOOT)
    return (bool(data[_EFI_ATTRIBUTES]) if data and len(data) > _EFI_ATTRIBUTES else None), "efi"


def tpm(host: Linux) -> Seen:
    """Look for a TPM that the kernel uses; the value is its major version ('2')."""
    if not host.exists("/sys/class"):
        return UNSEEN
    found = [name for name in names(host, "/sys/class/tpm") if re.fullmatch(r"tpm[0-9]+", name)]
    return bool(found), line(host, f"/sys/class/tpm/{found[0]}/tpm_version_major") if found else None


TIME_PROGRAMS = ("systemd-timesyncd", "chronyd", "ntpd")
TIME_UNITS = ("systemd-timesyncd.service", "chrony.service", "chronyd.service", "ntp.service", "ntpsec.service")


def time_sync(host: Linux) -> Seen:
    """Look for a program that keeps the clock right: running, or (where processes are hidden) started by systemd."""
    programs = running(host)
    if programs is not None:
        on = next((one for one in TIME_PROGRAMS if one[:15] in programs), None)
        return on is not None, on
    started = [starts(host, unit) for unit in TIME_UNITS]
    return (True if any(started) else None), None


def _ini(host: Linux, path: str) -> dict[str, dict[str, str]]:
    """Read an INI file as leniently as programs do, keys in lower case. Missing: empty. Raises OSError if denied."""
    try:
        text = host.read(path)
    except FileNotFoundError:
        return {}
    said: dict[str, dict[str, str]] = {}
    section = ""
    for one in map(str.strip, text.splitlines()):
        if one.startswith("[") and one.endswith("]"):
            section = one[1:-1].strip()
        elif one and one[0] not in "#;":
            name, _, value = one.partition("=")
            said.setdefault(section, {})[name.strip().lower()] = value.strip()
    return said


SETTINGS: Mapping[str, Callable[[Linux], Seen]] = {
    look.__name__: look
    for look in (
        remote_desktop,
        ssh_password_login,
        ssh_root_login,
        smb1,
        guest_account,
        autoplay,
        screen_lock,
        automatic_login,
        secure_boot,
        tpm,
        time_sync,
    )
}
"""Each setting's name, and what looks it up."""


@collector(every="6h", within="60s")
def windows(host: Windows) -> Iterator[Setting]:
    """Look each setting up where Windows reads it; see ``WINDOWS_SETTINGS``. What can't be read is null."""
    for name, look in WINDOWS_SETTINGS.items():
        try:
            state, value = look(host)
        except (OSError, NoSuchClass, Failed):
            state, value = UNSEEN
        word = None if state is None else State.ENABLED if state else State.DISABLED
        yield Setting(name=name, state=word, value=value)
    servers = asking.text(host, rf"{asking.SERVICES}\W32Time\Parameters", "NtpServer") or ""
    yield from _clock(host, servers.split(",")[0].split()[0] if servers.split(",")[0].strip() else None)


_CONTROL = r"HKLM\SYSTEM\CurrentControlSet\Control"
_POLICIES = r"HKLM\SOFTWARE\Policies\Microsoft"
_CURRENT = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion"


def _needed(host: Windows, path: str) -> RegistryKey:
    """Return a key that every Windows has. Raises Failed where it has not, and as ``host.registry`` does."""
    found = host.registry(path)
    if found is None:
        raise Failed(f"{path} is not there")
    return found


SMB_SPACE = r"root\Microsoft\Windows\SMB"


def windows_smb1(host: Windows) -> Seen:
    """Say whether SMB 1 is served or used; the value says which.

    The server tells itself (since Windows 8), else its value SMB1, without which it serves SMB 1 where it has the
    driver srv. The client is the driver mrxsmb10; whether it is there adds to what the server says.
    """
    told = asking.rows(host, SMB_SPACE, "MSFT_SmbServerConfiguration", "EnableSMB1Protocol")
    serves = wmi.flag(told[0], "EnableSMB1Protocol") if told else None
    if serves is None:
        value = asking.number(host, rf"{asking.SERVICES}\LanmanServer\Parameters", "SMB1")
        driver = asking.starts(host, "srv")
        serves = False if value == 0 or driver is False else True if value == 1 else driver
    uses = asking.starts(host, "mrxsmb10")
    on = [word for word, is_on in (("server", serves), ("client", uses)) if is_on]
    return (True if on else serves), ", ".join(on) or None


_TERMINAL = rf"{_CONTROL}\Terminal Server"
_TERMINAL_POLICY = rf"{_POLICIES}\Windows NT\Terminal Services"


def windows_remote_desktop(host: Windows) -> Seen:
    """Read fDenyTSConnections, the policy's before the PC's own; a service that may not start lets nobody in."""
    denied = asking.number(host, _TERMINAL_POLICY, "fDenyTSConnections")
    if denied is None:
        denied = _needed(host, _TERMINAL).number("fDenyTSConnections")
    if asking.starts(host, "TermService") is False:
        return False, None
    return (None if denied is None else denied == 0), None


def windows_remote_desktop_nla(host: Windows) -> Seen:
    """Say whether people must prove who they are before a remote desktop is opened for them."""
    asked = asking.number(host, _TERMINAL_POLICY, "UserAuthentication")
    if asked is None:
        asked = _needed(host, rf"{_TERMINAL}\WinStations\RDP-Tcp").number("UserAuthentication")
    return (None if asked is None else asked == 1), None


def windows_guest_account(host: Windows) -> Seen:
    """Look at the account Guest, known by its number."""
    return windows_guest_enabled(host), None


_STICKS, _DISCS = 0x04, 0x20  # bits of NoDriveTypeAutoRun: kinds of drives that start nothing


def windows_autoplay(host: Windows) -> Seen:
    """Say whether sticks or discs start something: by the PC's policy, else by the choice of each signed-in person."""
    explorer = host.registry(rf"{_CURRENT}\Policies\Explorer")
    mask = explorer.number("NoDriveTypeAutoRun") if explorer else None
    if mask is not None and mask & _STICKS and mask & _DISCS:
        return False, f"0x{mask:02X}"
    people = [
        asking.number(
            host, rf"HKU\{sid}\SOFTWARE\Microsoft\Windows\CurrentVersion\Explorer\AutoplayHandlers", "DisableAutoplay"
        )
        for sid in asking.loaded_users(host)
    ]
    if people and all(one == 1 for one in people):
        return False, "each person"
    return True, None if mask is None else f"0x{mask:02X}"


def windows_uac(host: Windows) -> Seen:
    """Read EnableLUA; the value is how administrators are asked (0: not at all, 2 and 5: on the secure desktop)."""
    system = _needed(host, rf"{_CURRENT}\Policies\System")
    on, asks = system.number("EnableLUA"), system.number("ConsentPromptBehaviorAdmin")
    return (None if on is None else on == 1), None if asks is None else str(asks)


def windows_secure_boot(host: Windows) -> Seen:
    """Read what Windows noted at its start. A BIOS start has no such thing; PEFirmwareType says which it was."""
    state = host.registry(rf"{_CONTROL}\SecureBoot\State")
    on = state.number("UEFISecureBootEnabled") if state else None
    if on is not None:
        return on == 1, "efi"
    kind = _needed(host, _CONTROL).number("PEFirmwareType")
    return (False, "bios") if kind == 1 else (None, "efi" if kind == 2 else None)  # noqa: PLR2004 - FIRMWARE_TYPE


TPM_SPACE = r"root\cimv2\Security\MicrosoftTpm"


def windows_tpm(host: Windows) -> Seen:
    """Ask Win32_Tpm, which only administrators may; the value is the version of the specification ('2.0')."""
    rows = host.wmi(TPM_SPACE, "Win32_Tpm", "IsEnabled_InitialValue", "SpecVersion")
    if not rows:
        return False, None
    version = (wmi.text(rows[0], "SpecVersion") or "").partition(",")[0].strip()
    return wmi.flag(rows[0], "IsEnabled_InitialValue"), version or None


def windows_automatic_login(host: Windows) -> Seen:
    """Say whether the PC signs somebody in by itself: whom is never read."""
    logon = _needed(host, r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon")
    return logon.number("AutoAdminLogon") == 1, None


def windows_screen_lock(host: Windows) -> Seen:
    """Return the seconds until the screen locks: the PC's own limit, else the longest of the signed-in people's.

    A person's screen saver locks only where it is on and asks for the password. With nobody signed in, only the PC's
    own limit can be seen.
    """
    limit = asking.number(host, rf"{_CURRENT}\Policies\System", "InactivityTimeoutSecs")
    if limit:
        return True, str(limit)
    found = [_saver_seconds(host, sid) for sid in asking.loaded_users(host)]
    if not found:
        return UNSEEN
    seconds = [one for one in found if one is not None]
    return (True, str(max(seconds))) if len(seconds) == len(found) else (False, None)


def _saver_seconds(host: Windows, sid: str) -> int | None:
    """Return after how many seconds a person's screen saver locks the screen; None where it does not."""
    policy = asking.key(host, rf"HKU\{sid}\SOFTWARE\Policies\Microsoft\Windows\Control Panel\Desktop")
    own = asking.key(host, rf"HKU\{sid}\Control Panel\Desktop")

    def said(name: str) -> int | None:
        values = (key.number(name) for key in (policy, own) if key)
        return next((one for one in values if one is not None), None)

    chosen = any(key and key.text("SCRNSAVE.EXE") for key in (policy, own))
    locks = said("ScreenSaveActive") == 1 and said("ScreenSaverIsSecure") == 1
    return said("ScreenSaveTimeOut") if chosen and locks else None


def windows_time_sync(host: Windows) -> Seen:
    """Say whether Windows sets its clock; the value is from where: NTP, NT5DS (the domain), AllSync, NoSync."""
    kind = _needed(host, rf"{asking.SERVICES}\W32Time\Parameters").text("Type")
    started = asking.starts(host, "W32Time")
    if started is False or (kind or "").lower() == "nosync":
        return False, kind
    return (True if kind and started else None), kind


def windows_tamper_protection(host: Windows) -> Seen:
    """Ask Defender whether programs may switch it off."""
    rows = host.wmi(r"root\Microsoft\Windows\Defender", "MSFT_MpComputerStatus", "IsTamperProtected")
    return (wmi.flag(rows[0], "IsTamperProtected") if rows else None), None


WINDOWS_SETTINGS: Mapping[str, Callable[[Windows], Seen]] = {
    look.__name__.removeprefix("windows_"): look
    for look in (
        windows_remote_desktop,
        windows_remote_desktop_nla,
        windows_smb1,
        windows_guest_account,
        windows_autoplay,
        windows_screen_lock,
        windows_automatic_login,
        windows_uac,
        windows_secure_boot,
        windows_tpm,
        windows_time_sync,
        windows_tamper_protection,
    )
}
"""Each setting's name on Windows, and what looks it up."""
