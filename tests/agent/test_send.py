"""Sending, over real HTTP, to hubs that behave and hubs that do not."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.report import packed
from agent.send import ANSWER_LIMIT, Answer, Away, Rejected, read_answer, send
from collectors.sources.probe import Probe
from tests.agent.machines import Hub, listening, taken

REPORT = packed([b'{"format":1}'])
TABLES = {"disk", "software"}


@pytest.fixture
def hub() -> Iterator[Hub]:
    """Run a hub."""
    with listening() as running:
        yield running


def test_a_report_is_taken(hub: Hub) -> None:
    """The hub sees the report, the agent its answer; the clock stands in the header Date."""
    hub.replies = [taken(resend=["disk"])]
    answer = send(hub.url, REPORT, TABLES)

    assert answer == Answer(device_id="pc-1", resend=frozenset({"disk"}))
    assert hub.reports == [{"format": 1}]
    assert hub.headers[0]["Content-Encoding"] == "gzip"
    assert abs(parsedate_to_datetime(hub.headers[0]["Date"]).timestamp() - time.time()) < 60


@pytest.mark.parametrize("status", [301, 401, 403, 404, 408, 429, 500, 502, 503])
def test_a_hub_in_trouble_is_away(hub: Hub, status: int) -> None:
    """The report is kept, for a hub that will be well again."""
    hub.replies = [(status, b"<html>no</html>")]

    with pytest.raises(Away, match=f"the hub answered {status}"):
        send(hub.url, REPORT, TABLES)


@pytest.mark.parametrize("status", [400, 413])
def test_a_report_that_is_refused_says_why(hub: Hub, status: int) -> None:
    """The hub's own sentence is told, from problem+json, and is short and printable."""
    problem = {"detail": "format 2 is newer\x1b[31m than this hub" + "!" * 1000}
    hub.replies = [(status, json.dumps(problem).encode())]

    with pytest.raises(Rejected, match=rf"the hub refused the report: {status} format 2 is newer\[31m than") as caught:
        send(hub.url, REPORT, TABLES)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>Please sign in</html>",
        b"[]",
        b"{}",
        b'{"accepted":"true"}',
        b'{"accepted":1}',
        b"\xff",
        b"[" * 9000,
    ],
)
def test_an_answer_that_is_no_hubs_is_no_acknowledgement(hub: Hub, content: bytes) -> None:
    """A captive portal says 200 to everything: the report is kept."""
    hub.replies = [(200, content)]

    with pytest.raises(Away, match="what answered is no hub"):
        send(hub.url, REPORT, TABLES)


def test_a_huge_answer_is_not_read(hub: Hub) -> None:
    """Nobody fills the PC's memory from outside."""
    hub.replies = [(200, b" " * (ANSWER_LIMIT + 1) + taken()[1])]

    with pytest.raises(Away, match="more than 65536 bytes"):
        send(hub.url, REPORT, TABLES)


def test_an_answer_that_drips_is_cut_off(hub: Hub) -> None:
    """The whole exchange has a limit, not only each step of it."""
    hub.slow_seconds = 0.2
    hub.replies = [taken(resend=["disk"] * 500)]
    started = time.monotonic()

    with pytest.raises(Away, match="did not answer in time"):
        send(hub.url, REPORT, TABLES, whole_seconds=0.6)
    assert time.monotonic() - started < 5


def test_nobody_there_is_away() -> None:
    """The sentence says what the network said."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    with pytest.raises(Away, match="the hub can't be reached: Connection refused"):
        send(f"http://127.0.0.1:{port}", REPORT, TABLES)


def test_something_else_that_listens_is_away() -> None:
    """What does not speak HTTP is no hub."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def banner() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"220 mail.example ESMTP\r\n\r\n")

        threading.Thread(target=banner, daemon=True).start()
        with pytest.raises(Away, match="the hub can't be reached: BadStatusLine"):
            send(f"http://127.0.0.1:{server.getsockname()[1]}", REPORT, TABLES)


def test_only_known_tables_are_sent_again() -> None:
    """A hub can't ask for what the agent does not collect."""
    content = json.dumps({"accepted": True, "resend": ["disk", "passwords", 7, None, ["software"]]}).encode()

    assert read_answer(content, TABLES).resend == {"disk"}


@pytest.mark.parametrize(
    ("said", "taken_as"),
    [
        (300, 300),
        (86400, 86400),
        (299, None),
        (86401, None),
        (-1, None),
        (3600.0, None),
        ("3600", None),
        (True, None),
        (None, None),
    ],
)
def test_the_pace_stays_within_the_agents_own_limits(said: object, taken_as: int | None) -> None:
    """From five minutes to a day; anything else is as if nothing had been said."""
    content = json.dumps({"accepted": True, "report_every_seconds": said}).encode()

    assert read_answer(content, TABLES).report_every_seconds == taken_as


@pytest.mark.parametrize(
    ("said", "taken_as"),
    [
        ([{"purpose": "sector", "target": "https://example.edu.vn/"}], (Probe("sector", "https://example.edu.vn/"),)),
        ([], ()),
        ([{"purpose": "sector", "target": "file:///etc/shadow"}], None),
        ([{"purpose": "sector", "target": "https://a:b@example.edu.vn/"}], None),
        ([{"purpose": "sector", "target": "https://example.edu.vn/", "run": "calc.exe"}], None),
        ([{"purpose": "x", "target": "https://example.edu.vn/"}] * 21, None),
        ("https://example.edu.vn/", None),
        (7, None),
    ],
)
def test_probes_are_addresses_and_few(said: object, taken_as: object) -> None:
    """One that is not taken takes the others with it: half a list is nobody's wish."""
    content = json.dumps({"accepted": True, "probes": said}).encode()

    assert read_answer(content, TABLES).probes == taken_as


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.fixed_dictionaries(
        {"accepted": st.just(True)},
        optional=dict.fromkeys(
            ("device_id", "resend", "report_every_seconds", "probes", "run", "command", ""), json_values
        ),
    )
)
def test_no_answer_can_make_the_agent_do_more(said: dict[str, object]) -> None:
    """Whatever stands in an answer, only what the schema names comes out, within its limits."""
    answer = read_answer(json.dumps(said).encode(), TABLES)

    assert answer.resend <= TABLES
    assert answer.report_every_seconds is None or 300 <= answer.report_every_seconds <= 86400
    assert answer.device_id is None or (len(answer.device_id) <= 64 and answer.device_id.isprintable())
    assert answer.probes is None or len(answer.probes) <= 20


@given(st.binary(max_size=200))
def test_garbage_is_never_an_acknowledgement(content: bytes) -> None:
    """Bytes that nobody made as an answer leave the report in the spool."""
    with pytest.raises(Away):
        read_answer(content, TABLES)
