"""Windows' service control manager and event log, by ctypes: what setup.py and host.py ask of them.

Each function raises OSError (with ``winerror``) where Windows refuses.
"""

import ctypes
import sys
import time
import winreg
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ctypes import POINTER, Structure, byref, c_int, c_void_p, c_wchar_p
from ctypes.wintypes import BOOL, DWORD, HANDLE, LPVOID, WORD

from agent.service import ABOUT, DISPLAYED, NAME

assert sys.platform == "win32"  # noqa: S101 - and mypy reads on for Windows

PRIVILEGES = ("SeChangeNotifyPrivilege", "SeImpersonatePrivilege")
"""All that is left of the system account's privileges: to walk through folders, and to be known to WMI's providers."""

RESTART_AFTER_SECONDS = (10, 60, 300)
"""After the first, the second and every other failure of a day."""

STOPPED, START_PENDING, STOP_PENDING, RUNNING = 1, 2, 3, 4

_OWN_PROCESS, _AUTOMATIC, _LOG_FAILURE, _NO_CHANGE = 0x10, 2, 1, 0xFFFFFFFF
_ALL_OF_MANAGER, _ALL_OF_SERVICE = 0xF003F, 0xF01FF
_DESCRIPTION, _FAILURE_ACTIONS, _DELAYED, _FAILURE_FLAG, _SID, _REQUIRED_PRIVILEGES = 1, 2, 3, 4, 5, 6
_RESTART, _UNRESTRICTED_SID = 1, 1
_NO_SUCH_SERVICE, _ALREADY_RUNNING, _NOT_ACTIVE, _MARKED_FOR_DELETE, _BUFFER = 1060, 1056, 1062, 1072, 122
_UNKNOWN_LEVEL, _NOT_SUPPORTED, _BAD_PARAMETER = 124, 50, 87

EVENT_SOURCE = rf"SYSTEM\CurrentControlSet\Services\EventLog\Application\{NAME}"
EVENT_MESSAGES = r"%SystemRoot%\System32\EventCreate.exe"
"""A file of Windows whose messages 1 to 1000 are the given sentence and nothing else."""

_EVENT_ERROR, _EVENT_INFORMATION = 1, 4

_advapi = ctypes.WinDLL("advapi32", use_last_error=True)


class _Status(Structure):
    _fields_ = tuple(
        (name, DWORD)
        for name in ("kind", "state", "accepted", "exit_code", "own_exit_code", "check_point", "wait_hint")
    )


class _Config(Structure):
    _fields_ = (
        ("kind", DWORD), ("start", DWORD), ("error", DWORD), ("command", c_wchar_p), ("group", c_wchar_p),
        ("tag", DWORD), ("depends", c_wchar_p), ("account", c_wchar_p), ("displayed", c_wchar_p),
    )  # fmt: skip


class _Action(Structure):
    _fields_ = (("kind", c_int), ("delay_ms", DWORD))


class _Failures(Structure):
    _fields_ = (
        ("reset_seconds", DWORD), ("message", c_wchar_p), ("command", c_wchar_p), ("count", DWORD),
        ("actions", POINTER(_Action)),
    )  # fmt: skip


class _Text(Structure):
    _fields_ = (("text", c_wchar_p),)


class _Number(Structure):
    _fields_ = (("number", DWORD),)


def _declare(name: str, result: object, *arguments: object) -> Callable[..., int]:
    function = getattr(_advapi, name)
    function.restype, function.argtypes = result, arguments
    return function  # type: ignore[no-any-return]


_open_manager = _declare("OpenSCManagerW", HANDLE, c_wchar_p, c_wchar_p, DWORD)
_open_service = _declare("OpenServiceW", HANDLE, HANDLE, c_wchar_p, DWORD)
_create_service = _declare(
    "CreateServiceW", HANDLE, HANDLE, c_wchar_p, c_wchar_p, DWORD, DWORD, DWORD, DWORD, c_wchar_p, c_wchar_p,
    LPVOID, c_wchar_p, c_wchar_p, c_wchar_p,
)  # fmt: skip
_change = _declare(
    "ChangeServiceConfigW", BOOL, HANDLE, DWORD, DWORD, DWORD, c_wchar_p, c_wchar_p, LPVOID, c_wchar_p, c_wchar_p,
    c_wchar_p, c_wchar_p,
)  # fmt: skip
_change_more = _declare("ChangeServiceConfig2W", BOOL, HANDLE, DWORD, c_void_p)
_query_config = _declare("QueryServiceConfigW", BOOL, HANDLE, c_void_p, DWORD, POINTER(DWORD))
_query_status = _declare("QueryServiceStatus", BOOL, HANDLE, POINTER(_Status))
_start = _declare("StartServiceW", BOOL, HANDLE, DWORD, c_void_p)
_control = _declare("ControlService", BOOL, HANDLE, DWORD, POINTER(_Status))
_delete = _declare("DeleteService", BOOL, HANDLE)
_close = _declare("CloseServiceHandle", BOOL, HANDLE)
_register_source = _declare("RegisterEventSourceW", HANDLE, c_wchar_p, c_wchar_p)
_report_event = _declare(
    "ReportEventW", BOOL, HANDLE, WORD, WORD, DWORD, c_void_p, WORD, DWORD, POINTER(c_wchar_p), c_void_p
)
_deregister_source = _declare("DeregisterEventSource", BOOL, HANDLE)


def _failed() -> OSError:
    return ctypes.WinError(ctypes.get_last_error())


def _checked(result: int | None) -> int:
    if not result:
        raise _failed()
    return result


