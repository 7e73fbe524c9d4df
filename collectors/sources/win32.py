"""The few things that only Windows' own functions tell: sockets, accounts, sessions, the firmware's tables.

The wide functions, through ctypes. Structures are read from bytes by their documented offsets, with no class for each.
Raises OSError with Windows' own error. Names of accounts are compared in here, and leave as yes or no.
"""

import contextlib
import errno
import importlib
import struct
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from collectors.sources.linux import Listening
from collectors.sources.windows import Account, Session

# typeshed shows Windows' half of ctypes on Windows only.
_c: Any = importlib.import_module("ctypes")

_ERROR_INSUFFICIENT_BUFFER, _ERROR_MORE_DATA = 122, 234
_AF_INET, _AF_INET6 = 2, 23
_LISTENERS, _OWNERS = 3, 1  # TCP_TABLE_OWNER_PID_LISTENER, UDP_TABLE_OWNER_PID
_SYSTEM = 4


def _library(name: str) -> Any:
    return _c.WinDLL(name, use_last_error=True)


def _failure(what: str, code: int | None = None) -> OSError:
    number = _c.get_last_error() if code is None else code
    kind = PermissionError if number == 5 else OSError  # noqa: PLR2004 - ERROR_ACCESS_DENIED
    return kind(errno.EACCES if kind is PermissionError else errno.EIO, f"{what} failed with {number}", f"root\\{what}")


def is_elevated() -> bool:
    """Return whether this process has an administrator's rights."""
    return bool(_library("shell32").IsUserAnAdmin())


def hostname() -> str:
    """Return the DNS name of this PC, without its domain."""
    size = _c.c_ulong(0)
    kernel = _library("kernel32")
    kernel.GetComputerNameExW(1, None, _c.byref(size))
    buffer = _c.create_unicode_buffer(max(size.value, 1))
    if not kernel.GetComputerNameExW(1, buffer, _c.byref(size)):
        raise _failure("GetComputerNameEx")
    return str(buffer.value)


def peak_working_set_bytes() -> int | None:
    """Return the most memory that this process ever held (PROCESS_MEMORY_COUNTERS); None where Windows won't say."""
    kernel = _library("kernel32")
    kernel.GetCurrentProcess.restype = _c.c_void_p
    kernel.K32GetProcessMemoryInfo.argtypes = [_c.c_void_p, _c.c_void_p, _c.c_ulong]
    counters = _c.create_string_buffer(16 + 9 * struct.calcsize("P"))
    if not kernel.K32GetProcessMemoryInfo(kernel.GetCurrentProcess(), counters, len(counters)):
        return None
    (peak,) = struct.unpack_from("N", counters.raw, 8)
    return int(peak)


def is_64_bit() -> bool:
    """Return whether the processor architecture of Windows is a 64-bit one (GetNativeSystemInfo)."""
    info = _c.create_string_buffer(64)
    _library("kernel32").GetNativeSystemInfo(info)
    (architecture,) = struct.unpack_from("<H", info.raw)
    return architecture in {6, 9, 12}  # IA64, AMD64, ARM64


def firmware_table(provider: bytes, signature: bytes) -> bytes:
    """Return a table of a provider (b'RSMB', b'ACPI'). Raises FileNotFoundError where the firmware has none."""
    kernel = _library("kernel32")
    names = int.from_bytes(provider, "big"), int.from_bytes(signature, "little")
    size = kernel.GetSystemFirmwareTable(*names, None, 0)
    if not size:
        raise FileNotFoundError(errno.ENOENT, "this firmware has no such table", signature.decode("ascii", "replace"))
    buffer = _c.create_string_buffer(size)
    written = kernel.GetSystemFirmwareTable(*names, buffer, size)
    if not 0 < written <= size:
        raise _failure("GetSystemFirmwareTable")
    return bytes(buffer.raw[:written])


# Sockets


def listening() -> Iterator[Listening]:
    """Yield listening TCP sockets and bound UDP sockets, with the file name of the program where it may be seen."""
    names: dict[int, str | None] = {0: None, _SYSTEM: "System"}
    for protocol, family, row, address, port, owner in _TABLES:
        data = _table(protocol, family)
        (many,) = struct.unpack_from("<I", data)
        for at in range(4, min(4 + many * row, len(data) - row + 1), row):
            width = 4 if family == _AF_INET else 16
            raw = data[at + address : at + address + width]
            number = int.from_bytes(data[at + port : at + port + 2], "big")
            (pid,) = struct.unpack_from("<I", data, at + owner)
            if pid not in names:
                names[pid] = _program(pid)
            ip = IPv4Address(raw) if family == _AF_INET else IPv6Address(raw)
            yield Listening(protocol, str(ip), number, names[pid])


