"""The hub's interface for programs: reports in, devices, tables, targets and checks out.

Errors are application/problem+json (RFC 9457); nothing that is refused has changed anything.
"""

import base64
import binascii
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Any

import msgspec
import sqlalchemy as sa
from litestar import MediaType, Request, Response, get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from collectors.facts import table_of, utc_text
from hub.database import Row
from hub.hub import Hub
from hub.ingest import Answer, ingest
from hub.judge import VERDICT_NOW
from hub.reports import BODY_LIMIT_BYTES, EARLIEST, LATEST, ReportRefused, decode
from hub.tables import FACTS, OWN
from hub.targets import as_json, measured
from rules import school
from rules.engine import QueryError
from rules.tables import TABLES as JUDGED
from rules.tables import Verdict
from rules.words import LANGUAGES, sentence

PAGE_ROWS = 500
PAGE_ROWS_LIMIT = 5_000

log = logging.getLogger(__name__)


class Problem(msgspec.Struct, frozen=True):
    """An error as RFC 9457 has it."""

    title: str
    status: int
    detail: str
    type: str = "about:blank"


class Page(msgspec.Struct, frozen=True):
    """Some rows of a table, and where the next ones begin; null after the last."""

    rows: list[dict[str, Any]]
    next: str | None


class Refused(Exception):  # noqa: N818 - what happened to the request
    """A request that can't be answered: the HTTP status, and one sentence."""

    def __init__(self, status: int, why: str) -> None:
        self.status = status
        super().__init__(why)


def problem(status: int, detail: str) -> Response[bytes]:
    """Return an error as its sender reads it."""
    titles = {400: "Bad request", 403: "Forbidden", 404: "Not found", 413: "Too large", 503: "Not ready"}
    body = msgspec.json.encode(Problem(titles.get(status, "Error"), status, str(detail)))
    return Response(body, status_code=status, media_type="application/problem+json")


async def _body(request: Request[Any, Any, Any]) -> bytes:
    """Return a body, reading no more of it than is allowed. Raises ReportRefused."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > BODY_LIMIT_BYTES:
            raise ReportRefused(413, sentence("the report is larger than {limit} MB", limit=BODY_LIMIT_BYTES >> 20))
        parts.append(part)
    return b"".join(parts)


@post("/api/v1/reports", status_code=200, media_type=MediaType.JSON, tags=["agents"])
async def take_report(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Take a report of an agent or an observer (gzip or zstd), and say which tables to send whole again."""
    hub: Hub = request.app.state.hub
    health = request.app.state.health
    started = time.perf_counter()
    try:
        report = decode(await _body(request), request.headers.get("content-encoding"))
    except ReportRefused as why:
        health.reports.labels("refused").inc()
        return problem(why.status, str(why))
    received_at, sent_date = hub.clock(), _date(request.headers.get("date"))
    host = request.client.host if request.client else None
    try:
        answer: Answer = await hub.database.write_soon(
            lambda connection: ingest(connection, report, received_at, metrics_host=host, sent_date=sent_date)
        )
    except sa.exc.SQLAlchemyError as why:
        health.reports.labels("not_stored").inc()
        log.warning("a report could not be stored: %s", str(why).splitlines()[0])
        return problem(503, sentence("the report could not be stored now: keep it and send it again"))
    health.reports.labels("accepted").inc()
    health.report_seconds.observe(time.perf_counter() - started)
    return Response(msgspec.json.encode(answer), media_type=MediaType.JSON)


