"""One attempt to reach a target, step by step: DNS, TCP, TLS, HTTP. A probe that retries measures something else."""

import contextlib
import http
import http.client
import socket
import ssl
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from collectors.sources.probe import PORTS, Probe, ProbeResult

TIMEOUT_SECONDS = 5.0


def attempt(probe: Probe) -> list[ProbeResult]:
    """Try each step until one fails; what comes after that was not tried, so it has no result."""
    results: list[ProbeResult] = []
    steps = _steps(probe.target)
    while True:
        started = time.monotonic()
        kind, error = "", None
        try:
            kind = next(steps)
        except StopIteration:
            return results
        except _StepError as why:
            kind, error = why.kind, why.reason
        results.append(ProbeResult(kind, error is None, time.monotonic() - started, error))


class _StepError(Exception):
    def __init__(self, kind: str, reason: str) -> None:
        self.kind, self.reason = kind, reason


@contextlib.contextmanager
def _step(kind: str) -> Iterator[None]:
    """Turn what went wrong within a step into its short phrase."""
    try:
        yield
    except socket.gaierror as why:
        raise _StepError(kind, "the name does not resolve") from why
    except TimeoutError as why:
        raise _StepError(kind, f"no answer within {TIMEOUT_SECONDS:g} s") from why
    except ssl.SSLCertVerificationError as why:
        raise _StepError(kind, f"certificate refused: {why.verify_message}") from why
    except ssl.SSLError as why:
        raise _StepError(kind, f"TLS failed: {why.reason or 'broken handshake'}") from why
    except OSError as why:
        raise _StepError(kind, (why.strerror or type(why).__name__).lower()) from why
    except ValueError as why:  # a label that no name can have; an address in an answer that is none
        raise _StepError(kind, "the name does not resolve" if kind == "dns" else "an address that is none") from why
    except http.client.HTTPException as why:
        raise _StepError(kind, f"not HTTP: {type(why).__name__}") from why


def _steps(target: str) -> Iterator[str]:
    """Yield the name of each step once it has succeeded; raise _StepError for the one that did not."""
    parts = urlsplit(target)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    with _step("dns"):
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    yield "dns"

    with socket.socket(family, kind, protocol) as connection:
        connection.settimeout(TIMEOUT_SECONDS)
        with _step("tcp"):
            connection.connect(address)
        yield "tcp"
        if parts.scheme == "tcp":
            return

        stream = connection
        if parts.scheme == "https":
            with _step("tls"):
                stream = ssl.create_default_context().wrap_socket(connection, server_hostname=host)
            yield "tls"

        with _step("http"):
            _ask(stream, target)
        yield "http"


def _ask(stream: socket.socket, target: str) -> None:
    """Ask for the page. A captive portal answers too, with a page of its own or a redirection: that is no success."""
    parts = urlsplit(target)
    client = http.client.HTTPConnection(parts.hostname or "", parts.port or PORTS[parts.scheme])
    client.sock = stream
    client.request("GET", parts.path or "/", headers={"User-Agent": "baove", "Connection": "close"})
    answer = client.getresponse()
    if parts.path.endswith("/generate_204") and answer.status != http.HTTPStatus.NO_CONTENT:
        raise _StepError("http", f"answered {answer.status} instead of 204: a sign-in page stands in the way")
    if answer.status >= http.HTTPStatus.BAD_REQUEST:
        raise _StepError("http", f"answered {answer.status}")
    location = urlsplit(answer.headers.get("Location", ""))
    if location.hostname and location.hostname.removeprefix("www.") != (parts.hostname or "").removeprefix("www."):
        raise _StepError("http", "redirects to another host")
