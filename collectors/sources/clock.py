"""How wrong a clock is, by one question to a time server (SNTP, RFC 4330)."""

import socket
import struct
import threading
import time

PORT, TIMEOUT_SECONDS = 123, 3.0
PATIENCE_SECONDS = 4.0
"""How long an answer is waited for, the look-up of the name included, which no timeout of its own ends."""

_PACKET = struct.Struct("!BBBb11I")
_ASK = 0x23  # version 4, client
_SERVER_MODE, _MODES = 4, 7
_UNSYNCHRONISED = 3  # the leap indicator of a server that does not know the time itself
_EPOCH_SECONDS = 2_208_988_800  # from 1900, where NTP begins, to 1970
_ERA_SECONDS = 1 << 32


def parse(answer: bytes, sent: float, received: float) -> float | None:
    """Return by how many seconds the local clock is ahead of the server's; None for what is no answer.

    ``sent`` and ``received`` are local times, in seconds since 1970.
    """
    if len(answer) < _PACKET.size:
        return None
    mode, stratum, _, _, *words = _PACKET.unpack(answer[: _PACKET.size])
    if mode & _MODES != _SERVER_MODE or mode >> 6 == _UNSYNCHRONISED or not 0 < stratum < 16:  # noqa: PLR2004 - RFC 4330
        return None
    arrived, left = (_seconds(words[at], words[at + 1], received) for at in (7, 9))
    return ((sent - arrived) + (received - left)) / 2


def _seconds(whole: int, fraction: int, near: float) -> float:
    """Return an NTP time in seconds since 1970. It begins anew in 2036: the era is that which lies nearest."""
    at = whole - _EPOCH_SECONDS + fraction / _ERA_SECONDS
    return at + round((near - at) / _ERA_SECONDS) * _ERA_SECONDS


def offset(server: str) -> float:
    """Ask a server once. Raises OSError where no answer comes in time, or none that can be used."""
    found: list[float | OSError | None] = []

    def ask() -> None:
        try:
            found.append(_asked(server))
        except (OSError, UnicodeError) as error:
            found.append(error if isinstance(error, OSError) else None)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PATIENCE_SECONDS)
    answer = found[0] if found else TimeoutError(110, "no answer", server)
    if isinstance(answer, OSError):
        raise answer
    if answer is None:
        raise OSError(71, "no answer that can be used", server)
    return answer


def _asked(server: str) -> float | None:
    family, kind, protocol, _, address = socket.getaddrinfo(server, PORT, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, protocol) as connection:
        connection.settimeout(TIMEOUT_SECONDS)
        connection.connect(address)
        sent = time.time()
        connection.send(_PACKET.pack(_ASK, *[0] * 14))
        answer = connection.recv(512)
        return parse(answer, sent, time.time())
