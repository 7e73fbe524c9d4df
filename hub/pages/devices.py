"""All devices in a list that can be searched, filtered and sorted; and one device with all that is known of it."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from litestar import get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from collectors.facts import Field, Table, table_of
from hub.judge import VERDICT_NOW
from hub.pages.attention import rooms_to_choose
from hub.pages.evidence import reasons_of
from hub.pages.inventory import STATES, devices, in_order
from hub.pages.labels import table_label
from hub.pages.page import RANK, VERDICTS, Answer, Asked, Page, Row, opened
from hub.tables import FACTS
from hub.vietnamese import fold, sort_key
from rules.words import sentence

PART_SIZE = 50
FIRST = (
    "device", "operating_system", "processor", "memory_module", "disk", "volume", "antivirus", "firewall",
    "update_state",
)  # fmt: skip
"""The tables that are asked about most stand open and first; every other one follows, folded, by its name."""

CHANGES_SHOWN = 100

CURRENT = ("today", "earlier", "silent")

KINDS = ("desktop", "laptop", "all_in_one", "tablet", "server", "virtual", "unknown")

_SORTS: dict[str, Callable[[Row], Any]] = {
    "name": lambda row: sort_key(row["name"]),
    "room": lambda row: (not row["room"], sort_key(row["room"] or "")),
    "kind": lambda row: sort_key(row["kind_text"]),
    "model": lambda row: (not row["model_text"], sort_key(row["model_text"])),
    "system": lambda row: (not row["system_text"], sort_key(row["system_text"])),
    "seen": lambda row: row["last_seen_at"],
    "verdict": lambda row: (RANK[row["worst"]], -row["counts"].get("fail", 0), -row["counts"].get("unknown", 0)),
}

COLUMNS = {
    "name": sentence("computer"),
    "room": sentence("room"),
    "kind": sentence("kind"),
    "model": sentence("model"),
    "system": sentence("operating system"),
    "seen": sentence("last report"),
    "verdict": sentence("checks"),
}


@get("/devices", include_in_schema=False, sync_to_thread=True)
def devices_page(request: Asked) -> Answer:
    """Show the devices that fit what was asked for, in the order that was asked for."""
    with opened(request) as page:
        rows = [_described(page, row) for row in devices(page)]
        total = len(rows)
        rows = _fitting(page, rows)
        asked = page.asked("sort")
        column = asked.removeprefix("-") if asked.removeprefix("-") in _SORTS else "name"
        rows.sort(key=lambda row: sort_key(row["name"]))
        rows.sort(key=_SORTS[column], reverse=asked.startswith("-"))
        checks = sorted(page.hub.rulebook.checks.values(), key=lambda check: sort_key(check.title[page.language]))
        return page.show(
            "devices.html",
            page.say("Devices"),
            part=page.part(rows, PART_SIZE),
            total=total,
            column=column,
            descending=asked.startswith("-"),
            columns=COLUMNS,
            states=STATES,
            kinds=KINDS,
            checks=checks,
            rooms=rooms_to_choose(page),
            campuses=page.query("SELECT campus, name FROM campus ORDER BY campus", {}),
        )


def _described(page: Page, row: Row) -> Row:
    """Add what a list says in words."""
    row["kind_text"] = page.word("kind", row["kind"] or "unknown")
    row["model_text"] = _joined(row["vendor"], row["model"])
    row["system_text"] = _joined(row["system"], row["system_version"])
    return row


def _joined(first: str | None, second: str | None) -> str:
    """Return two texts as one, without saying twice what one of them says already: 'HP', 'HP ProDesk'."""
    if first and second and (fold(first) in fold(second) or fold(second) in fold(first)):
        return max(first, second, key=len)
    words = (first or "").split()
    if words and fold(second or "").startswith(f"{fold(words[-1])} "):
        words.pop()
    return " ".join([*words, second] if second else words)


_SEARCHED = (
    "name", "kind_text", "model_text", "system_text", "room", "room_name", "campus_name", "asset_code", "serial",
    "device_id", "hostname",
)  # fmt: skip


def _fitting(page: Page, rows: Sequence[Row]) -> list[Row]:
    """Return the rows that fit the form: each word of the search stands somewhere in the row, accents or not."""
    words = fold(page.asked("q")).split()
    state, kind, campus, room = (page.asked(name) for name in ("state", "kind", "campus", "room"))
    check, verdict = page.asked("check"), page.asked("verdict")
    judged = _judged(page, check) if check else {}

    def stands(row: Row) -> bool:
        if row["state"] != state if state in STATES else not state and row["state"] not in CURRENT:
            return False
        asked = ((kind, row["kind"] or "unknown"), (campus, row["campus"]), (room, row["room"] or "-"))
        return all(not wanted or wanted == found for wanted, found in asked)

    def is_judged(row: Row) -> bool:
        if verdict not in VERDICTS:
            return not check or row["device_id"] in judged
        return (judged.get(row["device_id"], "unknown") if check else row["worst"]) == verdict

    def is_found(row: Row) -> bool:
        text = fold("\n".join(str(row[name]) for name in _SEARCHED if row[name]))
        return all(word in text for word in words)

    def fits(row: Row) -> bool:
        return stands(row) and is_judged(row) and (not words or is_found(row))

    return [row for row in rows if fits(row)]


def _judged(page: Page, check: str) -> dict[str, str]:
    rows = page.query(
        f"SELECT v.device_id, {VERDICT_NOW} AS verdict FROM verdict AS v WHERE v.rule = :rule",
        {**page.named, "rule": check},
    )
    return {row["device_id"]: row["verdict"] for row in rows}


def one_device(page: Page, device_id: str) -> Row:
    """Return a device's light row. Raises NotFoundException."""
    rows = devices(page, "WHERE m.device_id = :device_id", device_id=device_id)
    if not rows:
        raise NotFoundException(detail=sentence("The hub knows no device {name}.", name=device_id))
    return _described(page, rows[0])