@contextmanager
def _manager() -> Iterator[int]:
    manager = _checked(_open_manager(None, None, _ALL_OF_MANAGER))
    try:
        yield manager
    finally:
        _close(manager)


@contextmanager
def _service() -> Iterator[int | None]:
    """Give the service's handle, or None where there is no such service."""
    with _manager() as manager:
        service = _open_service(manager, NAME, _ALL_OF_SERVICE)
        if not service and ctypes.get_last_error() != _NO_SUCH_SERVICE:
            raise _failed()
        try:
            yield service or None
        finally:
            if service:
                _close(service)


def command() -> str | None:
    """Return the command line that the service runs; None where there is no such service."""
    with _service() as service:
        if service is None:
            return None
        needed = DWORD()
        if not _query_config(service, None, 0, byref(needed)) and ctypes.get_last_error() != _BUFFER:
            raise _failed()
        buffer = ctypes.create_string_buffer(needed.value)
        _checked(_query_config(service, buffer, needed, byref(needed)))
        found: str = _Config.from_buffer(buffer).command
        return found


def state() -> int | None:
    """Return the service's state (STOPPED, RUNNING …); None where there is no such service."""
    with _service() as service:
        if service is None:
            return None
        status = _Status()
        _checked(_query_status(service, byref(status)))
        found: int = status.state
        return found


def put(command_line: str) -> None:
    """Have the service run a command line, as the system with what PRIVILEGES leaves of its rights; make it if need be.

    It starts with the system and is restarted after each failure, for ever.
    """
    with _service() as service:
        if service is not None:
            _checked(
                _change(
                    service,
                    _OWN_PROCESS,
                    _AUTOMATIC,
                    _LOG_FAILURE,
                    command_line,
                    None,
                    None,
                    None,
                    None,
                    None,
                    DISPLAYED,
                )
            )
            _equip(service)
            return
    with _manager() as manager:
        service = _checked(
            _create_service(
                manager, NAME, DISPLAYED, _ALL_OF_SERVICE, _OWN_PROCESS, _AUTOMATIC, _LOG_FAILURE, command_line,
                None, None, None, None, None,
            )
        )  # fmt: skip
        try:
            _equip(service)
        finally:
            _close(service)


def _equip(service: int) -> None:
    actions = (_Action * len(RESTART_AFTER_SECONDS))(*(_Action(_RESTART, 1000 * one) for one in RESTART_AFTER_SECONDS))
    failures = _Failures(86400, None, None, len(actions), ctypes.cast(actions, POINTER(_Action)))
    privileges = ctypes.create_unicode_buffer("\0".join(PRIVILEGES) + "\0")
    for level, said in (
        (_DESCRIPTION, _Text(ABOUT)),
        (_FAILURE_ACTIONS, failures),
        (_FAILURE_FLAG, _Number(1)),  # an end with an error is a failure, not only a crash
        (_DELAYED, _Number(1)),  # a slow PC has its desktop first
        (_SID, _Number(_UNRESTRICTED_SID)),
        (_REQUIRED_PRIVILEGES, _Text(ctypes.cast(privileges, c_wchar_p))),
    ):
        if not _change_more(service, level, byref(said)):
            why = ctypes.get_last_error()
            if why not in {_UNKNOWN_LEVEL, _NOT_SUPPORTED, _BAD_PARAMETER}:
                raise _failed()


def start() -> None:
    """Start the service, if it does not run."""
    with _service() as service:
        if service is None:
            raise ctypes.WinError(_NO_SUCH_SERVICE)
        if not _start(service, 0, None) and ctypes.get_last_error() != _ALREADY_RUNNING:
            raise _failed()


def stop(within_seconds: float = 15.0) -> None:
    """Stop the service and wait until it has stopped. Raises TimeoutError."""
    with _service() as service:
        if service is None:
            return
        if not _control(service, 1, byref(_Status())) and ctypes.get_last_error() != _NOT_ACTIVE:
            raise _failed()
    wait_for(STOPPED, within_seconds)


def wait_for(wanted: int, within_seconds: float) -> None:
    """Wait until the service has a state. Raises TimeoutError."""
    until = time.monotonic() + within_seconds
    while state() != wanted:
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.2)


def delete() -> None:
    """Delete the service, if there is one."""
    with _service() as service:
        if service is not None and not _delete(service) and ctypes.get_last_error() != _MARKED_FOR_DELETE:
            raise _failed()


def register_events() -> None:
    """Have the event viewer show our sentences as they are."""
    with winreg.CreateKeyEx(winreg.HKEY_LOCAL_MACHINE, EVENT_SOURCE) as key:
        winreg.SetValueEx(key, "EventMessageFile", 0, winreg.REG_EXPAND_SZ, EVENT_MESSAGES)
        winreg.SetValueEx(key, "TypesSupported", 0, winreg.REG_DWORD, 7)


def forget_events() -> None:
    """Take back what register_events did."""
    with suppress(FileNotFoundError):
        winreg.DeleteKey(winreg.HKEY_LOCAL_MACHINE, EVENT_SOURCE)


def tell(sentence: str, *, error: bool = True) -> None:
    """Write one sentence into the event log. It raises nothing: who tells a failure must not fail again."""
    source = _register_source(None, NAME)
    if source:
        texts = (c_wchar_p * 1)(sentence)
        kind = _EVENT_ERROR if error else _EVENT_INFORMATION
        _report_event(source, kind, 0, 1, None, 1, 0, texts, None)
        _deregister_source(source)
