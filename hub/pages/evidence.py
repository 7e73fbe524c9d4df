"""A target's evidence as rows that a person reads, on the page and as CSV."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hub.pages.inventory import name_of
from hub.pages.labels import capital
from hub.pages.page import RANK, Page, Row
from hub.pages.words import WORDS
from hub.vietnamese import sort_key
from rules.load import sentence_of

if TYPE_CHECKING:
    from rules.engine import Target

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def reasons_of(page: Page, said: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Return what checks said of a device as sentences, the worst first."""
    rulebook = page.hub.rulebook
    rows = []
    for one in said:
        details = json.loads(one["details"]) if isinstance(one["details"], str) else dict(one["details"] or {})
        tables = {str(details.get("table")): page.table(str(details["table"]))} if details.get("table") else {}
        shown = page.formats.details(details, tables)
        check = rulebook.checks.get(one["rule"])
        rows.append(
            {
                **one,
                "title": check.title[page.language] if check else one["rule"],
                "text": sentence_of(rulebook, one["rule"], one["reason"], shown, page.language),
            }
        )
    return sorted(rows, key=lambda row: (RANK.get(row["verdict"], 1), row["title"]))


def each_once(said: Sequence[Row]) -> list[Row]:
    """Return reasons without those that say the same again: one table that failed speaks for every check it serves.

    ``alone`` tells that only one check says so.
    """
    found: dict[str, Row] = {}
    for one in said:
        if one["text"] in found:
            found[one["text"]]["alone"] = False
        else:
            found[one["text"]] = {**one, "alone": True}
    return list(found.values())


def evidence_rows(target: "Target", evidence: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Return the evidence, who falls short first; of a computer, only the reasons that decide its verdict."""
    rows = []
    for one in evidence:
        row = dict(one)
        row["verdict"] = row.get("verdict") if row.get("verdict") in RANK else "unknown"
        if target.checks:
            said = [check for check in row["checks"] if check["verdict"] == row["verdict"]]
            row["reasons"] = said
            row["since"] = max((check["since"] for check in said if check["since"]), default=None)
        rows.append(row)
    rows.sort(
        key=lambda row: (
            RANK[row["verdict"]],
            sort_key(str(row.get("room") or "")),
            sort_key(name_of(row)),
        )
    )
    return rows


def headings(page: Page, target: "Target") -> list[tuple[str, str]]:
    """Return the columns that a target with SQL of its own declares, with their headings."""
    return [(name, capital(words[page.language])) for name, words in target.columns.items() if name != "verdict"]


def why_missing(page: Page, row: Mapping[str, Any]) -> str:
    """Return why a computer without a single verdict is not known."""
    if row.get("source") == "recorded":
        return page.say("stands in the records, but has never reported")
    if row.get("source") == "expected":
        if row.get("count") == 1:
            return page.say("a computer belongs to this room, but has never reported")
        return page.say("{count} computers belong to this room, but have never reported", count=row.get("count"))
    return page.say("has not been judged yet")


def cell(page: Page, name: str, value: Any) -> str:  # noqa: PLR0911 - one return for each kind of value
    """Return a value of the evidence of a target with SQL of its own; the name tells the unit, as in tables."""
    formats = page.formats
    if value is None:
        return formats.unknown
    if value == "":
        return page.say("nothing")
    if isinstance(value, bool) or (name.startswith(("is_", "has_")) and value in {0, 1}):
        return page.say("yes") if value else page.say("no")
    if name.endswith("_at"):
        return formats.moment(value)
    if name.endswith(("_on", "_until", "day")):
        return formats.day(value)
    if name.endswith("_bytes"):
        return formats.size(value)
    if isinstance(value, int | float):
        return formats.number(value)
    words = str(value).split()
    if all(word in WORDS["evidence"] for word in words):
        return ", ".join(page.word("evidence", word) for word in words)
    return str(value)


def as_csv(page: Page, target: "Target", rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the evidence as Excel opens it: UTF-8 with a byte order mark, and nothing that it would run."""
    out = io.StringIO()
    writer = csv.writer(out)
    if target.checks:
        titles = ("verdict", "computer", "asset code", "room", "campus", "how many", "why", "since", "holds until")
        writer.writerow([capital(page.say(title)) for title in titles])
        for row in rows:
            said = reasons_of(page, row["reasons"])
            why = "; ".join(f"{one['title']}: {one['text']}" for one in said) or why_missing(page, row)
            since = page.formats.moment(row["since"]) if row["since"] else ""
            until = page.formats.moment(row["until"]) if row["until"] else ""
            words = [capital(page.verdict(row["verdict"])), name_of(row), row["asset_code"], row["room"], row["campus"]]
            writer.writerow(map(harmless, [*words, row["count"], why, since, until]))
    else:
        columns = headings(page, target)
        writer.writerow([capital(page.say("verdict")), *(heading for _, heading in columns)])
        for row in rows:
            shown = [cell(page, name, row.get(name)) for name, _ in columns]
            writer.writerow(map(harmless, [capital(page.verdict(row["verdict"])), *shown]))
    return out.getvalue().encode("utf-8-sig")


def harmless(value: Any) -> str:
    """Return a cell's text; one that a spreadsheet would take for a formula gets an apostrophe before it."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" \ufeff").startswith(_FORMULA) or text.startswith(_FORMULA) else text