# (protocol, family, bytes of a row, where in it the local address, the local port and the process stand), iprtrmib.h
_TABLES = (
    ("tcp", _AF_INET, 24, 4, 8, 20),
    ("tcp", _AF_INET6, 56, 0, 20, 52),
    ("udp", _AF_INET, 12, 0, 4, 8),
    ("udp", _AF_INET6, 28, 0, 20, 24),
)


def _table(protocol: str, family: int) -> bytes:
    library = _library("iphlpapi")
    function, sort = (
        (library.GetExtendedTcpTable, _LISTENERS) if protocol == "tcp" else (library.GetExtendedUdpTable, _OWNERS)
    )
    size = _c.c_ulong(0)
    code = function(None, _c.byref(size), 0, family, sort, 0)
    for _ in range(5):  # it may grow while it is asked for
        if code != _ERROR_INSUFFICIENT_BUFFER:
            break
        buffer = _c.create_string_buffer(size.value)
        code = function(buffer, _c.byref(size), 0, family, sort, 0)
        if code == 0:
            return bytes(buffer.raw[: size.value])
    if code == 0:
        return struct.pack("<I", 0)
    raise _failure("GetExtendedTcpTable" if protocol == "tcp" else "GetExtendedUdpTable", code)


def _program(pid: int) -> str | None:
    """Return the file name of a process's program, never its path; None where it may not be seen."""
    kernel = _library("kernel32")
    kernel.OpenProcess.restype = _c.c_void_p
    handle = kernel.OpenProcess(0x1000, 0, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
    if not handle:
        return None
    try:
        size = _c.c_ulong(1024)
        buffer = _c.create_unicode_buffer(size.value)
        if not kernel.QueryFullProcessImageNameW(_c.c_void_p(handle), 0, buffer, _c.byref(size)):
            return None
        return str(buffer.value).rpartition("\\")[2] or None
    finally:
        kernel.CloseHandle(_c.c_void_p(handle))


# Accounts

_NORMAL_ACCOUNT, _DISABLED_FLAG = 2, 2  # FILTER_NORMAL_ACCOUNT; UF_ACCOUNTDISABLE
_ADMINISTRATORS = "S-1-5-32-544"
_ALL = 0xFFFFFFFF  # MAX_PREFERRED_LENGTH
_USER = 1  # SidTypeUser


def accounts() -> list[Account]:
    """Return this PC's own accounts, by NetUserEnum: it asks no domain controller."""
    own = hostname().upper()
    try:
        administrators: set[str] | None = {name for name, kind in _members() if kind == _USER}
    except OSError:
        administrators = None
    found = []
    with _network_buffer("NetUserEnum", None, 20, _NORMAL_ACCOUNT) as (address, many):
        pointer = _c.sizeof(_c.c_void_p)
        size = _padded(3 * pointer + 8)
        for at in range(address, address + many * size, size):
            name = _c.wstring_at(_c.c_void_p.from_address(at).value)
            flags = _c.c_uint32.from_address(at + 3 * pointer).value
            rid = _c.c_uint32.from_address(at + 3 * pointer + 4).value
            is_in = None if administrators is None else f"{own}\\{name}".upper() in administrators
            found.append(Account(rid, not flags & _DISABLED_FLAG, is_in))
    return found


def _padded(size: int) -> int:
    pointer = _c.sizeof(_c.c_void_p)
    return int(-(-size // pointer) * pointer)


@contextlib.contextmanager
def _network_buffer(function: str, *arguments: Any) -> Iterator[tuple[int, int]]:
    """Call one of netapi32's enumerations for everything, and give its buffer's address and the number of entries."""
    library = _library("netapi32")
    buffer, read, total, resume = _c.c_void_p(), _c.c_ulong(), _c.c_ulong(), _c.c_void_p()
    code = getattr(library, function)(
        *arguments, _c.byref(buffer), _ALL, _c.byref(read), _c.byref(total), _c.byref(resume)
    )
    try:
        if code:
            raise _failure(function, code)
        yield buffer.value or 0, read.value if buffer.value else 0
    finally:
        if buffer.value:
            library.NetApiBufferFree(buffer)


def _members() -> list[tuple[str, int]]:
    r"""Return the members of the group of administrators: ('PC\NAME' in capitals, SID_NAME_USE)."""
    found = []
    pointer = _c.sizeof(_c.c_void_p)
    with _network_buffer("NetLocalGroupGetMembers", None, _c.c_wchar_p(_group_name(_ADMINISTRATORS)), 2) as (at, many):
        for place in range(at, at + many * 3 * pointer, 3 * pointer):
            kind = _c.c_uint32.from_address(place + pointer).value
            name = _c.c_void_p.from_address(place + 2 * pointer).value
            found.append((_c.wstring_at(name).upper() if name else "", kind))
    return found


def _group_name(sid: str) -> str:
    """Return a group's name in this system's language."""
    library, kernel = _library("advapi32"), _library("kernel32")
    binary = _c.c_void_p()
    if not library.ConvertStringSidToSidW(_c.c_wchar_p(sid), _c.byref(binary)):
        raise _failure("ConvertStringSidToSid")
    try:
        name, domain = _c.create_unicode_buffer(256), _c.create_unicode_buffer(256)
        sizes = _c.c_ulong(256), _c.c_ulong(256)
        kind = _c.c_ulong()
        if not library.LookupAccountSidW(
            None, binary, name, _c.byref(sizes[0]), domain, _c.byref(sizes[1]), _c.byref(kind)
        ):
            raise _failure("LookupAccountSid")
        return str(name.value)
    finally:
        kernel.LocalFree(binary)


# The session at the PC itself

_NO_SESSION = 0xFFFFFFFF
_USER_NAME, _DOMAIN_NAME, _SESSION_INFO = 5, 7, 25  # WTS_INFO_CLASS
_REVERSED_BEFORE = 9200  # Windows 7 says locked for unlocked
_TICKS = 10**7


def session(build: int) -> Session | None:
    """Return the session at the PC itself; None where nobody is signed in there."""
    kernel = _library("kernel32")
    kernel.WTSGetActiveConsoleSessionId.restype = _c.c_ulong
    number = kernel.WTSGetActiveConsoleSessionId()
    if number == _NO_SESSION:
        return None
    user = _session_text(number, _USER_NAME)
    if not user:
        return None
    idle, locked = _idle(number, build)
    own = _c.c_ulong()
    if kernel.ProcessIdToSessionId(kernel.GetCurrentProcessId(), _c.byref(own)) and own.value == number:
        idle = _own_idle()
    return Session(idle, locked, _is_administrator(f"{_session_text(number, _DOMAIN_NAME)}\\{user}".upper()))


def _session_data(number: int, sort: int) -> bytes:
    library = _library("wtsapi32")
    buffer, size = _c.c_void_p(), _c.c_ulong()
    if not library.WTSQuerySessionInformationW(None, number, sort, _c.byref(buffer), _c.byref(size)):
        raise _failure("WTSQuerySessionInformation")
    try:
        return bytes(_c.string_at(buffer, size.value))
    finally:
        library.WTSFreeMemory(buffer)


def _session_text(number: int, sort: int) -> str:
    return _session_data(number, sort).decode("utf-16-le", "replace").split("\0")[0]


def _idle(number: int, build: int) -> tuple[int | None, bool | None]:
    """Return (seconds without a key or the mouse, is locked) from WTSINFOEX, each None where it is not told."""
    try:
        data = _session_data(number, _SESSION_INFO)
        (flags,) = struct.unpack_from("<i", data, 16)
        last_input, now = struct.unpack_from("<qq", data, 192)
    except (OSError, struct.error):
        return None, None
    locked = {0: True, 1: False}.get(flags)
    if locked is not None and build < _REVERSED_BEFORE:
        locked = not locked
    seconds = (now - last_input) // _TICKS if 0 < last_input <= now else None
    return seconds, locked


def _own_idle() -> int | None:
    """Return the seconds since the last input of this process's own session."""
    info = _c.create_string_buffer(struct.pack("<II", 8, 0), 8)
    if not _library("user32").GetLastInputInfo(info):
        return None
    (last,) = struct.unpack_from("<I", info.raw, 4)
    ticks = _library("kernel32").GetTickCount() & 0xFFFFFFFF
    return int((ticks - last & 0xFFFFFFFF) // 1000)


def _is_administrator(name: str) -> bool | None:
    """Return whether an account is an administrator; None where the group holds other groups, or can't be read."""
    try:
        members = _members()
    except OSError:
        return None
    if any(one == name for one, _ in members):
        return True
    return None if any(kind != _USER for _, kind in members) else False
