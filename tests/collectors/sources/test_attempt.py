"""A probe tries each step once, and says in a short phrase what went wrong."""

import contextlib
import http.server
import socket
import threading
from collections.abc import Iterator

import pytest

from collectors.sources.attempt import attempt
from collectors.sources.probe import Probe


@contextlib.contextmanager
def site(status: int, location: str | None = None) -> Iterator[str]:
    """Serve one answer on loopback; give the address."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            if location:
                self.send_header("Location", location)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def steps(target: str) -> list[tuple[str, str | None]]:
    """Return each step that was tried, and its error."""
    return [(one.kind, one.error) for one in attempt(Probe("internet", target))]


GOOD = [("dns", None), ("tcp", None)]


def test_what_answers_is_reached() -> None:
    """Name, connection, answer."""
    with site(200) as address:
        assert steps(f"{address}/") == [*GOOD, ("http", None)]
        assert steps(address.replace("http", "tcp")) == GOOD


@pytest.mark.parametrize(
    ("status", "location", "path", "error"),
    [
        (200, None, "/generate_204", "answered 200 instead of 204: a sign-in page stands in the way"),
        (204, None, "/generate_204", None),
        (503, None, "/", "answered 503"),
        (302, "http://wifi.example/login", "/", "redirects to another host"),
        (302, "/trang-chu", "/", None),
        (302, "http://[none", "/", "an address that is none"),
    ],
)
def test_an_answer_that_is_not_the_targets_own_is_no_success(
    status: int, location: str | None, path: str, error: str | None
) -> None:
    """A captive portal answers in the place of every site."""
    with site(status, location) as address:
        assert steps(f"{address}{path}")[-1] == ("http", error)


def test_a_shut_port_ends_with_the_connection() -> None:
    """What comes after it was not tried."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert steps(f"https://127.0.0.1:{port}/") == [("dns", None), ("tcp", "connection refused")]


@pytest.mark.parametrize("name", ["a" * 70 + ".vn", "..vn", "khong-co.invalid"])
def test_a_name_that_is_none_does_not_resolve(name: str) -> None:
    """Python refuses some names itself, with an error of another kind."""
    assert steps(f"http://{name}/") == [("dns", "the name does not resolve")]


def test_what_speaks_no_tls_is_told() -> None:
    """The connection stands, encryption fails."""
    with site(200) as address:
        found = steps(address.replace("http", "https"))
    assert found[:2] == GOOD
    assert found[2][0] == "tls"
    assert (found[2][1] or "").startswith("TLS failed: ")
