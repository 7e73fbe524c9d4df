"""The first page, the plan's targets, and each target's evidence."""

import shlex
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from hub import targets as measuring
from hub.pages.attention import deaf_since, listings
from hub.pages.chart import chart
from hub.pages.evidence import as_csv, cell, each_once, evidence_rows, headings, reasons_of, why_missing
from hub.pages.inventory import name_of
from hub.pages.page import HEADERS, RANK, Answer, Asked, Page, Row, opened
from rules.words import sentence

if TYPE_CHECKING:
    from hub.targets import Measured

CHART_DAYS = 60
PART_SIZE = 50


def target_row(page: Page, measured: "Measured", days: Mapping[str, list[Row]]) -> Row:
    """Return what the pages show of a target."""
    target, demand, now = measured.target, measured.demand, measured.measurement
    plan = page.hub.plan()
    return {
        "id": target.id,
        "title": target.title[page.language],
        "remedy": target.remedy[page.language],
        "clause": demand.clause,
        "words": plan.words_of(target.id),
        "citations": plan.citations_of(target.id, date.fromisoformat(page.today)),
        "verdict": now.verdict.value,
        "value": "" if now.value is None else value_text(page, target.counts, now.value),
        "unit": _unit(page, target.counts, target.unit, now.value),
        "demand": demand_text(page, target.counts, demand.threshold),
        "level": now.level,
        "levels": demand.levels,
        "population": now.population,
        "what": page.word("population", target.population),
        "passing": now.passing,
        "failing": now.failing,
        "unknown": now.unknown,
        "exempt": now.exempt,
        "not_applicable": now.not_applicable,
        "since": measured.since,
        "until": now.valid_until,
        "error": now.error,
        "chart": chart(days.get(target.id, []), demand.threshold),
        "counts": target.counts,
    }


def _unit(page: Page, counts: str, unit: str, value: float | None) -> str:
    if counts == "share":
        return ""
    return page.say("computer") if unit == "computers" and value == 1 else page.word("unit", unit)


def value_text(page: Page, counts: str, value: float | None) -> str:
    """Return a target's value: a share as percent, a figure as it is."""
    return page.formats.share(value) if counts == "share" else page.formats.number(value)


def demand_text(page: Page, counts: str, threshold: float) -> str:
    """Return what is asked: at least a share, at most a figure."""
    if counts == "share":
        return page.formats.share(threshold) if threshold >= 1 else f"≥ {page.formats.share(threshold)}"
    return page.formats.number(threshold) if threshold == 0 else f"≤ {page.formats.number(threshold)}"


def _days(page: Page) -> dict[str, list[Row]]:
    first = date.fromisoformat(page.today) - timedelta(days=CHART_DAYS)
    found: dict[str, list[Row]] = {}
    sql = "SELECT target, day, value FROM target_day WHERE day >= :first ORDER BY day"
    for row in page.query(sql, {"first": first.isoformat()}):
        found.setdefault(row["target"], []).append(row)
    return found


@get("/", include_in_schema=False, sync_to_thread=True)
def home_page(request: Asked) -> Answer:
    """Show the plan's targets, then the lists that need a hand."""
    with opened(request) as page:
        days = _days(page)
        targets = [target_row(page, one, days) for one in measuring.measured(page.hub)]
        counts = {word: sum(target["verdict"] == word for target in targets) for word in RANK}
        targets.sort(key=lambda target: RANK[target["verdict"]])
        return page.show(
            "home.html",
            page.hub.plan().title[page.language],
            targets=targets,
            counts=counts,
            listings=listings(page),
            deaf_since=deaf_since(page),
            data_option=_data_option(page),
            any_device=bool(page.query("SELECT device_id FROM managed_device LIMIT 1", {})),
        )


def _data_option(page: Page) -> str:
    """Return what tells a command of this hub's folder, where its database lies in one."""
    url = page.hub.database.engine.url
    if url.drivername != "sqlite" or not url.database:
        return ""
    return f" --data {shlex.quote(str(Path(url.database).parent))}"


def _measured(page: Page, target_id: str) -> "Measured":
    for one in measuring.measured(page.hub):
        if target_id == one.target.id or target_id in one.target.aliases:
            return one
    raise NotFoundException(detail=sentence("The plan has no target named {name}.", name=target_id))


@get("/targets/{target_id:str}", include_in_schema=False, sync_to_thread=True)
def target_page(request: Asked, target_id: FromPath[str]) -> Answer:
    """Show a target and its evidence row by row, who falls short first."""
    with opened(request) as page:
        measured = _measured(page, target_id)
        rows = evidence_rows(measured.target, measured.measurement.evidence)
        only = page.asked("verdict")
        shown = [row for row in rows if not only or row["verdict"] == only]
        part = page.part(shown, PART_SIZE)
        for row in part.rows:
            row["name"] = name_of(row)
            if measured.target.checks:
                row["reasons"] = each_once(reasons_of(page, row["reasons"]))
                row["missing"] = "" if row["reasons"] else why_missing(page, row)
        checks = [page.hub.rulebook.checks[name] for name in measured.target.checks]
        counts = {word: sum(int(row.get("count") or 1) for row in rows if row["verdict"] == word) for word in RANK}

        def shown_cell(name: str, value: Any) -> str:
            return cell(page, name, value)

        return page.show(
            "target.html",
            measured.target.title[page.language],
            target=target_row(page, measured, _days(page)),
            part=part,
            counts=counts,
            only=only,
            checks=checks,
            columns=headings(page, measured.target),
            cell=shown_cell,
        )


@get("/targets/{target_id:str}/evidence.csv", include_in_schema=False, sync_to_thread=True)
def evidence_csv(request: Asked, target_id: FromPath[str]) -> Response[bytes]:
    """Give the evidence as a file for a spreadsheet."""
    with opened(request) as page:
        measured = _measured(page, target_id)
        rows = evidence_rows(measured.target, measured.measurement.evidence)
        name = f"{measured.target.id}-{page.today}.csv"
        headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
        return Response(as_csv(page, measured.target, rows), media_type="text/csv; charset=utf-8", headers=headers)


handlers = [home_page, target_page, evidence_csv]