@get("/devices/{device_id:str}", include_in_schema=False, sync_to_thread=True)
def device_page(request: Asked, device_id: FromPath[str]) -> Answer:
    """Show one device: its checks, its facts by table, its history, and the forms of what a person decides."""
    with opened(request) as page:
        row = one_device(page, device_id)
        others = [one for one in in_order(devices(page)) if one["device_id"] != device_id]
        said = page.query(
            f"SELECT v.rule, v.reason, v.details, v.since, v.until, {VERDICT_NOW} AS verdict "
            "FROM verdict AS v WHERE v.device_id = :device_id",
            {**page.named, "device_id": device_id},
        )
        identifiers = page.query(
            "SELECT kind, value FROM identifier WHERE device_id = :device_id ORDER BY kind, value",
            {"device_id": device_id},
        )
        streams = page.query(
            "SELECT * FROM stream WHERE device_id = :device_id ORDER BY last_sent_at DESC", {"device_id": device_id}
        )
        records = page.query("SELECT * FROM record WHERE device_id = :device_id", {"device_id": device_id})
        return page.show(
            "device.html",
            row["name"],
            device=row,
            checks=_checks(page, said),
            tables=_tables(page, device_id),
            changes=_changes(page, device_id),
            changes_shown=CHANGES_SHOWN,
            identifiers=identifiers,
            streams=streams,
            record=records[0] if records else None,
            others=others,
            rooms=rooms_to_choose(page),
            states=STATES,
        )


def _checks(page: Page, said: Sequence[Mapping[str, Any]]) -> list[Row]:
    rows = reasons_of(page, said)
    for row in rows:
        check = page.hub.rulebook.checks.get(row["rule"])
        row["remedy"] = check.remedy[page.language] if check and row["verdict"] in {"fail", "unknown"} else ""
        row["severity"] = check.severity if check else ""
    return rows