def _date(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        said = parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None  # a clock that says nothing corrects nothing
    return said if EARLIEST <= said < LATEST else None


_DEVICES = """
SELECT m.*, d.kind, d.vendor, d.model, d.serial FROM managed_device AS m
LEFT JOIN device AS d ON d.device_id = m.device_id
"""


@get("/api/v1/devices", tags=["devices"], sync_to_thread=True)
def list_devices(
    request: Request[Any, Any, Any], room: FromQuery[str | None] = None, campus: FromQuery[str | None] = None
) -> list[dict[str, Any]]:
    """List the devices, each with what the hub knows of it; retired ones and those of others too."""
    hub: Hub = request.app.state.hub
    with hub.database.reading() as query:
        rows = query(
            f"{_DEVICES} WHERE (CAST(:room AS TEXT) IS NULL OR m.room = :room) "
            "AND (CAST(:campus AS TEXT) IS NULL OR m.campus = :campus) ORDER BY m.hostname, m.device_id",
            {"room": room, "campus": campus},
        )
    return _as_declared("managed_device", rows)


@get("/api/v1/devices/{device_id:str}", tags=["devices"], sync_to_thread=True)
def one_device(request: Request[Any, Any, Any], device_id: FromPath[str]) -> dict[str, Any]:
    """Show one device: its facts by table, how each table's last collection ended, and its verdicts."""
    hub: Hub = request.app.state.hub
    named = {"device": device_id, "now": utc_text(hub.clock())}
    with hub.database.reading() as query:
        found = query(f"{_DEVICES} WHERE m.device_id = :device", named)
        if not found:
            raise Refused(404, sentence("there is no device {device_id}", device_id=device_id))
        return {
            **_as_declared("managed_device", found)[0],
            "tables": {
                name: _as_declared(name, query(f'SELECT * FROM "{name}" WHERE device_id = :device', named))
                for name in FACTS
            },
            "collection": query("SELECT * FROM collection WHERE device_id = :device", named),
            "verdicts": [
                {**row, "verdict": row["verdict"] if row["until"] > named["now"] else Verdict.UNKNOWN.value}
                for row in query("SELECT * FROM verdict WHERE device_id = :device", named)
            ],
        }


@get("/api/v1/tables/{table:str}", tags=["tables"], sync_to_thread=True)
def rows_of_table(
    request: Request[Any, Any, Any],
    table: FromPath[str],
    cursor: Annotated[str | None, QueryParameter(description="'next' of the page before")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=PAGE_ROWS_LIMIT)] = PAGE_ROWS,
) -> Page:
    """Give a table's rows, page by page. Any other parameter is a field and the value that it must have."""
    hub: Hub = request.app.state.hub
    fields = _fields(table)
    filters = {name: value for name, value in request.query_params.items() if name not in {"cursor", "limit"}}
    for name in filters:
        if name not in fields:
            raise Refused(400, sentence("the table {table} has no field {field}", table=table, field=name))
    order = ", ".join(f'"{name}"' for name in fields)
    terms = [
        f'"{name}" = {value.upper()}'
        if fields[name] is bool and value in _TRUTHS
        else f'CAST("{name}" AS TEXT) = :{key}'
        for key, name, value in ((f"f{number}", *pair) for number, pair in enumerate(filters.items()))
    ]
    where = " AND ".join(terms) or "1 = 1"
    named: dict[str, Any] = {f"f{number}": value for number, value in enumerate(filters.values())}
    if any("\0" in value for value in filters.values()):
        return Page([], None)  # no database stores it, and one refuses to look for it
    offset = _offset(cursor)
    with hub.database.reading() as query:
        rows = query(
            f'SELECT * FROM "{table}" WHERE {where} ORDER BY {order} LIMIT :most OFFSET :offset',
            {**named, "most": limit + 1, "offset": offset},
        )
    following = base64.urlsafe_b64encode(str(offset + limit).encode()).decode() if len(rows) > limit else None
    return Page(_as_declared(table, rows[:limit]), following)


_CLASSES = {**FACTS, **school.TABLES, **JUDGED}
_READS: dict[type, Callable[[Any], Any]] = {bool: bool, tuple: json.loads}


def _as_declared(table: str, rows: list[Row]) -> list[Row]:
    """Give the values the types that their class declares: SQLite keeps a truth as 0 or 1, both keep a list as text."""
    for field in table_of(_CLASSES[table]).fields:
        if field.type in _READS:
            for row in rows:
                row[field.name] = None if row[field.name] is None else _READS[field.type](row[field.name])
    return rows


_TRUTHS = ("true", "false")


def _fields(table: str) -> dict[str, type]:
    """Return a table's fields, in order, with their types."""
    if table in FACTS:
        own = {field.name: field.type for field in table_of(FACTS[table]).fields}
        return {"device_id": str, **own, "collected_at": datetime}
    if table in OWN:
        return {column.name: column.type.python_type for column in OWN[table].columns}
    raise Refused(404, sentence("there is no table {table}", table=table))


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        offset = int(base64.urlsafe_b64decode(cursor.encode()))
    except (ValueError, binascii.Error):
        offset = -1
    if not 0 <= offset < 1 << 62:
        raise Refused(400, sentence("the cursor is none that this interface gave"))
    return offset


