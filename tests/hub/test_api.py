"""The interface for programs: what is refused changes nothing and says so; Prometheus finds the last known state."""

import base64
import gzip
import json
from collections.abc import Iterator
from email.utils import format_datetime
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient
from prometheus_client.parser import text_string_to_metric_families

from hub.api import PAGE_ROWS_LIMIT
from hub.app import create_app
from hub.hub import Hub
from hub.judge import judge_all
from hub.reports import BODY_LIMIT_BYTES
from hub.tables import FACTS
from tests.hub.conftest import Clock, Query
from tests.hub.reports import DEVICE, FIREWALL, body, report, send

Client = TestClient[Any]


@pytest.fixture
def client(hub: Hub) -> Iterator[Client]:
    """Return a program that talks to the hub."""
    with TestClient(create_app(hub), base_url="http://127.0.0.1:8080", raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture
def any_client(any_hub: Hub) -> Iterator[Client]:
    """Return a program that talks to a hub on each database."""
    with TestClient(create_app(any_hub), base_url="http://127.0.0.1:8080", raise_server_exceptions=False) as opened:
        yield opened


def problem(answer: Any, status: int) -> str:
    """Return the sentence of a refusal, after looking at its shape."""
    assert (status, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    said = answer.json()
    assert {"type", "title", "status", "detail"} == set(said)
    assert said["status"] == status
    return str(said["detail"])


def test_a_report_is_taken_and_answered(client: Client, clock: Clock) -> None:
    """The answer says what to send again and what to probe, and holds no command."""
    answer = client.post(
        "/api/v1/reports", content=gzip.compress(body(report(clock()))), headers={"Content-Encoding": "gzip"}
    )

    assert (200, {"accepted", "device_id", "resend", "probes"}) == (answer.status_code, set(answer.json()))
    assert [answer.json()["device_id"]] == [row["device_id"] for row in client.get("/api/v1/devices").json()]


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"", {}, 400),
        (b'{"format": 1, "tables": {}}', {}, 400),
        (b'{"format": 7}', {}, 400),
        (b"garbage", {"Content-Encoding": "gzip"}, 400),
        (gzip.compress(bytes(40 << 20)), {"Content-Encoding": "gzip"}, 413),
        (bytes(BODY_LIMIT_BYTES + 1), {}, 413),
    ],
    ids=["empty", "incomplete", "newer format", "no gzip", "bomb", "too large"],
)
def test_a_bad_report_changes_nothing(
    client: Client, ask: Query, content: bytes, headers: dict[str, str], status: int
) -> None:
    """Malformed, oversized, a bomb or of a wrong format version: a problem in one sentence."""
    answer = client.post("/api/v1/reports", content=content, headers=headers)

    assert "\n" not in problem(answer, status)
    assert [] == ask("SELECT * FROM managed_device")


def test_the_date_of_a_request_corrects_a_wrong_clock(client: Client, clock: Clock, ask: Query) -> None:
    """A PC whose battery is empty believes that it is 2009."""
    wrong = clock().replace(year=2009)

    client.post("/api/v1/reports", content=body(report(wrong)), headers={"Date": format_datetime(wrong, usegmt=True)})

    assert [{"collected_at": "2026-03-02T01:00:00Z"}] == ask("SELECT collected_at FROM device")


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Foo 2026 00:00:00 GMT", "\u00ff"])
def test_a_date_that_is_none_corrects_nothing(client: Client, clock: Clock, ask: Query, date: str) -> None:
    """A header is as hostile as a body."""
    answer = client.post("/api/v1/reports", content=body(report(clock())), headers={b"Date": date.encode("latin-1")})

    assert answer.status_code == 200
    assert [{"collected_at": "2026-03-02T01:00:00Z"}] == ask("SELECT collected_at FROM device")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8080", ""])
def test_another_sites_name_for_this_machine_gets_nothing(client: Client, host: str) -> None:
    """DNS rebinding: a browser was lured here under another name."""
    assert "only at its own address" in problem(client.get("/api/v1/devices", headers={"Host": host}), 403)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9999"])
def test_another_sites_form_changes_nothing(client: Client, clock: Clock, ask: Query, origin: str) -> None:
    """A page elsewhere may make a browser send here; its Origin betrays it."""
    answer = client.post("/api/v1/reports", content=body(report(clock())), headers={"Origin": origin})

    assert "only at its own address" in problem(answer, 403)
    assert [] == ask("SELECT * FROM managed_device")


@pytest.mark.parametrize(
    "path", ["/api/v1/devices/nobody", "/api/v1/tables/nothing", "/api/v1/targets/none", "/api/v1/unheard-of"]
)
def test_what_is_not_there_is_404(client: Client, path: str) -> None:
    """In the same shape as every error."""
    assert problem(client.get(path), 404)


@pytest.mark.parametrize(
    "query", ["cursor=!!", "cursor=YWJj", "limit=0", "limit=many", f"limit={PAGE_ROWS_LIMIT + 1}", "colour=grey"]
)
def test_a_wrong_parameter_is_400(client: Client, query: str) -> None:
    """And says which."""
    assert problem(client.get(f"/api/v1/tables/device?{query}"), 400)


