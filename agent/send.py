"""Sends a report and reads the answer, of which only a closed schema within the agent's own limits is believed."""

import contextlib
import http
import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any
from urllib.parse import urlsplit

from agent import VERSION
from agent.settings import LEAST_REPORT_SECONDS, MOST_REPORT_SECONDS, probes
from collectors.sources.probe import Probe

PATH = "/api/v1/reports"
STEP_SECONDS = 15.0
WHOLE_SECONDS = 60.0
"""No single step of the exchange may take longer than the first, nor all of it than the second."""

ANSWER_LIMIT = 64 << 10
DEVICE_ID_LIMIT = 64

REFUSALS = frozenset({400, 413, 415, 422})
"""What a hub answers to a report that it will never take."""


class Away(Exception):  # noqa: N818 - the hub's state
    """No hub answered as one should: the report is to be kept. The message says what happened."""


class Rejected(Exception):  # noqa: N818 - the report's state
    """The hub will never take this report. The message says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a hub may say. None: it said nothing of that, or nothing within limits."""

    device_id: str | None = None
    resend: frozenset[str] = field(default_factory=frozenset)
    report_every_seconds: int | None = None
    probes: tuple[Probe, ...] | None = None


def send(hub: str, body: bytes, tables: Collection[str], whole_seconds: float = WHOLE_SECONDS) -> Answer:
    """Send a packed report; ``tables`` are the names that the hub may ask for again. Raises Away or Rejected."""
    headers = {
        "Content-Type": "application/json",
        "Content-Encoding": "gzip",
        "Accept": "application/json",
        "User-Agent": f"baove-agent/{VERSION}",
        "Date": formatdate(time.time(), usegmt=True),
        "Connection": "close",
    }
    status, content = _exchange(hub, body, headers, whole_seconds)
    if status in REFUSALS:
        raise Rejected(f"the hub refused the report: {status} {_detail(content)}")
    if status not in {http.HTTPStatus.OK, http.HTTPStatus.ACCEPTED, http.HTTPStatus.CREATED}:
        raise Away(f"the hub answered {status} {_detail(content)}")
    return read_answer(content, tables)


def _exchange(hub: str, body: bytes, headers: dict[str, str], whole_seconds: float) -> tuple[int, bytes]:
    parts = urlsplit(hub)
    client: http.client.HTTPConnection
    if parts.scheme == "https":
        client = http.client.HTTPSConnection(
            parts.hostname or "", parts.port, timeout=STEP_SECONDS, context=ssl.create_default_context()
        )
    else:
        client = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=STEP_SECONDS)
    late = threading.Event()
    timer: threading.Timer | None = None
    try:
        client.connect()
        timer = threading.Timer(whole_seconds, _cut, [client.sock, late])
        timer.daemon = True
        timer.start()
        client.request("POST", parts.path + PATH, body, headers)
        with client.getresponse() as answer:
            content = answer.read(ANSWER_LIMIT + 1)
            if late.is_set():
                raise TimeoutError
            if len(content) > ANSWER_LIMIT:
                raise Away(f"the hub answered more than {ANSWER_LIMIT} bytes")
            return answer.status, content
    except ssl.SSLCertVerificationError as why:
        raise Away(f"the hub's certificate is refused: {why.verify_message}") from why
    except socket.gaierror as why:
        raise Away(f"the hub's name does not resolve: {parts.hostname}") from why
    except (OSError, http.client.HTTPException) as why:
        if late.is_set() or isinstance(why, TimeoutError):
            raise Away("the hub did not answer in time") from why
        said = why.strerror if isinstance(why, OSError) and why.strerror else type(why).__name__
        raise Away(f"the hub can't be reached: {said}") from why
    finally:
        if timer is not None:
            timer.cancel()
        client.close()


def _cut(connection: socket.socket, late: threading.Event) -> None:
    late.set()
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _detail(content: bytes) -> str:
    """Return the detail of a problem+json (RFC 9457), printable and short; nothing of any other answer."""
    problem = _json(content)
    detail = problem.get("detail") or problem.get("title") if isinstance(problem, dict) else None
    return "".join(one for one in detail if one.isprintable())[:200] if isinstance(detail, str) else ""


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def read_answer(content: bytes, tables: Collection[str]) -> Answer:
    """
    Read an answer. Raises Away where it is no hub's: a captive portal says 200 to everything.

    Beside ``accepted`` a wrong or unknown word is left out, whatever it is: an answer can't make the agent do more.
    """
    said = _json(content)
    if not isinstance(said, dict) or said.get("accepted") is not True:
        raise Away("what answered is no hub: a sign-in page, or another service at this address")
    device_id, resend, every = said.get("device_id"), said.get("resend"), said.get("report_every_seconds")
    if not (isinstance(device_id, str) and 0 < len(device_id) <= DEVICE_ID_LIMIT and device_id.isprintable()):
        device_id = None
    if type(every) is not int or not LEAST_REPORT_SECONDS <= every <= MOST_REPORT_SECONDS:
        every = None
    wanted = {one for one in resend if isinstance(one, str)} if isinstance(resend, list) else set()
    return Answer(device_id, frozenset(wanted & set(tables)), every, _probes(said.get("probes")))


def _probes(said: Any) -> tuple[Probe, ...] | None:
    try:
        return probes(said) if isinstance(said, list) else None
    except (ValueError, TypeError):
        return None