def _language(request: Request[Any, Any, Any]) -> str:
    said = request.query_params.get("lang", "vi")
    if said not in LANGUAGES:
        raise Refused(400, sentence("lang is one of: {words}", words=", ".join(LANGUAGES)))
    return str(said)


@get("/api/v1/targets", tags=["plan"], sync_to_thread=True)
def list_targets(request: Request[Any, Any, Any]) -> list[dict[str, Any]]:
    """Give the plan's targets with value, threshold, verdict and evidence."""
    return _targets(request)


def _targets(request: Request[Any, Any, Any]) -> list[dict[str, Any]]:
    hub: Hub = request.app.state.hub
    return as_json(hub, measured(hub), _language(request))


@get("/api/v1/targets/{target:str}", tags=["plan"], sync_to_thread=True)
def one_target(request: Request[Any, Any, Any], target: FromPath[str]) -> dict[str, Any]:
    """Give one target with its evidence."""
    for one in _targets(request):
        if one["id"] == target:
            return dict(one)
    raise Refused(404, sentence("the plan has no target {target}", target=target))


@get("/api/v1/checks", tags=["plan"], sync_to_thread=True)
def list_checks(request: Request[Any, Any, Any]) -> list[dict[str, Any]]:
    """List the checks, each with how many devices it says what of."""
    hub: Hub = request.app.state.hub
    language = _language(request)
    with hub.database.reading() as query:
        counted: list[Row] = query(
            f"SELECT v.rule, {VERDICT_NOW} AS verdict, COUNT(*) AS devices FROM verdict AS v GROUP BY 1, 2",
            {"now": utc_text(hub.clock())},
        )
    return [
        {
            "id": check.id,
            "title": check.title[language],
            "severity": check.severity,
            "clause": check.clause,
            "remedy": check.remedy[language],
            "devices": {row["verdict"]: row["devices"] for row in counted if row["rule"] == check.id},
        }
        for check in hub.rulebook.checks.values()
    ]


@get("/healthz", media_type=MediaType.TEXT, tags=["operation"], sync_to_thread=False)
def healthz() -> str:
    """Say that the process lives."""
    return "ok\n"


@get("/readyz", media_type=MediaType.TEXT, tags=["operation"], sync_to_thread=True)
def readyz(request: Request[Any, Any, Any]) -> str:
    """Say that the database answers."""
    hub: Hub = request.app.state.hub
    try:
        with hub.database.reading() as query:
            query("SELECT 1 AS one", {})
    except (QueryError, sa.exc.SQLAlchemyError) as error:
        raise Refused(503, sentence("the database does not answer")) from error
    return "ready\n"


@get("/metrics", tags=["operation"], sync_to_thread=True, media_type="text/plain; version=0.0.4; charset=utf-8")
def metrics(request: Request[Any, Any, Any]) -> bytes:
    """Give the last known state of all in Prometheus' text format."""
    text: bytes = request.app.state.health.text()
    return text


@dataclass(frozen=True, slots=True)
class Scraped:
    """A group of targets as Prometheus' HTTP service discovery has it."""

    targets: list[str]
    labels: dict[str, str]


@get("/sd/prometheus", tags=["operation"], sync_to_thread=True)
def service_discovery(request: Request[Any, Any, Any]) -> list[Scraped]:
    """List the agents whose /metrics can be scraped, each with its device and room."""
    hub: Hub = request.app.state.hub
    with hub.database.reading() as query:
        rows = query(
            """
            SELECT s.metrics_address, m.device_id, m.hostname, m.room, m.campus
            FROM managed_device AS m JOIN stream AS s ON s.device_id = m.device_id
            WHERE s.metrics_address IS NOT NULL AND m.ownership = 'school' AND m.retired_at IS NULL
              AND s.last_sent_at = (SELECT MAX(t.last_sent_at) FROM stream AS t WHERE t.device_id = m.device_id)
            ORDER BY m.device_id
            """,
            {},
        )
    return [
        Scraped(
            [row["metrics_address"]],
            {name: str(row[of] or "") for name, of in (("device", "device_id"), ("room", "room"), ("campus", "campus"))}
            | {"__meta_baove_hostname": str(row["hostname"] or "")},
        )
        for row in rows
    ]


handlers = [
    take_report, list_devices, one_device, rows_of_table, list_targets, one_target, list_checks, healthz, readyz,
    metrics, service_discovery,
]  # fmt: skip
