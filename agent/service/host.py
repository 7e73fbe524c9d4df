r"""The process of the service on Windows: it says that it runs before it imports the agent.

``python.exe -m agent.service.host [OPTIONS]``, started by the service control manager, which waits 30 seconds for
that word: on a school's old PC, whose disk is busy at the start, Python's imports alone can take that long.

One thread waits for orders, the main one is the daemon. An order to stop ends the daemon where it sleeps; one that is
busy is given three seconds, then its whole job ends at once, collecting process and all. Every file of the agent is
whole or not there, so nothing is lost by that.
"""

import ctypes
import os
import sys
import threading
import time
from ctypes import POINTER, Structure, byref, c_int, c_int64, c_size_t, c_void_p, c_wchar_p, sizeof
from ctypes.wintypes import BOOL, DWORD, HANDLE

from agent.service import NAME

assert sys.platform == "win32"  # noqa: S101 - and mypy reads on for Windows

STOP_WITHIN_SECONDS = 3.0
LOG_LIMIT_BYTES = 1 << 20

_STOPPED, _STOP_PENDING, _RUNNING = 1, 3, 4
_OWN_PROCESS, _ACCEPTS_STOP_AND_SHUTDOWN = 0x10, 0x5
_STOP, _INTERROGATE, _SHUTDOWN = 1, 4, 5
_OWN_ERROR, _NOT_IMPLEMENTED = 1066, 120
_KILL_WITH_THE_HANDLE, _LIMITS = 0x2000, 9

_advapi = ctypes.WinDLL("advapi32", use_last_error=True)
_kernel = ctypes.WinDLL("kernel32", use_last_error=True)

_Main = ctypes.WINFUNCTYPE(None, DWORD, c_void_p)
_Handler = ctypes.WINFUNCTYPE(DWORD, DWORD, DWORD, c_void_p, c_void_p)


class _Status(Structure):
    _fields_ = tuple(
        (name, DWORD)
        for name in ("kind", "state", "accepted", "exit_code", "own_exit_code", "check_point", "wait_hint")
    )


class _Entry(Structure):
    _fields_ = (("name", c_wchar_p), ("main", _Main))