def _tables(page: Page, device_id: str) -> list[Row]:
    """Return each table with how its last collection ended, its rows, and its fields in words."""
    attempts = {
        row["table"]: row
        for row in page.query("SELECT * FROM collection WHERE device_id = :device_id", {"device_id": device_id})
    }
    shown = []
    for name, cls in FACTS.items():
        table, attempt = table_of(cls), attempts.get(name)
        if attempt is None:
            continue
        columns = ", ".join(f'"{field.name}"' for field in table.fields)
        found = page.query(f'SELECT {columns} FROM "{name}" WHERE device_id = :device_id', {"device_id": device_id})
        found.sort(key=lambda row: [sort_key(str(row[key])) for key in table.key])
        rows = [[_shown(page, name, field, row[field.name]) for field in table.fields] for row in found]
        shown.append(
            {
                "name": name,
                "title": page.table(name),
                "fields": [(page.field(field), page.say(field.about)) for field in table.fields],
                "rows": rows,
                "open": name in FIRST,
                "single": not table.key,
                "attempt": attempt,
                "expired": attempt["expires_at"] <= page.named["now"],
            }
        )
    place = {name: number for number, name in enumerate(FIRST)}
    return sorted(shown, key=lambda row: (place.get(row["name"], len(FIRST)), sort_key(row["title"])))


def _shown(page: Page, table: str, field: Field, value: Any) -> str:
    """Return a field's value; settings have names of their own."""
    if table == "setting" and field.name == "name":
        return page.word("setting", value)
    return page.formats.fact(field, value)


_PARTS = ("device", "processor", "memory_module", "disk", "graphics", "network_interface", "monitor", "battery")
_CLOCKS = sorted({field.name for cls in FACTS.values() for field in table_of(cls).fields if field.type is datetime})

_CHANGES = {
    "": f"""("table" NOT IN ('usage', 'connectivity') AND (field IS NULL OR field NOT IN {tuple(_CLOCKS)}))""",
    "parts": f'"table" IN {_PARTS}',
    "all": "1 = 1",
}
"""Which changes are shown: those worth a look (no hours of use, no dates that move by themselves), parts, or all."""


def _changes(page: Page, device_id: str) -> list[Row]:
    """Return what came, went and changed, the newest first, grouped by the day on the school's clock."""
    asked = page.asked("history")
    rows = page.query(
        f"SELECT * FROM change WHERE device_id = :device_id AND {_CHANGES.get(asked, _CHANGES[''])} "
        'ORDER BY at DESC, "table", id LIMIT :limit',
        {"device_id": device_id, "limit": CHANGES_SHOWN},
    )
    for row in rows:
        cls = FACTS.get(row["table"])
        table = table_of(cls) if cls else None
        fields = {field.name: field for field in table.fields} if table else {}
        field = fields.get(row["field"] or "")
        before, after = _value(row["before"]), _value(row["after"])
        row["day"] = page.formats.day(row["at"])
        row["table_text"] = page.table(row["table"]) if table else table_label(row["table"])
        row["key_text"] = _key_text(page, table, row["key"])
        row["field_text"] = page.field(field) if field else row["field"]
        row["before_text"] = page.formats.fact(field, before) if field else str(row["before"])
        row["after_text"] = page.formats.fact(field, after) if field else str(row["after"])
        row["shrank"] = bool(field and field.name.endswith("_bytes") and _less(after, before))
        row["lost"] = row["what"] == "went" and row["table"] in {"memory_module", "disk"}
    return rows


def _key_text(page: Page, table: Table | None, key: str) -> str:
    values = _value(key)
    named = [field for field in table.fields if field.key] if table else []
    if table is None or not isinstance(values, list) or len(named) != len(values):
        return key
    told = zip(named, values, strict=True)
    return " · ".join(_shown(page, table.name, field, value) for field, value in told if value is not None)


def _value(text: str | None) -> Any:
    try:
        return json.loads(text) if text is not None else None
    except ValueError:
        return text


def _less(after: Any, before: Any) -> bool:
    return isinstance(after, int | float) and isinstance(before, int | float) and after < before


handlers = [devices_page, device_page]
