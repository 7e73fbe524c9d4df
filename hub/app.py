"""The hub's web application: the interface for programs and the pages, on loopback, with one way to fail."""

import gc
import inspect
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.openapi.config import OpenAPIConfig
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, Receive, Scope, Send

from collectors.facts import table_of
from hub import api, jobs
from hub.hub import Hub
from hub.metrics import Health
from hub.pages import handlers as pages
from hub.pages import show_error
from hub.reports import row_type
from hub.settings import LOOPBACK
from hub.tables import FACTS
from rules.words import sentence

VERSION = "0.1.0"

log = logging.getLogger(__name__)


def create_app(hub: Hub) -> Litestar:
    """Return the application over an open hub."""
    app = Litestar(
        route_handlers=[*api.handlers, *pages, openapi_document],
        middleware=[own_visitors_only],
        exception_handlers={api.Refused: _refused, HTTPException: _refused, Exception: _broken},
        openapi_config=OpenAPIConfig("baove hub", VERSION, path="/schema/litestar", render_plugins=[]),
        logging_config=None,
        request_max_body_size=None,  # the handlers count what they read
    )
    app.state.hub, app.state.health = hub, Health(hub)
    return app


def own_visitors_only(app: ASGIApp) -> ASGIApp:
    """Refuse what only another site could have sent: the page has no sign-in yet, so a browser must not be lured here.

    A host name that is not this machine's (DNS rebinding) gets nothing; a form from another origin changes nothing.
    """

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            host = headers.get("host", "")
            origin = headers.get("origin")
            method = scope["method"]
            strange = urlsplit(f"//{host}").hostname not in LOOPBACK
            foreign = method not in {"GET", "HEAD"} and origin is not None and urlsplit(origin).netloc != host
            if strange or foreign:
                refusal = api.problem(403, sentence("this page is open only at its own address on this machine"))
                await ASGIResponse(body=refusal.content, status_code=403, media_type=refusal.media_type)(
                    scope, receive, send
                )
                return
        await app(scope, receive, send)

    return guard


def _is_for_programs(request: Request[Any, Any, Any]) -> bool:
    return request.url.path.startswith(("/api/", "/sd/", "/schema/", "/metrics", "/healthz", "/readyz"))


def _refused(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    status = error.status if isinstance(error, api.Refused) else getattr(error, "status_code", 500)
    detail = str(getattr(error, "detail", None) or error)
    if isinstance(error, HTTPException) and isinstance(error.extra, list):
        detail += ": " + "; ".join(
            f"{one.get('key')}: {one.get('message')}" for one in error.extra if isinstance(one, dict)
        )
    return api.problem(status, detail) if _is_for_programs(request) else show_error(request, status, detail)


def _broken(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    detail = sentence("the hub could not answer; its log says why")
    return api.problem(500, detail) if _is_for_programs(request) else show_error(request, 500, detail)


@get("/schema/openapi.json", include_in_schema=False, sync_to_thread=False)
def openapi_document(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Give the OpenAPI document, in which each table's rows are described as its class declares them."""
    document: dict[str, Any] = request.app.openapi_schema.to_schema()
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    types = {name: row_type(name) for name in FACTS}
    shown, components = msgspec.json.schema_components(types.values(), ref_template="#/components/schemas/{name}")
    schemas.update(components)
    for (name, cls), reference in zip(FACTS.items(), shown, strict=True):
        described = schemas[reference["$ref"].rpartition("/")[2]]
        described["description"] = inspect.getdoc(cls) or name
        for field in table_of(cls).fields:
            described["properties"][field.name]["description"] = field.about
    document["paths"]["/api/v1/reports"]["post"]["requestBody"] = {
        "required": True,
        "content": {"application/json": {"schema": _report_schema(dict(zip(FACTS, shown, strict=True)))}},
    }
    return document


def _report_schema(rows: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a report: DESIGN's "What a report carries"."""
    moment, text = {"type": "string", "format": "date-time"}, {"type": "string"}
    whole = {
        name: {
            "type": "object",
            "required": ["collected_at", "rows"],
            "properties": {"collected_at": moment, "digest": text, "rows": {"type": "array", "items": row}},
        }
        for name, row in rows.items()
    }
    same = {
        "type": "object",
        "required": ["collected_at", "digest"],
        "properties": {"collected_at": moment, "digest": text},
    }
    missing = {
        "type": "object",
        "required": ["table", "why", "attempted_at"],
        "properties": {
            "table": {"enum": sorted(rows)}, "why": {"enum": ["not_here", "failed", "timed_out"]},
            "attempted_at": moment, "message": {"type": ["string", "null"]},
        },
    }  # fmt: skip
    texts, nullable = {"type": "array", "items": text}, {"type": ["string", "null"]}
    identifiers = dict.fromkeys(("smbios_uuid", "system_serial", "board_serial", "weak_id"), nullable)
    return {
        "type": "object",
        "required": ["format", "agent", "stream", "sequence", "sent_at", "identifiers", "tables"],
        "properties": {
            "format": {"const": 1}, "agent": text, "stream": text, "sequence": {"type": "integer"}, "sent_at": moment,
            "metrics_port": {"type": ["integer", "null"]},
            "identifiers": {"type": "object", "properties": {**identifiers, "disk_serials": texts, "macs": texts}},
            "tables": {"type": "object", "properties": whole},
            "unchanged": {"type": "object", "additionalProperties": same},
            "missing": {"type": "array", "items": missing},
        },
    }  # fmt: skip


def serve(hub: Hub, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve until a signal ends it; ``ready`` is called with the address once it answers. Raises OSError."""
    import socket

    import uvicorn

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:  # TCP named: asyncio sets NODELAY
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        app = create_app(hub)
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=3
        )
        bound = listening.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        gc.collect()
        gc.freeze()  # what is loaded stays: looking at it again and again takes a tenth of judging a large school
        stop_jobs = jobs.start(hub, app.state.health.jobs)

        class Server(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                if self.started:
                    ready(f"http://{shown}:{bound}/")

        try:
            Server(config).run(sockets=[listening])
        finally:
            stop_jobs()