def test_a_table_is_read_page_by_page_and_filtered(client: Client, hub: Hub, clock: Clock) -> None:
    """Each row comes once; a parameter that is a field's name filters by it."""
    modules = [
        {"slot": f"S{number}", "size_bytes": (number % 2 + 1) << 30, "kind": None, "speed_mhz": None, "vendor": None,
         "serial": None, "part_number": None}
        for number in range(7)
    ]  # fmt: skip
    send(hub, report(clock(), tables={"memory_module": modules}))
    pages = [client.get("/api/v1/tables/memory_module?limit=3").json()]
    while pages[-1]["next"]:
        pages.append(client.get(f"/api/v1/tables/memory_module?limit=3&cursor={pages[-1]['next']}").json())
    slots = [row["slot"] for page in pages for row in page["rows"]]

    small = client.get(f"/api/v1/tables/memory_module?size_bytes={1 << 30}").json()["rows"]
    assert [f"S{number}" for number in range(7)] == sorted(slots)
    assert ["S0", "S2", "S4", "S6"] == sorted(row["slot"] for row in small)


def test_a_row_has_the_types_that_its_class_declares(client: Client, hub: Hub, clock: Clock) -> None:
    """A truth is true or false and a list is a list, as the OpenAPI document says and as the report had it."""
    card = {"name": "eth0", "kind": "ethernet", "up": True, "addresses": ["192.168.1.2"]}
    send(hub, report(clock(), tables={"network_interface": [card]}))
    (listed,) = client.get("/api/v1/devices").json()
    one = client.get(f"/api/v1/devices/{listed['device_id']}").json()
    (row,) = client.get("/api/v1/tables/network_interface").json()["rows"]

    assert [False, False] == [listed["weak"], one["weak"]]
    assert [row] == one["tables"]["network_interface"]
    assert (True, ["192.168.1.2"]) == (row["up"], row["addresses"])


def test_targets_are_given_with_their_evidence(client: Client, hub: Hub, clock: Clock) -> None:
    """All that INTERFACES names, in both languages."""
    send(hub, report(clock(), tables={"device": [DEVICE], "firewall": [{**FIREWALL, "enabled": False}]}))
    judge_all(hub)

    one = client.get("/api/v1/targets/host-firewall?lang=en").json()

    assert {
        "id", "title", "clause", "verdict", "value", "unit", "threshold", "level", "population", "unknown", "exempt",
        "since", "valid_until", "evidence", "remedy", "measured_at",
    } <= set(one)  # fmt: skip
    assert ("fail", 0, 1) == (one["verdict"], one["value"], len(one["evidence"]))
    assert one["title"] != client.get("/api/v1/targets/host-firewall").json()["title"]
    assert one["id"] in {target["id"] for target in client.get("/api/v1/targets").json()}


def test_one_device_is_shown_with_facts_and_verdicts(client: Client, hub: Hub, clock: Clock) -> None:
    """Its tables, how their collection ended, and what the checks say."""
    device = send(hub, report(clock(), tables={"device": [DEVICE], "firewall": [FIREWALL]})).device_id
    judge_all(hub)

    shown = client.get(f"/api/v1/devices/{device}").json()

    assert DEVICE["hostname"] == shown["hostname"] == shown["tables"]["device"][0]["hostname"]
    assert {"device", "firewall"} == {row["table"] for row in shown["collection"]}
    assert "pass" in {row["verdict"] for row in shown["verdicts"]}


def test_metrics_have_the_last_known_state_of_a_machine_that_is_off(client: Client, hub: Hub, clock: Clock) -> None:
    """A lab that is switched off does not vanish; its age tells."""
    device = send(
        hub, report(clock(), tables={"device": [DEVICE], "firewall": [{**FIREWALL, "enabled": False}]})
    ).device_id
    judge_all(hub)
    clock.advance(days=3)

    text = client.get("/metrics").text
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }

    assert (
        1 == samples["baove_check_failing", (("check", "firewall-enabled"), ("device", device), ("severity", "high"))]
    )
    assert 1772413200 == samples["baove_device_last_seen_timestamp_seconds", (("device", device),)]
    assert 1 == samples["baove_target_verdict", (("target", "host-firewall"), ("verdict", "fail"))]
    assert 0 == samples["baove_target_verdict", (("target", "host-firewall"), ("verdict", "pass"))]
    assert 1 == samples["baove_devices", (("campus", ""), ("kind", "desktop"), ("room", ""), ("state", "silent"))]


def test_prometheus_finds_the_agents(client: Client, hub: Hub, clock: Clock) -> None:
    """Where the last run of each agent serves its metrics; an agent that serves none is not listed."""
    device = send(hub, report(clock(), metrics_port=9977), metrics_host="127.0.0.1").device_id
    clock.advance(hours=1)
    send(hub, report(clock(), stream="next", metrics_port=9978), metrics_host="127.0.0.1")

    (group,) = client.get("/sd/prometheus").json()

    assert (["127.0.0.1:9978"], device) == (group["targets"], group["labels"]["device"])