class _Limits(Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION."""

    _fields_ = (
        ("process_time", c_int64), ("job_time", c_int64), ("flags", DWORD), ("least", c_size_t), ("most", c_size_t),
        ("processes", DWORD), ("affinity", c_size_t), ("priority", DWORD), ("scheduling", DWORD),
        ("counters", c_int64 * 6), ("memory", c_size_t * 4),
    )  # fmt: skip


_advapi.StartServiceCtrlDispatcherW.argtypes = (POINTER(_Entry),)
_advapi.RegisterServiceCtrlHandlerExW.argtypes = (c_wchar_p, _Handler, c_void_p)
_advapi.RegisterServiceCtrlHandlerExW.restype = HANDLE
_advapi.SetServiceStatus.argtypes = (HANDLE, POINTER(_Status))
_kernel.CreateJobObjectW.argtypes = (c_void_p, c_wchar_p)
_kernel.CreateJobObjectW.restype = HANDLE
_kernel.SetInformationJobObject.argtypes = (HANDLE, c_int, c_void_p, DWORD)
_kernel.SetInformationJobObject.restype = BOOL
_kernel.GetCurrentProcess.restype = HANDLE
_kernel.AssignProcessToJobObject.argtypes = (HANDLE, HANDLE)


class Service:
    """What the service control manager is told, and what it orders."""

    def __init__(self) -> None:
        self.runs = threading.Event()
        self.refused = 0
        self.stopping = threading.Event()
        self._ended = threading.Event()
        self._handle: int | None = None
        self._callbacks = _Main(self._main), _Handler(self._order)  # they must live as long as Windows may call them
        threading.Thread(target=self._orders, daemon=True).start()
        self.runs.wait()

    def _orders(self) -> None:
        table = (_Entry * 2)(_Entry(NAME, self._callbacks[0]), _Entry())
        if not _advapi.StartServiceCtrlDispatcherW(table):
            self.refused = ctypes.get_last_error()
            self.runs.set()

    def _main(self, _count: int, _arguments: int | None) -> None:
        self._handle = _advapi.RegisterServiceCtrlHandlerExW(NAME, self._callbacks[1], None)
        self._say(_RUNNING, _ACCEPTS_STOP_AND_SHUTDOWN)
        self.runs.set()
        self._ended.wait()

    def _say(self, state: int, accepted: int = 0, own_exit_code: int = 0, wait_hint_ms: int = 0) -> None:
        exit_code = _OWN_ERROR if own_exit_code else 0
        status = _Status(_OWN_PROCESS, state, accepted, exit_code, own_exit_code, 0, wait_hint_ms)
        _advapi.SetServiceStatus(self._handle, byref(status))

    def _order(self, order: int, _kind: int, _data: int | None, _context: int | None) -> int:
        if order in {_STOP, _SHUTDOWN}:
            self._say(_STOP_PENDING, wait_hint_ms=round(1000 * STOP_WITHIN_SECONDS) + 1000)
            if not self.stopping.is_set():
                self.stopping.set()
                timer = threading.Timer(STOP_WITHIN_SECONDS, self.end)
                timer.daemon = True
                timer.start()
            return 0
        return 0 if order == _INTERROGATE else _NOT_IMPLEMENTED

    def end(self, own_exit_code: int = 0) -> None:
        """Say that the service has stopped, and end this process."""
        self._say(_STOPPED, own_exit_code=own_exit_code)
        self._ended.set()
        time.sleep(0.1)  # the manager reads the word before it sees the process go
        os._exit(own_exit_code)


def _die_together() -> int:
    """Have every process that this one starts end with it, however it ends; return the handle that holds them."""
    job: int = _kernel.CreateJobObjectW(None, None)
    limits = _Limits(flags=_KILL_WITH_THE_HANDLE)
    if _kernel.SetInformationJobObject(job, _LIMITS, byref(limits), sizeof(limits)):
        _kernel.AssignProcessToJobObject(job, _kernel.GetCurrentProcess())
    return job


def main() -> None:
    """Be the service."""
    service = Service()
    if service.refused:
        print(f"baove: error {service.refused}: this is started by Windows itself: sc start {NAME}")  # noqa: T201 - a command
        sys.exit(2)
    _die_together()
    try:
        why = _run(service)
    except Exception as error:  # noqa: BLE001 - whatever it is, the event log tells it
        why = f"the agent ended by a bug of its own, please report it: {type(error).__name__}: {error}"
    if why is not None:
        from agent.service.windows import tell

        tell(why)
    service.end(0 if why is None else 1)


def _run(service: Service) -> str | None:
    """Run the daemon until it is to stop; return why it could not run, if so."""
    from agent.__main__ import daemon_options
    from agent.daemon import CannotRun, Options, Stopped, prepare, run
    from collectors.settings import SettingsError
    from rules.words import language_of, sentence, translator

    def sleep(seconds: float) -> None:
        if service.stopping.wait(seconds):
            raise Stopped

    say = translator(language_of(os.environ))
    try:
        options: Options = daemon_options(sys.argv[1:])
        prepare(options.data)
        _log_into(options.data / "agent.log")
        run(options, sleep)
    except SettingsError as error:
        return say(sentence(error.template, **error.arguments))
    except CannotRun as error:
        return say(error.args[0])
    except Stopped:
        return None


def _log_into(path: "os.PathLike[str]") -> None:
    """Send what the agent and its collecting processes log into a file; the one before is kept once."""
    if os.path.exists(path) and os.path.getsize(path) > LOG_LIMIT_BYTES:  # noqa: PTH110, PTH202 - no pathlib yet
        os.replace(path, f"{os.fspath(path)}.old")  # noqa: PTH105 - the same
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(file, 2)
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - it stays open


if __name__ == "__main__":
    main()
