"""When people signed in and out, and the PC started and stopped, by the System event log of a live Windows.

Only times and kinds are taken out of an event: the log also holds SIDs.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from collectors.sources.windows import SessionEvent

# (provider, event) -> kind. Winlogon notifies of sign-ins since Windows 7; the kernel of starts, stops and sleep.
KINDS = {
    ("Microsoft-Windows-Winlogon", 7001): "sign_in",
    ("Microsoft-Windows-Winlogon", 7002): "sign_out",
    ("Microsoft-Windows-Kernel-General", 12): "start",
    ("Microsoft-Windows-Kernel-General", 13): "stop",
    ("Microsoft-Windows-Kernel-Power", 42): "stop",
}

_PROVIDER = re.compile(r"<Provider\b[^>]*\bName=['\"]([^'\"]{1,100})['\"]")
_EVENT = re.compile(r"<EventID\b[^>]*>(\d{1,5})</EventID>", re.ASCII)
_TIME = re.compile(
    r"<TimeCreated\b[^>]*\bSystemTime=['\"](\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)[.\d]*Z['\"]", re.ASCII
)


def query(since: datetime) -> str:
    """Return the XPath that picks these events since a time, for the channel System."""
    picks = " or ".join(f"(Provider[@Name='{name}'] and EventID={number})" for name, number in KINDS)
    return f"*[System[({picks}) and TimeCreated[@SystemTime>='{since.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z']]]"


def parse(xml: str) -> SessionEvent | None:
    """Return what one event's XML tells; None where it is of no kind that counts."""
    provider, number, time = _PROVIDER.search(xml), _EVENT.search(xml), _TIME.search(xml)
    if not provider or not number or not time or (kind := KINDS.get((provider[1], int(number[1])))) is None:
        return None
    try:
        return SessionEvent(datetime(*(int(one) for one in time.groups()), tzinfo=UTC), kind)  # type: ignore[arg-type,misc]
    except ValueError:
        return None


_CHANNEL, _FORWARD, _AS_XML = 0x1, 0x100, 1
_AT_ONCE, _MOST = 64, 20_000
_NO_MORE = 259  # ERROR_NO_MORE_ITEMS


def read(since: datetime) -> Iterator[SessionEvent]:
    """Yield the events of this Windows, oldest first. Raises OSError where the log can't be read."""
    import ctypes  # only a live Windows has what is asked of it

    api = ctypes.WinDLL("wevtapi", use_last_error=True)  # type: ignore[attr-defined]
    last_error = ctypes.get_last_error  # type: ignore[attr-defined]
    api.EvtQuery.restype = ctypes.c_void_p
    found = api.EvtQuery(None, "System", query(since), _CHANNEL | _FORWARD)
    if not found:
        raise OSError(last_error(), "the event log can't be read")
    try:
        seen = 0
        while seen < _MOST:
            handles, count = (ctypes.c_void_p * _AT_ONCE)(), ctypes.c_ulong()
            if not api.EvtNext(ctypes.c_void_p(found), _AT_ONCE, handles, 5000, 0, ctypes.byref(count)):
                if last_error() == _NO_MORE:
                    return
                raise OSError(last_error(), "the event log can't be read")
            for handle in handles[: count.value]:
                seen += 1
                if handle is None:
                    continue
                if event := parse(_xml(api, handle)):
                    yield event
                api.EvtClose(ctypes.c_void_p(handle))
    finally:
        api.EvtClose(ctypes.c_void_p(found))


def _xml(api: object, handle: int) -> str:
    import ctypes

    used, count = ctypes.c_ulong(), ctypes.c_ulong()
    render = api.EvtRender  # type: ignore[attr-defined]
    event = ctypes.c_void_p(handle)
    render(None, event, _AS_XML, 0, None, ctypes.byref(used), ctypes.byref(count))
    buffer = ctypes.create_unicode_buffer(used.value // 2 + 1)
    size = ctypes.sizeof(buffer)
    done = render(None, event, _AS_XML, size, buffer, ctypes.byref(used), ctypes.byref(count))
    return buffer.value if done else ""