def test_the_openapi_document_describes_each_table_from_its_class(client: Client) -> None:
    """The fields' sentences stand in it, and the report's parts."""
    document = client.get("/schema/openapi.json").json()

    schemas = document["components"]["schemas"]
    assert set(FACTS) <= set(schemas)
    assert "is_server" in schemas["operating_system"]["properties"]
    assert schemas["operating_system"]["properties"]["is_server"]["description"]
    content = document["paths"]["/api/v1/reports"]["post"]["requestBody"]["content"]
    assert set(FACTS) == set(content["application/json"]["schema"]["properties"]["tables"]["properties"])


def test_health_is_told(client: Client) -> None:
    """For whoever watches the hub."""
    assert ("ok\n", "ready\n") == (client.get("/healthz").text, client.get("/readyz").text)


def test_what_the_schema_calls_a_report_is_taken(client: Client, clock: Clock) -> None:
    """The document that the interface publishes and what it takes are one."""
    document = report(clock())
    schema = client.get("/schema/openapi.json").json()["paths"]["/api/v1/reports"]["post"]["requestBody"]
    described = schema["content"]["application/json"]["schema"]

    assert set(document) <= {*described["properties"], "format"}
    assert set(described["required"]) <= set(document)
    assert client.post("/api/v1/reports", content=msgspec.json.encode(document)).status_code == 200
    assert json.dumps(described)


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z"])
@pytest.mark.parametrize("date", ["Mon, 01 Jan 1990 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", None])
def test_a_time_at_the_end_of_the_calendar_is_no_error_of_the_hub(
    client: Client, clock: Clock, moment: str, date: str | None
) -> None:
    """Whatever a clock says, the report is taken or refused."""
    document = report(clock(), tables={"device": [DEVICE], "firewall": [FIREWALL]})
    document["tables"]["firewall"]["collected_at"] = document["sent_at"] = moment

    answer = client.post("/api/v1/reports", content=body(document), headers={"Date": date} if date else {})

    assert answer.status_code in {200, 400}


def test_a_verdict_that_ran_out_is_not_counted_as_it_was(client: Client, hub: Hub, clock: Clock) -> None:
    """Whoever asks for the checks gets what holds now, though the job that judges stands still."""
    device = send(hub, report(clock(), tables={"device": [DEVICE], "firewall": [FIREWALL]})).device_id
    judge_all(hub)
    clock.advance(days=40)

    (check,) = [one for one in client.get("/api/v1/checks").json() if one["id"] == "firewall-enabled"]
    verdicts = client.get(f"/api/v1/devices/{device}").json()["verdicts"]

    assert {"unknown": 1} == check["devices"]
    assert {"unknown"} == {row["verdict"] for row in verdicts}


@pytest.mark.parametrize("cursor", ["-5", str(1 << 70), "", "x", "1e9"])
def test_a_cursor_that_nobody_gave_is_refused(any_client: Client, cursor: str) -> None:
    """It is a number that the interface packed; anything else is no reason to fall over."""
    packed = base64.urlsafe_b64encode(cursor.encode()).decode()

    assert problem(any_client.get(f"/api/v1/tables/device?cursor={packed}"), 400)


def test_a_filter_finds_the_same_on_both_databases(any_client: Client, any_hub: Hub, clock: Clock) -> None:
    """True, a number, a word, a text that says 'true', and what no database stores."""
    rows = [{**FIREWALL, "product": "true"}, {**FIREWALL, "profile": "b", "enabled": False}]
    send(any_hub, report(clock(), tables={"device": [DEVICE], "firewall": rows}))

    def found(query: str) -> list[str]:
        answer = any_client.get(f"/api/v1/tables/firewall?{query}")
        assert answer.status_code == 200, answer.text
        return [row["profile"] for row in answer.json()["rows"]]

    assert ["default"] == found("enabled=true")
    assert ["b"] == found("enabled=false")
    assert ["default"] == found("product=true")
    assert [] == found("product=%00")
    assert [] == found("product='%20OR%201=1--")


@pytest.mark.parametrize("place", ["agent", "stream", "weak_id", "digest", "message"])
def test_a_nul_in_any_text_is_taken_or_refused_on_both_databases(any_client: Client, clock: Clock, place: str) -> None:
    """PostgreSQL stores none; a report that could never be stored must not come again and again."""
    document = report(clock(), missing=[{"table": "disk", "why": "failed", "message": "x\u0000"}])
    nul = "x\u0000y"
    if place == "weak_id":
        document["identifiers"] = {"weak_id": nul}
    elif place == "digest":
        document["tables"]["device"]["digest"] = nul
    elif place in {"agent", "stream"}:
        document[place] = nul

    assert any_client.post("/api/v1/reports", content=body(document)).status_code in {200, 400}


def test_a_table_that_a_report_tells_twice_is_refused(client: Client, clock: Clock, ask: Query) -> None:
    """It can't be whole and failed at once, and nobody can say which of the two is true."""
    document = report(clock(), tables={"firewall": [FIREWALL]}, missing=[{"table": "firewall", "why": "not_here"}])

    assert "firewall" in problem(client.post("/api/v1/reports", content=body(document)), 400)
    assert [] == ask("SELECT * FROM collection")
